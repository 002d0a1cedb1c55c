import com.aliyun.oss.ClientBuilderConfiguration;
import com.aliyun.oss.HttpMethod;
import com.aliyun.oss.OSS;
import com.aliyun.oss.OSSClientBuilder;
import com.aliyun.oss.OSSException;
import com.aliyun.oss.common.auth.CredentialsProvider;
import com.aliyun.oss.common.auth.DefaultCredentialProvider;
import com.aliyun.oss.common.comm.SignVersion;
import com.aliyun.oss.model.*;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.math.BigInteger;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.*;
import java.util.concurrent.Callable;

/** The flow with aliyun-sdk-oss. ../README.md says what each step does. */
class Flow {
    static final String BUCKET = System.getenv("OSS_TEST_BUCKET");
    static final String CHANNEL = "lecture-频道";
    static final String DESCRIPTION = "<测试> & \"频道\"";
    static final String DESCRIPTION_XML = "&lt;测试&gt; &amp; \"频道\""; // the SDK does not escape it
    static final String PLAYLIST = "list.m3u8";
    static final int MANY = 250;
    static final String KEY = "dir/ä +&?#%2F 对象.bin";
    static final int PART = 100 << 10; // the smallest allowed
    static final byte[] DATA = new byte[3 * PART];

    static {
        for (int i = 0; i < DATA.length; i++) {
            DATA[i] = (byte) i;
        }
    }

    final OSS oss = client();
    String signed;
    Process encoder;
    Instant began;

    public static void main(String[] args) {
        Flow f = new Flow();
        step("bucket", f::bucket);
        step("channel", f::channel);
        step("list-channels", f::listChannels);
        step("status", f::status);
        step("sign-rtmp", f::signRtmp);
        step("push", f::push);
        step("stat", f::stat);
        step("history", f::history);
        step("post-vod", f::postVod);
        step("get-vod", f::getVod);
        step("object", f::object);
        step("sign-url", f::signUrl);
        step("copy", f::copy);
        step("append", f::append);
        step("multipart", f::multipart);
        step("clean-up", f::cleanUp);
        f.oss.shutdown();
    }

    static OSS client() {
        ClientBuilderConfiguration conf = new ClientBuilderConfiguration();
        conf.setSignatureVersion(SignVersion.valueOf(System.getenv("OSS_TEST_SIGNATURE")));
        conf.setSLDEnabled("path".equals(System.getenv("OSS_TEST_ADDRESSING")));
        return OSSClientBuilder.create()
                .endpoint(System.getenv("OSS_TEST_ENDPOINT"))
                .region(System.getenv("OSS_TEST_REGION"))
                .credentialsProvider(credentials(
                        System.getenv("OSS_TEST_ACCESS_KEY_ID"), System.getenv("OSS_TEST_ACCESS_KEY_SECRET"),
                        System.getenv("OSS_TEST_SECURITY_TOKEN")))
                .clientConfiguration(conf)
                .build();
    }

    static CredentialsProvider credentials(String id, String secret, String token) {
        boolean temporary = token != null && !token.isEmpty();
        return temporary ? new DefaultCredentialProvider(id, secret, token) : new DefaultCredentialProvider(id, secret);
    }

    interface Step {
        void run() throws Exception;
    }

    static void step(String name, Step run) {
        try {
            run.run();
            System.out.println("STEP " + name + " ok");
        } catch (Exception e) {
            System.out.println("STEP " + name + " fail: " + String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
            e.printStackTrace();
        }
    }

    static void expect(String what, Object got, Object want) {
        if (!Objects.equals(got, want)) {
            throw new IllegalStateException(what + ": got " + got + ", want " + want);
        }
    }

    static void fails(String code, Callable<?> call) throws Exception {
        Object got = "no error";
        try {
            call.call();
        } catch (OSSException e) {
            got = e.getErrorCode();
        }
        expect("error code", got, code);
    }

    static void until(String what, Callable<Boolean> check) throws Exception {
        Instant deadline = Instant.now().plusSeconds(15);
        while (!check.call()) {
            if (Instant.now().isAfter(deadline)) {
                throw new IllegalStateException("not within 15 s: " + what);
            }
            Thread.sleep(100);
        }
    }

    CreateLiveChannelResult create(String name) {
        return oss.createLiveChannel(new CreateLiveChannelRequest(BUCKET, name, DESCRIPTION_XML,
                LiveChannelStatus.Enabled, new LiveChannelTarget("HLS", 1, 3, PLAYLIST)));
    }

    PushflowStatus state() {
        return oss.getLiveChannelStat(BUCKET, CHANNEL).getPushflowStatus();
    }

    byte[] read(String key) throws Exception {
        try (InputStream content = oss.getObject(BUCKET, key).getObjectContent()) {
            return content.readAllBytes();
        }
    }

    static ByteArrayInputStream bytes(int from, int to) {
        return new ByteArrayInputStream(DATA, from, to - from);
    }

    void bucket() {
        CreateBucketRequest request = new CreateBucketRequest(BUCKET);
        request.setCannedACL(CannedAccessControlList.Private);
        oss.createBucket(request);
        expect("name", oss.getBucketInfo(BUCKET).getBucket().getName(), BUCKET);
        expect("acl", oss.getBucketAcl(BUCKET).getCannedACL(), CannedAccessControlList.Private);
        expect("buckets", oss.listBuckets(BUCKET, "", 10).getBucketList().size(), 1);
        expect("live channels", oss.getBucketStat(BUCKET).getLiveChannelCount(), 0L);
    }

    void channel() throws Exception {
        fails("NoSuchLiveChannel", () -> oss.getLiveChannelInfo(BUCKET, CHANNEL));
        CreateLiveChannelResult made = create(CHANNEL);
        expect("URLs", made.getPublishUrls().size() + made.getPlayUrls().size(), 2);
        expect("publish URL", made.getPublishUrls().get(0).startsWith("rtmp://"), true);
        expect("play URL", made.getPlayUrls().get(0).endsWith("/" + PLAYLIST), true);
        LiveChannelInfo info = oss.getLiveChannelInfo(BUCKET, CHANNEL);
        LiveChannelTarget target = info.getTarget();
        expect("configuration",
                List.of(info.getStatus(), info.getDescription(), target.getType(), target.getFragDuration(), target.getFragCount(), target.getPlaylistName()),
                List.of(LiveChannelStatus.Enabled, DESCRIPTION, "HLS", 1, 3, PLAYLIST));
        oss.deleteLiveChannel(BUCKET, CHANNEL);
        oss.deleteLiveChannel(BUCKET, CHANNEL);
        fails("NoSuchLiveChannel", () -> oss.getLiveChannelInfo(BUCKET, CHANNEL));
        create(CHANNEL);
    }

    static List<String> names(List<LiveChannel> channels) {
        return channels.stream().map(LiveChannel::getName).toList();
    }

    List<String> allChannels(String prefix) {
        List<String> all = new ArrayList<>();
        ListLiveChannelsRequest request = new ListLiveChannelsRequest(BUCKET).withPrefix(prefix);
        while (true) {
            LiveChannelListing page = oss.listLiveChannels(request);
            all.addAll(names(page.getLiveChannels()));
            if (!page.isTruncated()) {
                return all;
            }
            request.withMarker(page.getNextMarker());
        }
    }

    void listChannels() {
        List<String> want = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            want.add(String.format("many-%03d", i));
            create(want.get(i));
        }
        LiveChannelListing page = oss.listLiveChannels(new ListLiveChannelsRequest(BUCKET).withPrefix("many-"));
        expect("first page", names(page.getLiveChannels()), want.subList(0, 100));
        expect("more", page.isTruncated() + page.getNextMarker(), "truemany-099");
        page = oss.listLiveChannels(new ListLiveChannelsRequest(BUCKET, "many-", "many-199", 100));
        expect("last page", names(page.getLiveChannels()), want.subList(200, MANY));
        expect("more", page.isTruncated() + String.valueOf(page.getNextMarker()), "falsenull");
        expect("all pages", allChannels("many-"), want);
        expect("live channels", oss.getBucketStat(BUCKET).getLiveChannelCount(), MANY + 1L);
    }

    void status() {
        oss.setLiveChannelStatus(BUCKET, CHANNEL, LiveChannelStatus.Disabled);
        expect("status", oss.getLiveChannelInfo(BUCKET, CHANNEL).getStatus(), LiveChannelStatus.Disabled);
        expect("state", state(), PushflowStatus.Disabled);
        oss.setLiveChannelStatus(BUCKET, CHANNEL, LiveChannelStatus.Enabled);
        expect("state", state(), PushflowStatus.Idle);
    }

    void signRtmp() {
        signed = oss.generateRtmpUri(BUCKET, CHANNEL, PLAYLIST, Instant.now().getEpochSecond() + 3600);
    }

    void push() throws Exception {
        began = Instant.now();
        encoder = new ProcessBuilder("ffmpeg", "-v", "error", "-nostdin", "-re", "-i", System.getenv("OSS_TEST_CLIP"),
                "-c", "copy", "-f", "flv", signed).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        until("the channel is live", () -> {
            expect("ffmpeg is running", encoder.isAlive(), true);
            return state() == PushflowStatus.Live;
        });
    }

    void stat() throws Exception {
        until("GetLiveChannelStat tells of picture and sound", () -> {
            LiveChannelStat s = oss.getLiveChannelStat(BUCKET, CHANNEL);
            return s.getAudioStat() != null && s.getVideoStat() != null && s.getVideoStat().getFrameRate() > 0;
        });
        LiveChannelStat s = oss.getLiveChannelStat(BUCKET, CHANNEL);
        LiveChannelStat.VideoStat v = s.getVideoStat();
        expect("video", List.of(v.getWidth(), v.getHeight(), v.getFrameRate(), v.getCodec()), List.of(320, 180, 25, "H264"));
        expect("audio", List.of(s.getAudioStat().getSampleRate(), s.getAudioStat().getCodec()), List.of(44100, "AAC"));
    }

    void history() throws Exception {
        Thread.sleep(Math.max(0, Duration.between(Instant.now(), began.plusSeconds(6)).toMillis())); // long enough for a few segments
        expect("ffmpeg is running", encoder.isAlive(), true);
        encoder.destroy();
        encoder.waitFor();
        until("the channel is idle", () -> state() == PushflowStatus.Idle);
        List<LiveRecord> records = oss.getLiveChannelHistory(BUCKET, CHANNEL);
        expect("records", records.size(), 1);
        Instant start = records.get(0).getStartDate().toInstant();
        expect("start", Duration.between(start, began).abs().toSeconds() <= 20, true);
        expect("end after start", records.get(0).getEndDate().toInstant().isAfter(start), true);
    }

    long from() {
        return began.getEpochSecond() - 5;
    }

    long to() {
        return Instant.now().getEpochSecond() + 1;
    }

    void postVod() throws Exception {
        fails("InvalidArgument", () -> oss.generateVodPlaylist(BUCKET, CHANNEL, "vod.m3u8", from() - 7200, from() - 3600));
        oss.generateVodPlaylist(BUCKET, CHANNEL, "vod.m3u8", from(), to());
        String posted = new String(read(CHANNEL + "/vod.m3u8"), StandardCharsets.UTF_8);
        expect("segments", posted.split("#EXTINF").length > 2, true);
    }

    void getVod() throws Exception {
        try (InputStream content = oss.getVodPlaylist(BUCKET, CHANNEL, from(), to()).getObjectContent()) {
            expect("playlist", new String(content.readAllBytes()), new String(read(CHANNEL + "/vod.m3u8")));
        }
    }

    void object() throws Exception {
        ObjectMetadata meta = new ObjectMetadata();
        meta.setContentType("text/x-flow");
        meta.addUserMetadata("note", "kept");
        PutObjectResult put = oss.putObject(BUCKET, KEY, bytes(0, DATA.length), meta);
        String etag = new BigInteger(1, MessageDigest.getInstance("MD5").digest(DATA)).toString(16).toUpperCase();
        expect("ETag", put.getETag(), "0".repeat(32 - etag.length()) + etag);
        expect("CRC", put.getServerCRC(), put.getClientCRC());
        try (OSSObject got = oss.getObject(BUCKET, KEY)) {
            expect("bytes", Arrays.equals(got.getObjectContent().readAllBytes(), DATA), true);
            expect("CRC", got.getServerCRC(), put.getClientCRC());
        }
        ObjectMetadata head = oss.getObjectMetadata(BUCKET, KEY);
        expect("head", Arrays.asList(head.getContentLength(), head.getContentType(), head.getUserMetadata().get("note"), head.getServerCRC(), head.getETag()),
                List.of((long) DATA.length, "text/x-flow", "kept", put.getClientCRC(), put.getETag()));
        GetObjectRequest range = new GetObjectRequest(BUCKET, KEY);
        range.setRange(1, 299);
        try (OSSObject got = oss.getObject(range)) {
            expect("range", Arrays.equals(got.getObjectContent().readAllBytes(), Arrays.copyOfRange(DATA, 1, 300)), true);
        }
        expect("key", oss.listObjects(BUCKET, "dir/").getObjectSummaries().get(0).getKey(), KEY);
        expect("key", oss.listObjectsV2(BUCKET, "dir/").getObjectSummaries().get(0).getKey(), KEY);
        expect("folders", oss.listObjects(new ListObjectsRequest(BUCKET).withDelimiter("/")).getCommonPrefixes(), List.of("dir/", CHANNEL + "/"));
        fails("NoSuchKey", () -> oss.getObject(BUCKET, "nothing"));
    }

    void signUrl() throws Exception {
        Date minute = Date.from(Instant.now().plusSeconds(60));
        HttpClient http = HttpClient.newHttpClient();
        HttpRequest get = HttpRequest.newBuilder(oss.generatePresignedUrl(BUCKET, KEY, minute).toURI()).build();
        expect("bytes", Arrays.equals(http.send(get, BodyHandlers.ofByteArray()).body(), DATA), true);
        HttpRequest put = HttpRequest.newBuilder(oss.generatePresignedUrl(BUCKET, "signed", minute, HttpMethod.PUT).toURI())
                .PUT(BodyPublishers.ofString("signed")).build();
        expect("uploaded", http.send(put, BodyHandlers.ofString()).statusCode(), 200);
        expect("read", new String(read("signed")), "signed");
    }

    void copy() throws Exception {
        oss.copyObject(BUCKET, KEY, BUCKET, "copied");
        expect("copy", Arrays.equals(read("copied"), DATA), true);
    }

    AppendObjectResult appendAt(long position, int from, int to) {
        return oss.appendObject(new AppendObjectRequest(BUCKET, "appended", bytes(from, to)).withPosition(position));
    }

    void append() throws Exception {
        AppendObjectResult first = appendAt(0, 0, 1000);
        AppendObjectResult second = appendAt(first.getNextPosition(), 1000, DATA.length);
        expect("position", second.getNextPosition(), (long) DATA.length);
        expect("appended", Arrays.equals(read("appended"), DATA), true);
        fails("PositionNotEqualToLength", () -> appendAt(5, 0, 1));
    }

    String initiate(String key) {
        return oss.initiateMultipartUpload(new InitiateMultipartUploadRequest(BUCKET, key)).getUploadId();
    }

    List<MultipartUpload> uploads() {
        return oss.listMultipartUploads(new ListMultipartUploadsRequest(BUCKET)).getMultipartUploads();
    }

    void multipart() throws Exception {
        String upload = initiate("parts");
        List<PartETag> parts = new ArrayList<>();
        for (int number = 1; number <= 3; number++) {
            parts.add(oss.uploadPart(new UploadPartRequest(BUCKET, "parts", upload, number,
                    bytes((number - 1) * PART, number * PART), PART)).getPartETag());
        }
        List<PartSummary> listed = oss.listParts(new ListPartsRequest(BUCKET, "parts", upload)).getParts();
        expect("parts", listed.stream().map(p -> p.getPartNumber() + p.getETag() + p.getSize()).toList(),
                parts.stream().map(p -> p.getPartNumber() + p.getETag() + PART).toList());
        oss.completeMultipartUpload(new CompleteMultipartUploadRequest(BUCKET, "parts", upload, parts));
        expect("bytes", Arrays.equals(read("parts"), DATA), true);
        expect("CRC", oss.getObjectMetadata(BUCKET, "parts").getServerCRC(), oss.getObjectMetadata(BUCKET, KEY).getServerCRC());
        initiate("never finished");
        expect("uploads", uploads().stream().map(MultipartUpload::getKey).toList(), List.of("never finished"));
    }

    void cleanUp() throws Exception {
        fails("BucketNotEmpty", () -> oss.deleteBucket(BUCKET));
        for (MultipartUpload u : uploads()) {
            oss.abortMultipartUpload(new AbortMultipartUploadRequest(BUCKET, u.getKey(), u.getUploadId()));
        }
        while (true) {
            List<String> keys = oss.listObjects(new ListObjectsRequest(BUCKET).withMaxKeys(1000)).getObjectSummaries().stream()
                    .map(OSSObjectSummary::getKey).toList();
            if (keys.isEmpty()) {
                break;
            }
            DeleteObjectsResult gone = oss.deleteObjects(new DeleteObjectsRequest(BUCKET).withKeys(keys).withEncodingType("url"));
            expect("deleted", new TreeSet<>(gone.getDeletedObjects()), new TreeSet<>(keys));
        }
        for (String name : allChannels("")) {
            oss.deleteLiveChannel(BUCKET, name);
        }
        oss.deleteBucket(BUCKET);
        fails("NoSuchBucket", () -> oss.getBucketInfo(BUCKET));
    }
}
