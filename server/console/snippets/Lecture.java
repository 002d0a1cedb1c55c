// Maven: com.aliyun.oss:aliyun-sdk-oss
import com.aliyun.oss.OSS;
import com.aliyun.oss.OSSClientBuilder;
import com.aliyun.oss.model.CreateLiveChannelRequest;
import com.aliyun.oss.model.CreateLiveChannelResult;
import com.aliyun.oss.model.LiveChannelStatus;
import com.aliyun.oss.model.LiveChannelTarget;
import java.time.Instant;

public class Lecture {
    public static void main(String[] args) throws Exception {
        String bucket = "demo";
        OSS oss = new OSSClientBuilder().build("http://127.0.0.1:9000", "osslive", "osslive-secret");
        CreateLiveChannelResult channel = oss.createLiveChannel(new CreateLiveChannelRequest(bucket, "lecture",
                "", LiveChannelStatus.Enabled, new LiveChannelTarget("HLS", 2, 5, "playlist.m3u8")));
        long inAnHour = Instant.now().getEpochSecond() + 3600;
        System.out.println("push here: " + oss.generateRtmpUri(bucket, "lecture", "playlist.m3u8", inAnHour));
        System.out.println("play here: " + channel.getPlayUrls().get(0));
        oss.shutdown();
    }
}
