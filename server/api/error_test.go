package api

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"osslive/auth"
	"osslive/store"
	"osslive/store/seam"
)

func TestDescribe(t *testing.T) {
	at := time.Date(2018, 12, 4, 3, 55, 6, 0, time.UTC)
	for _, c := range []struct {
		err     error
		status  int
		code    string
		ec      string
		details string
	}{
		{store.ErrNoSuchBucket, 404, "NoSuchBucket", "0015-00000101", "[{BucketName b}]"},
		{store.ErrNoSuchKey, 404, "NoSuchKey", "0026-00000001", "[{Key k}]"},
		{store.ErrKeyExists, 409, "FileAlreadyExists", "0026-00000016", "[]"},
		{store.ErrNoSuchChannel, 404, "NoSuchLiveChannel", "0026-00000021", "[]"},
		{store.ErrChannelLive, 409, "ChannelStillLive", "0044-00000201", "[]"},
		{store.ErrChannelDisabled, 409, "LiveChannelDisabled", "", "[]"},
		{store.ErrBucketNotEmpty, 409, "BucketNotEmpty", "0015-00000301", "[]"},
		{store.ErrNoSuchUpload, 404, "NoSuchUpload", "", "[{UploadId u}]"},
		{fmt.Errorf("%w: number 3", store.ErrInvalidPart), 400, "InvalidPart", "", "[]"},
		{store.ErrInvalidPartOrder, 400, "InvalidPartOrder", "", "[]"},
		{store.ErrPartTooSmall, 400, "EntityTooSmall", "", "[]"},
		{store.ErrBodyTooLarge, 400, "EntityTooLarge", "", "[]"},
		{store.ErrNotAppendable, 409, "ObjectNotAppendable", "", "[]"},
		{&store.PositionError{Length: 3}, 409, "PositionNotEqualToLength", "", "[]"},
		{store.ErrNoSuchCORS, 404, "NoSuchCORSConfiguration", "", "[]"},
		{&store.InvalidError{Field: "ObjectACL", Value: "x", Rule: "value", Message: "no"}, 400, "InvalidArgument", "", "[{ArgumentName x-oss-object-acl} {ArgumentValue x}]"},
		{seam.ErrFull, 507, "InsufficientStorage", "", "[]"},
		{store.ErrBodyLength, 400, "IncompleteBody", "", "[]"},
		{store.ErrDamaged, 500, "InternalError", "", "[]"},
		{fmt.Errorf("read: %w", store.ErrNoSuchChannel), 404, "NoSuchLiveChannel", "0026-00000021", "[]"},
		{context.Canceled, 400, "RequestTimeout", "", "[]"},
		{errors.New("secret of the disk"), 500, "InternalError", "", "[]"},

		{auth.ErrUnknownKey, 403, "InvalidAccessKeyId", "0002-00000902", "[]"},
		{auth.ErrExpired, 403, "AccessDenied", "0002-00000069", "[]"},
		{auth.ErrBadDate, 403, "AccessDenied", "", "[]"},
		{auth.ErrBadExpires, 403, "AccessDenied", "0002-00000070", "[]"},
		{auth.ErrMissingParam, 403, "AccessDenied", "", "[]"},
		{auth.ErrBadToken, 403, "InvalidSecurityToken", "", "[]"},
		{auth.ErrTokenExpired, 403, "SecurityTokenExpired", "", "[]"},
		{auth.ErrMalformed, 400, "InvalidArgument", "", "[]"},
		{auth.ErrTwoSources, 400, "InvalidArgument", "", "[]"},
		{auth.ErrRepeated, 400, "InvalidArgument", "", "[]"},
		{&auth.UnsupportedError{Version: "OSS2"}, 501, "NotImplemented", "", "[]"},
		{&auth.SkewError{RequestTime: at, ServerTime: at.Add(time.Hour)}, 403, "RequestTimeTooSkewed", "0002-00000504",
			"[{MaxAllowedSkewMilliseconds 900000} {RequestTime 2018-12-04T03:55:06.000Z} {ServerTime 2018-12-04T04:55:06.000Z}]"},
		{&auth.MismatchError{KeyID: "ak", Provided: "x", StringToSign: "GET\n/"}, 403, "SignatureDoesNotMatch", "0002-00000040",
			"[{OSSAccessKeyId ak} {SignatureProvided x} {StringToSign GET\n/} {StringToSignBytes 47 45 54 0A 2F}]"},

		{&store.InvalidError{Field: "BucketName", Value: "B", Message: "m"}, 400, "InvalidBucketName", "0015-00000001", "[{BucketName B}]"},
		{&store.InvalidError{Field: "Key", Value: "/", Message: "m"}, 400, "InvalidObjectName", "", "[{ObjectName /}]"},
		{&store.InvalidError{Field: "ACL", Value: "x", Message: "an ACL is"}, 400, "InvalidArgument", "", "[{ArgumentName x-oss-acl} {ArgumentValue x}]"},
	} {
		got := describe(&request{target: target{bucket: "b", key: "k"}, query: url.Values{"uploadId": {"u"}}}, c.err)
		if got.Status != c.status || got.Code != c.code || got.EC != c.ec || fmt.Sprint(got.Details) != c.details {
			t.Errorf("%v: %d %s %q %v, want %d %s %q %s", c.err, got.Status, got.Code, got.EC, got.Details, c.status, c.code, c.ec, c.details)
		}
		if got.Message == "" || strings.Contains(got.Message, "secret") {
			t.Errorf("%v: message %q", c.err, got.Message)
		}
	}
}

// TestInvalidArguments drives each rule of PutLiveChannel and the VOD
// operations to its EC.
func TestInvalidArguments(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	put := func(inner string) string {
		return "<LiveChannelConfiguration>" + inner + "</LiveChannelConfiguration>"
	}
	target := func(inner string) string { return put("<Target><Type>HLS</Type>" + inner + "</Target>") }
	snapshot := func(role, bucket, topic, interval string) string {
		return put("<Target><Type>HLS</Type></Target><Snapshot><RoleName>" + role + "</RoleName><DestBucket>" + bucket +
			"</DestBucket><NotifyTopic>" + topic + "</NotifyTopic><Interval>" + interval + "</Interval></Snapshot>")
	}
	long := strings.Repeat("n", 64)
	for _, c := range []struct{ name, request, body, ec string }{
		{"description of 129 bytes", "PUT /bucket/ch?live", put("<Description>" + strings.Repeat("d", 129) + "</Description><Target><Type>HLS</Type></Target>"), "0044-00000001"},
		{"status", "PUT /bucket/ch?live", put("<Status>Enabled</Status><Target><Type>HLS</Type></Target>"), "0044-00000002"},
		{"no target", "PUT /bucket/ch?live", put(""), "0044-00000013"},
		{"no type", "PUT /bucket/ch?live", put("<Target/>"), "0044-00000013"},
		{"type RTMP", "PUT /bucket/ch?live", put("<Target><Type>RTMP</Type></Target>"), "0044-00000013"},
		{"type in lower case", "PUT /bucket/ch?live", put("<Target><Type>hls</Type></Target>"), "0044-00000013"},
		{"duration 200", "PUT /bucket/ch?live", target("<FragDuration>200</FragDuration><FragCount>99</FragCount>"), "0044-00000014"},
		{"duration 0", "PUT /bucket/ch?live", target("<FragDuration>0</FragDuration><FragCount>3</FragCount>"), "0044-00000014"},
		{"duration a word", "PUT /bucket/ch?live", target("<FragDuration>five</FragDuration><FragCount>3</FragCount>"), "0044-00000014"},
		{"duration a fraction", "PUT /bucket/ch?live", target("<FragDuration>5.5</FragDuration><FragCount>3</FragCount>"), "0044-00000014"},
		{"duration beyond integers", "PUT /bucket/ch?live", target("<FragDuration>99999999999999999999</FragDuration><FragCount>3</FragCount>"), "0044-00000014"},
		{"duration alone", "PUT /bucket/ch?live", target("<FragDuration>5</FragDuration>"), "0044-00000015"},
		{"count alone", "PUT /bucket/ch?live", target("<FragCount>5</FragCount>"), "0044-00000014"},
		{"count 0", "PUT /bucket/ch?live", target("<FragDuration>100</FragDuration><FragCount>0</FragCount>"), "0044-00000015"},
		{"count 199", "PUT /bucket/ch?live", target("<FragDuration>100</FragDuration><FragCount>199</FragCount>"), "0044-00000015"},
		{"playlist with a slash", "PUT /bucket/ch?live", target("<PlaylistName>a/b.m3u8</PlaylistName>"), "0044-00000016"},
		{"playlist of 5 bytes", "PUT /bucket/ch?live", target("<PlaylistName>.m3u8</PlaylistName>"), "0044-00000017"},
		{"playlist of 129 bytes", "PUT /bucket/ch?live", target("<PlaylistName>" + strings.Repeat("p", 124) + ".m3u8</PlaylistName>"), "0044-00000017"},
		{"playlist of another suffix", "PUT /bucket/ch?live", target("<PlaylistName>playlist.M3U8</PlaylistName>"), "0044-00000018"},
		{"snapshot without role", "PUT /bucket/ch?live", snapshot("", "bucket", "t", "5"), "0044-00000005"},
		{"snapshot without topic", "PUT /bucket/ch?live", snapshot("r", "bucket", "", "5"), "0044-00000006"},
		{"snapshot without bucket", "PUT /bucket/ch?live", snapshot("r", "", "t", "5"), "0044-00000007"},
		{"snapshot to no bucket name", "PUT /bucket/ch?live", snapshot("r", "B", "t", "5"), "0044-00000008"},
		{"snapshot to no bucket", "PUT /bucket/ch?live", snapshot("r", "missing", "t", "5"), "0044-00000009"},
		{"snapshot every 0 s", "PUT /bucket/ch?live", snapshot("r", "bucket", "t", "0"), "0044-00000012"},
		{"snapshot every 101 s", "PUT /bucket/ch?live", snapshot("r", "bucket", "t", "101"), "0044-00000012"},
		{"snapshot without interval", "PUT /bucket/ch?live", snapshot("r", "bucket", "t", ""), "0044-00000012"},
		{"name of 64 bytes", "PUT /bucket/" + long + "?live", channelXML, "0017-00000258"},
		{"name with a slash", "PUT /bucket/a%2Fb?live", channelXML, "0017-00000258"},
		{"name with a newline", "PUT /bucket/a%0Ab?live", channelXML, "0017-00000258"},
		{"name not UTF-8", "PUT /bucket/%FF?live", channelXML, "0017-00000259"},
		{"delete a name of 64 bytes", "DELETE /bucket/" + long + "?live", "", "0017-00000258"},
		{"status parameter", "PUT /bucket/ch?live&status=on", "", "0017-00000255"},
		{"empty status parameter", "PUT /bucket/ch?live&status", "", "0017-00000255"},
		{"0 channels", "GET /bucket?live&max-keys=0", "", "0044-00000101"},
		{"1001 channels", "GET /bucket?live&max-keys=1001", "", "0044-00000101"},
		{"long prefix", "GET /bucket?live&prefix=" + strings.Repeat("p", 1025), "", "0044-00000102"},
		{"long marker", "GET /bucket?live&marker=" + strings.Repeat("m", 1025), "", "0044-00000103"},
		{"VOD of a channel with a slash", "GET /bucket/a%2Fb?vod&startTime=1&endTime=2", "", "0044-00000302"},
		{"no start", "GET /bucket/ch?vod&endTime=2", "", "0044-00000304"},
		{"start a word", "GET /bucket/ch?vod&startTime=now&endTime=2", "", "0044-00000304"},
		{"start negative", "GET /bucket/ch?vod&startTime=-1&endTime=2", "", "0044-00000304"},
		{"start in milliseconds", "GET /bucket/ch?vod&startTime=1543895706266&endTime=1543895706", "", "0044-00000304"},
		{"no end", "GET /bucket/ch?vod&startTime=2", "", "0044-00000305"},
		{"end before start", "GET /bucket/ch?vod&startTime=2&endTime=1", "", "0044-00000306"},
		{"86401 s", "GET /bucket/ch?vod&startTime=0&endTime=86401", "", "0044-00000307"},
		{"86400 s", "GET /bucket/ch?vod&startTime=0&endTime=86400", "", "0044-00000308"},
		{"no seconds", "GET /bucket/ch?vod&startTime=5&endTime=5", "", "0044-00000308"},
		{"VOD playlist of another suffix", "POST /bucket/ch/vod.txt?vod&startTime=0&endTime=1", "", "0044-00000403"},
		{"VOD playlist without name", "POST /bucket/ch?vod&startTime=0&endTime=1", "", "0044-00000403"},
		{"VOD playlist with a slash", "POST /bucket/ch/a/b.m3u8?vod&startTime=0&endTime=1", "", "0044-00000403"},
	} {
		method, requestTarget, _ := strings.Cut(c.request, " ")
		res, body := w.do(method, requestTarget, nil, c.body)
		if res.StatusCode != 400 || code(body) != "InvalidArgument" || res.Header.Get("x-oss-ec") != c.ec {
			t.Errorf("%s: %s %s %s, want 400 InvalidArgument %s", c.name, res.Status, code(body), res.Header.Get("x-oss-ec"), c.ec)
		}
	}
}

// TestCredentials has one request per way of being refused.
func TestCredentials(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", http.Header{"X-Oss-Acl": {"public-read-write"}}, "")
	sign := func(change func(*http.Request)) *http.Request {
		r := w.sign(w.request("PUT", "/bucket/key", nil, []byte("x")))
		change(r)
		return r
	}
	signedURL := func(expires time.Time) url.Values {
		return auth.SignURL(&auth.Request{Method: "PUT", Header: http.Header{}, Bucket: "bucket", Key: "key"}, testKey, expires)
	}
	for _, c := range []struct {
		name   string
		r      *http.Request
		status int
		code   string
	}{
		{"unknown key", sign(func(r *http.Request) { r.Header.Set("Authorization", "OSS other:x") }), 403, "InvalidAccessKeyId"},
		{"wrong signature", sign(func(r *http.Request) { r.Header.Set("Authorization", "OSS ak:AAAAAAAAAAAAAAAAAAAAAAAAAAA=") }), 403, "SignatureDoesNotMatch"},
		{"other method", sign(func(r *http.Request) { r.Method = "POST" }), 403, "SignatureDoesNotMatch"},
		{"no scheme", sign(func(r *http.Request) { r.Header.Set("Authorization", "ak") }), 400, "InvalidArgument"},
		{"unknown scheme", sign(func(r *http.Request) { r.Header.Set("Authorization", "OSS9 ak:x") }), 400, "InvalidArgument"},
		{"empty authorization", sign(func(r *http.Request) { r.Header.Set("Authorization", "") }), 400, "InvalidArgument"},
		{"two authorizations", sign(func(r *http.Request) { r.Header.Add("Authorization", "OSS ak:x") }), 400, "InvalidArgument"},
		{"header and query", sign(func(r *http.Request) { r.RequestURI += "?" + signedURL(w.clock.Add(time.Hour)).Encode() }), 400, "InvalidArgument"},
		{"no date", sign(func(r *http.Request) { r.Header.Del("Date") }), 403, "AccessDenied"},
		{"expired URL", w.request("PUT", "/bucket/key?"+signedURL(w.clock.Add(-time.Second)).Encode(), nil, []byte("x")), 403, "AccessDenied"},
		{"half a signed URL", w.request("PUT", "/bucket/key?Signature=x&OSSAccessKeyId=ak", nil, []byte("x")), 403, "AccessDenied"},
		{"signature for another key", w.request("PUT", "/bucket/key2?"+signedURL(w.clock.Add(time.Hour)).Encode(), nil, []byte("x")), 403, "SignatureDoesNotMatch"},
	} {
		res, body := w.read(w.serve(c.r))
		if res.StatusCode != c.status || code(body) != c.code {
			t.Errorf("%s: %s %s, want %d %s\n%s", c.name, res.Status, code(body), c.status, c.code, body)
		}
	}
	old := w.sign(w.request("PUT", "/bucket/key", nil, []byte("x")))
	w.clock = w.clock.Add(16 * time.Minute)
	if res, body := w.read(w.serve(old)); res.StatusCode != 403 || code(body) != "RequestTimeTooSkewed" || !strings.Contains(body, "<ServerTime>2018-12-04T04:11:06.000Z<") {
		t.Errorf("old request: %s\n%s", res.Status, body)
	}
	if res, _ := w.do("GET", "/bucket/key", nil, ""); res.StatusCode != 404 {
		t.Errorf("a refused request left an object: %s", res.Status)
	}
	if res, body := w.read(w.serve(w.request("PUT", "/bucket/key?"+signedURL(w.clock.Add(time.Hour)).Encode(), nil, []byte("x")))); res.StatusCode != 200 {
		t.Errorf("a good signed URL: %s\n%s", res.Status, body)
	}
	if strings.Contains(w.log.String(), testKey.Secret) || strings.Contains(w.log.String(), "Signature=") {
		t.Error("the log has a credential")
	}
}

func TestErrorDocumentIsWellFormed(t *testing.T) {
	w := newWorld(t)
	for _, target := range []string{"/bucket/%00%01%1f", "/bucket/%3Ckey%3E&amp;", "/bucket/%FF", "/%00/x"} {
		_, body := w.do("GET", target, nil, "")
		var doc struct {
			XMLName xml.Name `xml:"Error"`
			Code    string
		}
		if err := xml.Unmarshal([]byte(body), &doc); err != nil || doc.Code == "" {
			t.Errorf("%s: %v\n%s", target, err, body)
		}
	}
}

// TestPanic injects one panic for each route.
func TestPanic(t *testing.T) {
	w := newWorld(t)
	for _, route := range routes {
		route.handle = func(*Server, http.ResponseWriter, *request) error { panic("boom") }
		rec := httptest.NewRecorder()
		w.answer(rec, w.request(route.method, "/", nil, nil), func(rw http.ResponseWriter, r *request) error {
			r.caller, r.bucket, r.query = identity(t, w), "bucket", url.Values{}
			return w.run(rw, r, route)
		})
		id := rec.Header().Get("x-oss-request-id")
		if rec.Code != 500 || route.method != "HEAD" && (code(rec.Body.String()) != "InternalError" || !strings.Contains(rec.Body.String(), id)) || strings.Contains(rec.Body.String(), "boom") {
			t.Errorf("%s: %d %s", route.operation, rec.Code, rec.Body)
		}
		if !strings.Contains(w.log.String(), id) || !strings.Contains(w.log.String(), "boom") {
			t.Errorf("%s: the log lacks the panic of %s", route.operation, id)
		}
	}
	families, err := w.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "osslive_http_panics_total" && int(f.GetMetric()[0].GetCounter().GetValue()) != len(routes) {
			t.Errorf("counted %v panics, want %d", f.GetMetric()[0], len(routes))
		}
	}
}

// identity is a caller that only a verified signature makes.
func identity(t *testing.T, w *world) auth.Identity {
	t.Helper()
	signed := &auth.Request{Method: "GET", Header: http.Header{}, Query: url.Values{}}
	auth.SignRequest(signed, testKey, w.clock)
	who, err := auth.VerifyRequest(signed, w.config.Keys, w.clock)
	if err != nil {
		t.Fatal(err)
	}
	return who
}

func TestAnswerCutShort(t *testing.T) {
	w := newWorld(t)
	r := newRequest(w.request("GET", "/", nil, nil))
	rw := newResponse(httptest.NewRecorder(), time.Now(), w.pace)
	rw.Write(bytes.Repeat([]byte("x"), 10))
	defer func() {
		if got := recover(); got != http.ErrAbortHandler {
			t.Errorf("recovered %v, want http.ErrAbortHandler: the client must not take the part for the whole", got)
		}
	}()
	w.writeError(rw, r, errors.New("disk"))
}
