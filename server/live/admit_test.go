package live

import (
	"errors"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"osslive/auth"
	"osslive/rtmp"
	"osslive/server/answer"
	"osslive/store"
)

// The shapes of the publish URLs that the SDKs make for examplebucket and
// test-channel, by endpoint: an IP address, localhost, a domain, and a CNAME of
// the bucket with the SDK's option for that. Python, Go and Node: as the SDKs
// printed them. Java, C, C++, PHP, C#: as their source builds them. The
// parameters are in the order of each SDK; {…} stand for their values.
var recorded = []struct{ sdk, url string }{
	{"Python", "rtmp://127.0.0.1:9000/examplebucket/live/test-channel?playlistName=playlist.m3u8&OSSAccessKeyId={id}&Expires={expires}&Signature={signature}"},
	{"Python", "rtmp://localhost:9000/examplebucket/live/test-channel?playlistName=playlist.m3u8&OSSAccessKeyId={id}&Expires={expires}&Signature={signature}"},
	{"Python", "rtmp://examplebucket.oss.example.com:9000/live/test-channel?playlistName=playlist.m3u8&OSSAccessKeyId={id}&Expires={expires}&Signature={signature}"},
	{"Python", "rtmp://live.example.org:9000/live/test-channel?playlistName=playlist.m3u8&OSSAccessKeyId={id}&Expires={expires}&Signature={signature}"},
	{"Python, a token", "rtmp://127.0.0.1:9000/examplebucket/live/test-channel?playlistName=playlist.m3u8&security-token={signed token}&OSSAccessKeyId={id}&Expires={expires}&Signature={signature}"},

	{"Go", "rtmp://127.0.0.1:9000/examplebucket/live/test-channel?Expires={expires}&OSSAccessKeyId={id}&Signature={signature}&playlistName=playlist.m3u8"},
	{"Go", "rtmp://examplebucket.localhost:9000/live/test-channel?Expires={expires}&OSSAccessKeyId={id}&Signature={signature}&playlistName=playlist.m3u8"},
	{"Go", "rtmp://examplebucket.oss.example.com:9000/live/test-channel?Expires={expires}&OSSAccessKeyId={id}&Signature={signature}&playlistName=playlist.m3u8"},
	{"Go", "rtmp://live.example.org:9000/live/test-channel?Expires={expires}&OSSAccessKeyId={id}&Signature={signature}&playlistName=playlist.m3u8"},
	{"Go, a token", "rtmp://127.0.0.1:9000/examplebucket/live/test-channel?Expires={expires}&OSSAccessKeyId={id}&Signature={signature}&playlistName=playlist.m3u8&security-token={token}"},

	{"Node", "rtmp://127.0.0.1:9000/live/test-channel?OSSAccessKeyId={id}&Expires={expires}&Signature={signature}&playlistName=playlist.m3u8"},
	{"Node, sldEnable", "rtmp://127.0.0.1:9000/examplebucket/live/test-channel?OSSAccessKeyId={id}&Expires={expires}&Signature={signature}&playlistName=playlist.m3u8"},
	{"Node", "rtmp://examplebucket.localhost:9000/live/test-channel?OSSAccessKeyId={id}&Expires={expires}&Signature={signature}&playlistName=playlist.m3u8"},
	{"Node", "rtmp://examplebucket.oss.example.com:9000/live/test-channel?OSSAccessKeyId={id}&Expires={expires}&Signature={signature}&playlistName=playlist.m3u8"},

	{"Java", "rtmp://127.0.0.1:9000/live/test-channel?OSSAccessKeyId={id}&Expires={expires}&Signature={signature}&playlistName=playlist.m3u8"},
	{"Java", "rtmp://localhost:9000/live/test-channel?OSSAccessKeyId={id}&Expires={expires}&Signature={signature}&playlistName=playlist.m3u8"},
	{"Java", "rtmp://examplebucket.oss.example.com:9000/live/test-channel?OSSAccessKeyId={id}&Expires={expires}&Signature={signature}&playlistName=playlist.m3u8"},
	{"Java, a token", "rtmp://127.0.0.1:9000/live/test-channel?OSSAccessKeyId={id}&Expires={expires}&Signature={signature}&playlistName=playlist.m3u8&security-token={signed token}"},

	{"C", "rtmp://127.0.0.1:9000/examplebucket%2Flive%2Ftest-channel?Expires={expires}&OSSAccessKeyId={id}&Signature={signature}&playlistName=playlist.m3u8"},
	{"C", "rtmp://examplebucket.localhost:9000/live%2Ftest-channel?Expires={expires}&OSSAccessKeyId={id}&Signature={signature}&playlistName=playlist.m3u8"},
	{"C", "rtmp://examplebucket.oss.example.com:9000/live%2Ftest-channel?Expires={expires}&OSSAccessKeyId={id}&Signature={signature}&playlistName=playlist.m3u8"},
	{"C", "rtmp://live.example.org:9000/live%2Ftest-channel?Expires={expires}&OSSAccessKeyId={id}&Signature={signature}&playlistName=playlist.m3u8"},

	{"C++", "rtmp://127.0.0.1:9000/live/examplebucket/test-channel?Expires={expires}&OSSAccessKeyId={id}&Signature={signature}&playlistName=playlist.m3u8"},
	{"C++", "rtmp://examplebucket.localhost:9000/live/test-channel?Expires={expires}&OSSAccessKeyId={id}&Signature={signature}&playlistName=playlist.m3u8"},
	{"C++", "rtmp://examplebucket.oss.example.com:9000/live/test-channel?Expires={expires}&OSSAccessKeyId={id}&Signature={signature}&playlistName=playlist.m3u8"},

	{"PHP", "rtmp://127.0.0.1:9000/live/test-channel?playlistName=playlist.m3u8&OSSAccessKeyId={id}&Expires={expires}&Signature={signature}"},
	{"PHP", "rtmp://examplebucket.localhost:9000/live/test-channel?playlistName=playlist.m3u8&OSSAccessKeyId={id}&Expires={expires}&Signature={signature}"},
	{"PHP", "rtmp://examplebucket.oss.example.com:9000/live/test-channel?playlistName=playlist.m3u8&OSSAccessKeyId={id}&Expires={expires}&Signature={signature}"},

	{"C#", "rtmp://127.0.0.1:9000/examplebucket/live/test-channel?playlistName=playlist.m3u8&Expires={expires}&OSSAccessKeyId={id}&Signature={signature}"},
	{"C#", "rtmp://examplebucket.oss.example.com:9000/live/test-channel?playlistName=playlist.m3u8&Expires={expires}&OSSAccessKeyId={id}&Signature={signature}"},
	{"C#, a token", "rtmp://127.0.0.1:9000/examplebucket/live/test-channel?playlistName=playlist.m3u8&security-token={token}&Expires={expires}&OSSAccessKeyId={id}&Signature={signature}"},

	// These domains are not configured.
	{"any, its own domain", "rtmp://stage.example.net/live/test-channel?OSSAccessKeyId={id}&Expires={expires}&Signature={signature}&playlistName=playlist.m3u8"},
	{"any, bucket.oss…", "rtmp://examplebucket.oss.example.net/live/test-channel?OSSAccessKeyId={id}&Expires={expires}&Signature={signature}&playlistName=playlist.m3u8"},
	{"any, the cloud's name by hosts file", "rtmp://examplebucket.oss-cn-hangzhou.aliyuncs.com/live/test-channel?OSSAccessKeyId={id}&Expires={expires}&Signature={signature}&playlistName=playlist.m3u8"},
}

// fill signs a recorded URL.
func fill(shape string) string {
	signer, query := key, url.Values{"playlistName": {"playlist.m3u8"}}
	expires := time.Now().Add(time.Hour)
	if strings.Contains(shape, "token}") {
		signer = auth.MintToken(key, expires)
	}
	// Whether the token is among what is signed differs.
	without := signer
	if !strings.Contains(shape, "{signed token}") {
		without.Token = ""
	}
	q := auth.SignPublish(&auth.Publish{Bucket: "examplebucket", Channel: "test-channel", Query: query}, without, expires)
	return strings.NewReplacer("{id}", q.Get("OSSAccessKeyId"), "{expires}", q.Get("Expires"), "{signature}", url.QueryEscape(q.Get("Signature")),
		"{token}", signer.Token, "{signed token}", signer.Token).Replace(shape)
}

// publishWorld has the recorded channel, and others of its name that are
// somebody else's.
func publishWorld(t *testing.T) *world {
	w := newWorld(t)
	w.config.Domains.CNAMEs = map[string]string{"live.example.org": "examplebucket"}
	for _, bucket := range []string{"examplebucket", "live", "other"} {
		if _, err := w.config.Store.PutBucket(t.Context(), bucket, store.Private); err != nil {
			t.Fatal(err)
		}
		if _, err := w.config.Store.PutChannel(t.Context(), store.Channel{Bucket: bucket, Name: "test-channel", Target: store.Target{FragDuration: 2, FragCount: 3}}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// TestRecordedURLs resolves what every SDK makes of every kind of endpoint.
func TestRecordedURLs(t *testing.T) {
	w := publishWorld(t)
	sdks := map[string]int{}
	for _, c := range recorded {
		u, err := url.Parse(fill(c.url))
		if err != nil {
			t.Fatal(err)
		}
		// As package rtmp reads it: separators count after decoding.
		r := &rtmp.PublishRequest{Host: u.Hostname(), Path: strings.FieldsFunc(u.Path, func(c rune) bool { return c == '/' }), Query: u.Query()}
		got, err := w.resolve(t.Context(), r)
		if err == nil {
			err = w.authorize(t.Context(), got, r.Query)
		}
		if want := (target{"examplebucket", "test-channel"}); err != nil || got != want {
			t.Errorf("%s: %s = %v, %v", c.sdk, c.url, got, err)
		}
		r.Query.Set("Signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
		if got, err = w.resolve(t.Context(), r); err == nil {
			err = w.authorize(t.Context(), got, r.Query)
		}
		var mismatch *auth.MismatchError
		if !errors.As(err, &mismatch) {
			t.Errorf("%s: %s with another signature: %v", c.sdk, c.url, err)
		}
		sdk, _, _ := strings.Cut(c.sdk, ",")
		sdks[sdk]++
	}
	t.Logf("%d URLs: %v", len(recorded), sdks)
}

// TestRecordedURLsOnTheWire publishes by those URLs that lead to an address of
// their own, one after the other.
func TestRecordedURLsOnTheWire(t *testing.T) {
	w := publishWorld(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &rtmp.Server{Handler: w.Handler, Limits: rtmp.DefaultLimits()}
	go server.Serve(l)
	t.Cleanup(func() { server.Shutdown(t.Context()) })
	for _, c := range recorded {
		shape, found := strings.CutPrefix(c.url, "rtmp://127.0.0.1:9000/")
		if !found {
			continue
		}
		client, err := rtmp.Dial(t.Context(), fill("rtmp://"+l.Addr().String()+"/"+shape))
		if err != nil {
			t.Errorf("%s: %s: %v", c.sdk, shape, err)
			continue
		}
		if state, err := w.config.Store.ChannelStat(t.Context(), "examplebucket", "test-channel"); err != nil || state.Status != "Live" {
			t.Errorf("%s: %s: the channel is %s, %v", c.sdk, shape, state.Status, err)
		}
		if err := client.Close(); err != nil {
			t.Errorf("%s: %s: end: %v", c.sdk, shape, err)
		}
	}
}

// TestResolve has the shapes that no SDK makes.
func TestResolve(t *testing.T) {
	w := publishWorld(t)
	for bucket, acl := range map[string]store.ACL{"free": store.PublicReadWrite, "shown": store.PublicRead} {
		if _, err := w.config.Store.PutBucket(t.Context(), bucket, acl); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []store.Channel{
		{Bucket: "free", Name: "only"}, {Bucket: "free", Name: "twice"}, {Bucket: "open", Name: "twice"},
		{Bucket: "free", Name: "hidden"}, {Bucket: "demo", Name: "hidden"}, {Bucket: "shown", Name: "shown"},
		{Bucket: "live", Name: "live"},
	} {
		c.Target = store.Target{FragDuration: 2, FragCount: 3}
		if _, err := w.config.Store.PutChannel(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	sign := func(bucket, channel string) url.Values {
		return auth.SignPublish(&auth.Publish{Bucket: bucket, Channel: channel}, key, time.Now().Add(time.Hour))
	}
	mismatch := errors.New("a mismatch")
	for _, c := range []struct {
		name, host, path string
		query            url.Values
		want             target
		err              error
	}{
		{"no bucket, unsigned", "127.0.0.1", "live/only", nil, target{"free", "only"}, nil},
		{"no bucket, unsigned, one of two is private", "127.0.0.1", "live/hidden", nil, target{"free", "hidden"}, nil},
		{"no bucket, unsigned, two are open", "127.0.0.1", "live/twice", nil, target{"", "twice"}, answer.ErrAmbiguous},
		{"no bucket, unsigned, named by the host", "free.localhost", "live/twice", nil, target{"free", "twice"}, nil},
		{"no bucket, unsigned, guessed from the host", "free.oss.example.net", "live/twice", nil, target{"free", "twice"}, nil},
		{"no bucket, unsigned, guessed wrong", "absent.oss.example.net", "live/only", nil, target{"free", "only"}, nil},
		{"no bucket, unsigned, guessed, no name for one", "a.oss.example.net", "live/only", nil, target{"free", "only"}, nil},
		{"no bucket, unsigned, a bucket that all may read", "127.0.0.1", "live/shown", nil, target{"shown", "shown"}, answer.ErrUnsigned},
		{"no bucket, signed for one of two", "127.0.0.1", "live/twice", sign("open", "twice"), target{"open", "twice"}, nil},
		{"no bucket, signed for none", "127.0.0.1", "live/twice", sign("demo", "twice"), target{"open", "twice"}, mismatch},
		{"no bucket, no such channel", "127.0.0.1", "live/absent", nil, target{"", "absent"}, store.ErrNoSuchChannel},
		{"bucket of the host does not exist", "absent.localhost", "live/only", nil, target{"absent", "only"}, store.ErrNoSuchBucket},
		{"CNAME", "LIVE.example.org.", "live/test-channel", sign("examplebucket", "test-channel"), target{"examplebucket", "test-channel"}, nil},
		{"CNAME, signed for another bucket", "live.example.org", "live/test-channel", sign("other", "test-channel"), target{"examplebucket", "test-channel"}, mismatch},
		{"the path outranks the host", "other.localhost", "examplebucket/live/test-channel", sign("examplebucket", "test-channel"), target{"examplebucket", "test-channel"}, nil},
		{"trailing slash", "127.0.0.1", "examplebucket/live/test-channel/", sign("examplebucket", "test-channel"), target{"examplebucket", "test-channel"}, nil},
		{"bucket called live", "127.0.0.1", "live/live/test-channel", sign("live", "test-channel"), target{"live", "test-channel"}, nil},
		{"bucket and channel called live", "127.0.0.1", "live/live/live", sign("live", "live"), target{"live", "live"}, nil},
		{"channel called live, no bucket", "127.0.0.1", "live/live", sign("live", "live"), target{"live", "live"}, nil},
		{"too deep", "127.0.0.1", "a/examplebucket/live/test-channel", nil, target{}, answer.ErrPublishPath},
		{"live left out", "127.0.0.1", "test-channel", sign("examplebucket", "test-channel"), target{}, answer.ErrPublishPath},
		{"another app", "127.0.0.1", "examplebucket/app/test-channel", sign("examplebucket", "test-channel"), target{}, answer.ErrPublishPath},
		{"slash in the channel", "127.0.0.1", "examplebucket/live/test/channel", nil, target{}, answer.ErrPublishPath},
		{"nothing", "127.0.0.1", "", nil, target{}, answer.ErrPublishPath},
	} {
		r := &rtmp.PublishRequest{Host: strings.ToLower(c.host), Path: strings.FieldsFunc(c.path, func(c rune) bool { return c == '/' }), Query: maps.Clone(c.query)}
		got, err := w.resolve(t.Context(), r)
		if err == nil {
			err = w.authorize(t.Context(), got, r.Query)
		}
		var wrong *auth.MismatchError
		if errors.As(err, &wrong) {
			err = mismatch
		}
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: got %v, %v; want %v, %v", c.name, got, err, c.want, c.err)
		}
	}
}

// TestRefusesOtherVersions: a client that signs HTTP with version 4 signs RTMP
// with version 1; what comes with another is refused, with a word on why.
func TestRefusesOtherVersions(t *testing.T) {
	w := newWorld(t)
	for _, query := range []url.Values{
		{"x-oss-signature-version": {"OSS4-HMAC-SHA256"}, "x-oss-signature": {"0"}},
		{"x-oss-signature-version": {"OSS2"}, "x-oss-signature": {"0"}},
		{"Signature": {"x"}, "x-oss-credential": {"x"}},
	} {
		r := w.request("open", "ch", nil) // which needs no signature
		r.Query = query
		_, err := w.Publish(t.Context(), r)
		var refused *rtmp.RejectError
		if !errors.As(err, &refused) || refused.Code != rtmp.CodeDenied || !slices.ContainsFunc([]string{"version 1", "more than one way"}, func(s string) bool { return strings.Contains(refused.Description, s) }) {
			t.Errorf("%v: %v, want it denied with a reason", query, err)
		}
	}
}
