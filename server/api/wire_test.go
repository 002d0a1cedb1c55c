package api

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"hash/crc64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"osslive/store"
	"osslive/store/boltkv"
	"osslive/store/fileblobs"
	"osslive/store/memstore"
)

// dial connects to a world that listens on loopback.
func (w *world) dial(t *testing.T) net.Conn {
	t.Helper()
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	return conn
}

// TestRequestBorders sends a request whose end can be read in two ways, and a
// canary behind it: the canary is answered as itself or not at all.
func TestRequestBorders(t *testing.T) {
	const smuggled = "GET /bucket/smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
	chunk := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(smuggled), smuggled)
	for name, raw := range map[string]string{
		"plain":                         "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx",
		"two lengths":                   "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 46\r\n\r\n" + smuggled,
		"two equal lengths":             "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
		"list of lengths":               "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nContent-Length: 0, 46\r\n\r\n" + smuggled,
		"length and chunked":            "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk,
		"chunked and length":            "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" + chunk,
		"chunked twice":                 "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk,
		"chunked, identity":             "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n" + chunk,
		"identity":                      "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\nContent-Length: 46\r\n\r\n" + smuggled,
		"chunked with a tab":            "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\tchunked\r\n\r\n" + chunk,
		"chunked with a vertical tab":   "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \x0bchunked\r\nContent-Length: 46\r\n\r\n" + smuggled,
		"xchunked":                      "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\nContent-Length: 46\r\n\r\n" + smuggled,
		"space before the colon":        "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\nContent-Length: 46\r\n\r\n" + smuggled,
		"plus sign":                     "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nContent-Length: +46\r\n\r\n" + smuggled,
		"minus sign":                    "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n" + smuggled,
		"length in hexadecimal":         "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nContent-Length: 0x2e\r\n\r\n" + smuggled,
		"length with a space":           "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4 6\r\n\r\n" + smuggled,
		"length beyond integers":        "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551662\r\n\r\n" + smuggled,
		"empty length":                  "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nContent-Length: \r\n\r\n" + smuggled,
		"folded header":                 "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nX: a\r\n Content-Length: 46\r\nContent-Length: 0\r\n\r\n",
		"folded length":                 "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n 46\r\n\r\n" + smuggled,
		"bare line feeds":               "PUT /bucket/a HTTP/1.1\nHost: h\nContent-Length: 1\n\nx",
		"bare carriage return":          "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nX: a\rContent-Length: 46\r\nContent-Length: 0\r\n\r\n",
		"NUL in a header":               "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nX: a\x00b\r\nContent-Length: 0\r\n\r\n",
		"chunk extension":               "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\nx\r\n0\r\n\r\n",
		"chunk extension with a LF":     "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;a\nx\r\n0\r\n\r\n",
		"negative chunk":                "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n" + smuggled,
		"chunk size with 0x":            "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
		"chunk longer than its size":    "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n0\r\n\r\n",
		"length in a trailer":           "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 46\r\n\r\n",
		"GET with a body":               "GET /bucket/a HTTP/1.1\r\nHost: h\r\nContent-Length: 46\r\n\r\n" + smuggled,
		"GET with a chunked body":       "GET /bucket/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk,
		"HTTP/1.0 chunked":              "PUT /bucket/a HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk,
		"two hosts":                     "PUT /bucket/a HTTP/1.1\r\nHost: h\r\nHost: i\r\nContent-Length: 0\r\n\r\n",
		"no host":                       "PUT /bucket/a HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
		"refused with a body":           "PUT /private-bucket/a HTTP/1.1\r\nHost: h\r\nContent-Length: 46\r\n\r\n" + smuggled,
		"refused with a chunked body":   "PUT /private-bucket/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk,
		"line feed in the request line": "PUT /bucket/a\nHost: h HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
		"two request lines":             "PUT /bucket/a HTTP/1.1 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
		"space in the target":           "PUT /bucket/a b HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.must("PUT", "/bucket", http.Header{"X-Oss-Acl": {"public-read-write"}}, "")
			w.must("PUT", "/private-bucket", nil, "")
			w.must("PUT", "/bucket/canary", nil, "canary")
			w.must("PUT", "/bucket/smuggled", nil, "smuggled")
			conn := w.dial(t)
			go io.WriteString(conn, raw+"GET /bucket/canary HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
			var answers []string
			for br := bufio.NewReader(conn); ; {
				res, err := http.ReadResponse(br, nil)
				if err != nil {
					break
				}
				body, _ := io.ReadAll(res.Body)
				answers = append(answers, fmt.Sprintf("%s %.300s", res.Status, body))
			}
			if len(answers) == 0 || len(answers) > 2 {
				t.Fatalf("%d answers: %q", len(answers), answers)
			}
			for _, a := range answers {
				if strings.HasSuffix(a, " smuggled") {
					t.Errorf("the smuggled request was answered: %q", answers)
				}
			}
			if last := answers[len(answers)-1]; len(answers) == 2 && last != "200 OK canary" && !strings.HasPrefix(last, "400") {
				t.Errorf("the canary got %q", last)
			}
		})
	}
}

// TestExpectContinue: a request that is refused is refused before the client
// may send its body; one that is not gets its 100.
func TestExpectContinue(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	head := func(r *http.Request) string {
		var b bytes.Buffer
		r.Header.Del("Content-Length")
		fmt.Fprintf(&b, "PUT /bucket/key HTTP/1.1\r\nHost: 127.0.0.1:9000\r\nContent-Length: 1000000000\r\nExpect: 100-continue\r\n")
		r.Header.Write(&b)
		return b.String() + "\r\n"
	}
	for _, c := range []struct{ name, head, want string }{
		{"anonymous", head(w.request("PUT", "/bucket/key", nil, nil)), "HTTP/1.1 403 Forbidden"},
		{"forged", head(w.signAs(w.request("PUT", "/bucket/key", nil, nil), target{bucket: "bucket", key: "other"}, nil)), "HTTP/1.1 403 Forbidden"},
		{"owner", head(w.sign(w.request("PUT", "/bucket/key", nil, nil))), "HTTP/1.1 100 Continue"},
	} {
		conn := w.dial(t)
		io.WriteString(conn, c.head)
		got, err := bufio.NewReader(conn).ReadString('\n')
		if strings.TrimSpace(got) != c.want {
			t.Errorf("%s: %q %v, want %q", c.name, got, err, c.want)
		}
		conn.Close()
	}
}

func TestBodyLength(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", http.Header{"X-Oss-Acl": {"public-read-write"}}, "")
	for _, c := range []struct{ name, request, want string }{
		{"no length", "PUT /bucket/key HTTP/1.1\r\nHost: h\r\n\r\n", "411"},
		{"length 0", "PUT /bucket/key HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", "200"},
		{"chunked", "PUT /bucket/key HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "200"},
		{"short", "PUT /bucket/torn HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc", "400"},
		{"torn chunk", "PUT /bucket/torn HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", "400"},
	} {
		conn := w.dial(t)
		io.WriteString(conn, c.request)
		if strings.Contains(c.request, "/torn") { // a server takes the end of the stream for the end of the client
			conn.(*net.TCPConn).CloseWrite()
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !strings.HasPrefix(res.Status, c.want) {
			t.Errorf("%s: %s, want %s", c.name, res.Status, c.want)
		}
	}
	if res, _ := w.do("GET", "/bucket/torn", nil, ""); res.StatusCode != 404 {
		t.Errorf("a torn upload is visible: %s", res.Status)
	}
}

func TestDigests(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	const body = "some bytes"
	sum := md5.Sum([]byte(body))
	good := base64.StdEncoding.EncodeToString(sum[:])
	crc := fmt.Sprint(crc64.Checksum([]byte(body), crc64.MakeTable(crc64.ECMA)))
	for _, c := range []struct {
		name, header, value string
		want                int
	}{
		{"right MD5", "Content-MD5", good, 200},
		{"wrong MD5", "Content-MD5", base64.StdEncoding.EncodeToString(make([]byte, 16)), 400},
		{"short MD5", "Content-MD5", base64.StdEncoding.EncodeToString(make([]byte, 15)), 400},
		{"MD5 in hexadecimal", "Content-MD5", fmt.Sprintf("%x", sum), 400},
		{"right CRC-64", "x-oss-hash-crc64ecma", crc, 200},
		{"wrong CRC-64", "x-oss-hash-crc64ecma", "1", 400},
		{"no CRC-64", "x-oss-hash-crc64ecma", "x", 400},
	} {
		key := "/bucket/" + strings.ReplaceAll(c.name, " ", "-")
		header := http.Header{}
		header.Set(c.header, c.value)
		res, answer := w.do("PUT", key, header, body)
		if res.StatusCode != c.want || c.want == 400 && code(answer) != "InvalidDigest" {
			t.Errorf("%s: %s %s, want %d", c.name, res.Status, code(answer), c.want)
		}
		if c.want == 200 && res.Header.Get("x-oss-hash-crc64ecma") != crc {
			t.Errorf("%s: CRC-64 %s, want %s", c.name, res.Header.Get("x-oss-hash-crc64ecma"), crc)
		}
		if res, _ := w.do("GET", key, nil, ""); (res.StatusCode == 200) != (c.want == 200) {
			t.Errorf("%s: afterwards GET answers %s", c.name, res.Status)
		}
	}
	res, answer := w.do("POST", "/bucket?delete", http.Header{"Content-Md5": {good}}, "<Delete><Object><Key>right-MD5</Key></Object></Delete>")
	if res.StatusCode != 400 || code(answer) != "InvalidDigest" {
		t.Errorf("delete with a wrong MD5: %s %s", res.Status, code(answer))
	}
	w.must("GET", "/bucket/right-MD5", nil, "")
}

// onDisk has a world on the disk backends.
func onDisk(t testing.TB) func(*Config) {
	dir := t.TempDir()
	return func(c *Config) {
		dir, err := os.MkdirTemp(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		kv, err := boltkv.Open(filepath.Join(dir, "meta.db"), boltkv.Options{})
		if err != nil {
			t.Fatal(err)
		}
		blobs, err := fileblobs.Open(filepath.Join(dir, "blobs"), fileblobs.Options{Relaxed: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { kv.Close(); blobs.Close() })
		c.Store = store.New(store.Config{KV: kv, Leases: memstore.NewLeases(), Blobs: blobs, Now: c.Now})
	}
}

// TestLargeObject: memory does not grow with the object, however it comes and goes.
func TestLargeObject(t *testing.T) {
	w := newWorld(t, onDisk(t))
	w.must("PUT", "/bucket", nil, "")
	server := httptest.NewServer(w)
	defer server.Close()

	const size = 32 << 20
	send := func(method, target string, header http.Header, length int64) *http.Response {
		t.Helper()
		var body io.Reader
		if length > 0 {
			body = io.LimitReader(pattern{}, length)
		}
		r, err := http.NewRequest(method, server.URL+target, body)
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = length
		for name, values := range header {
			r.Header.Set(name, values[0])
		}
		path, query, _ := strings.Cut(target, "?")
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		w.signAs(r, plainTarget(path), values)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode >= 300 {
			text, _ := io.ReadAll(res.Body)
			t.Fatalf("%s %s: %s\n%s", method, target, res.Status, text)
		}
		return res
	}
	begin := func(key string) string {
		text, _ := io.ReadAll(send("POST", "/bucket/"+key+"?uploads", nil, 0).Body)
		return between(string(text), "<UploadId>", "</UploadId>")
	}
	for _, way := range []struct {
		name  string
		store func(key string)
	}{
		{"put", func(key string) { send("PUT", "/bucket/"+key, nil, size).Body.Close() }},
		{"copy", func(key string) {
			send("PUT", "/bucket/"+key, http.Header{copyHeader: {"/bucket/put"}}, 0).Body.Close()
		}},
		{"parts", func(key string) {
			id := begin(key)
			for number := range 8 {
				send("PUT", fmt.Sprintf("/bucket/%s?partNumber=%d&uploadId=%s", key, number+1, id), nil, size/8).Body.Close()
			}
			send("POST", "/bucket/"+key+"?uploadId="+id, http.Header{"x-oss-complete-all": {"yes"}}, 0).Body.Close()
		}},
		{"copied parts", func(key string) {
			id := begin(key)
			for number := range 4 {
				from := fmt.Sprintf("bytes=%d-%d", number*size/4, (number+1)*size/4-1)
				send("PUT", fmt.Sprintf("/bucket/%s?partNumber=%d&uploadId=%s", key, number+1, id),
					http.Header{copyHeader: {"/bucket/parts"}, "x-oss-copy-source-range": {from}}, 0).Body.Close()
			}
			send("POST", "/bucket/"+key+"?uploadId="+id, http.Header{"x-oss-complete-all": {"yes"}}, 0).Body.Close()
		}},
		{"append", func(key string) {
			for i := range 8 {
				send("POST", fmt.Sprintf("/bucket/%s?append&position=%d", key, i*size/8), nil, size/8).Body.Close()
			}
		}},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		key := strings.ReplaceAll(way.name, " ", "-")
		way.store(key)
		res := send("GET", "/bucket/"+key, nil, 0)
		sum := crc64.New(crc64.MakeTable(crc64.ECMA))
		n, err := io.Copy(sum, res.Body)
		runtime.ReadMemStats(&after)
		if n != size || err != nil {
			t.Errorf("%s: got %d bytes, %v; want %d", way.name, n, err, size)
		}
		if got, want := res.Header.Get("x-oss-hash-crc64ecma"), fmt.Sprint(sum.Sum64()); got != want {
			t.Errorf("%s: CRC-64: got %s, the bytes have %s", way.name, got, want)
		}
		allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
		t.Logf("%s: %d MiB there and back, %d MiB allocated", way.name, size>>20, allocated)
		if allocated > 8 {
			t.Errorf("%s: %d MiB allocated, want at most 8", way.name, allocated)
		}
	}
}

// plainTarget reads a path without escapes.
func plainTarget(path string) target {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return target{bucket: bucket, key: key}
}

type pattern struct{}

func (pattern) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i)
	}
	return len(p), nil
}
