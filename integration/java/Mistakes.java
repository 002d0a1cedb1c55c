import com.aliyun.oss.HttpMethod;
import com.aliyun.oss.OSS;
import com.aliyun.oss.OSSClientBuilder;
import com.aliyun.oss.OSSException;
import com.aliyun.oss.model.GeneratePresignedUrlRequest;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;

/** Mistakes with aliyun-sdk-oss; see ../testdata/mistakes.txt. Prints MISTAKE, the name and the x-oss-request-id of the refusal. */
class Mistakes {
    static final String ENDPOINT = System.getenv("OSS_TEST_ENDPOINT");
    static final String ID = System.getenv("OSS_TEST_ACCESS_KEY_ID");
    static final String SECRET = System.getenv("OSS_TEST_ACCESS_KEY_SECRET");

    public static void main(String[] args) throws Exception {
        OSS oss = new OSSClientBuilder().build(ENDPOINT, ID, SECRET);
        GeneratePresignedUrlRequest put = new GeneratePresignedUrlRequest("vault", "body.txt", HttpMethod.PUT);
        put.setExpiration(Date.from(Instant.now().plusSeconds(60)));
        put.setContentMD5(md5("the body that was meant"));
        send("changed-body", HttpRequest.newBuilder(oss.generatePresignedUrl(put).toURI())
                .header("Content-MD5", md5("another body")).PUT(BodyPublishers.ofString("another body")).build());

        URI old = oss.generatePresignedUrl("vault", "a b.txt", Date.from(Instant.now().minusSeconds(86400))).toURI();
        send("expired", HttpRequest.newBuilder(old).build());
        oss.shutdown();

        oss = new OSSClientBuilder().build(ENDPOINT, "fWykJRhvaOf3XEz9", SECRET);
        try {
            oss.getObject("vault", "a b.txt");
            System.out.println("WORKED unknown-key");
        } catch (OSSException e) {
            System.out.println("MISTAKE unknown-key " + e.getRequestId());
        }
        oss.shutdown();
    }

    static void send(String name, HttpRequest request) throws Exception {
        var answer = HttpClient.newHttpClient().send(request, BodyHandlers.discarding());
        System.out.println((answer.statusCode() >= 400 ? "MISTAKE " : "WORKED ") + name + " "
                + answer.headers().firstValue("x-oss-request-id").orElse(""));
    }

    static String md5(String text) throws Exception {
        return Base64.getEncoder().encodeToString(MessageDigest.getInstance("MD5").digest(text.getBytes("UTF-8")));
    }
}
