package api

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"osslive/auth"
	"osslive/server/refusal"
)

func TestAccessLog(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	w.must("PUT", "/bucket/key", nil, "12345")
	w.log.Reset()
	signed := auth.SignURL(&auth.Request{Method: "GET", Header: http.Header{}, Bucket: "bucket", Key: "key", Query: url.Values{}}, testKey, w.clock.Add(time.Hour))
	res, _ := w.read(w.serve(w.request("GET", "/bucket/key?"+signed.Encode(), nil, nil)))
	line := w.log.String()
	for _, want := range []string{
		"request_id=" + res.Header.Get("x-oss-request-id"), "operation=GetObject", "method=GET", "bucket=bucket", "key=key", "status=200", "bytes=5", "took=", "caller=ak",
	} {
		if !strings.Contains(line, want) {
			t.Errorf("the log lacks %q: %s", want, line)
		}
	}
	if strings.Contains(line, signed.Get("Signature")) || strings.Contains(line, url.QueryEscape(signed.Get("Signature"))) {
		t.Errorf("the log has the signature: %s", line)
	}
	if strings.Count(line, "\n") != 1 {
		t.Errorf("want one line: %s", line)
	}
	w.log.Reset()
	w.do("GET", "/bucket/a%0Alevel=ERROR", nil, "")
	if strings.Count(w.log.String(), "\n") != 1 {
		t.Errorf("a key broke the line: %s", w.log.String())
	}
}

func TestRequestMetrics(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	w.do("GET", "/bucket/none", nil, "")
	w.do("GET", "/bucket/none", nil, "")
	w.anonymous("GET", "/bucket?never-heard-of&lifecycle", nil, "")
	families, err := w.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			got[name] = m.GetCounter().GetValue()
		}
	}
	for name, want := range map[string]float64{
		"osslive_http_requests_total PutBucket 200":  1,
		"osslive_http_requests_total GetObject 404":  2,
		"osslive_http_refusals_total NoSuchKey":      2,
		"osslive_http_requests_total Unknown 501":    1,
		"osslive_http_refusals_total NotImplemented": 1,
	} {
		if got[name] != want {
			t.Errorf("%s = %v, want %v", name, got[name], want)
		}
	}
}

func TestRequestIDs(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := refusal.NewID()
		if !requestIDPattern.MatchString(id) || seen[id] {
			t.Fatalf("request ID %q is malformed or a repetition", id)
		}
		seen[id] = true
	}
}

// TestHeaderNames: on the wire names are as the service writes them, those of the
// user's metadata among them.
func TestHeaderNames(t *testing.T) {
	w := newWorld(t)
	w.do("PUT", "/bucket", nil, "")
	w.do("PUT", "/bucket/key", http.Header{"X-Oss-Object-Acl": {"public-read"}, "X-Oss-Meta-Size": {"1"}}, "body")
	web := httptest.NewServer(w.Server)
	defer web.Close()
	for key, names := range map[string][]string{
		"none": {"x-oss-request-id", "x-oss-server-time", "x-oss-ec", "x-oss-err"},
		"key":  {"x-oss-request-id", "x-oss-object-type", "x-oss-hash-crc64ecma", "x-oss-meta-size", "ETag", "Content-MD5"},
	} {
		c, err := net.Dial("tcp", web.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "HEAD /bucket/%s HTTP/1.0\r\n\r\n", key)
		answer, err := io.ReadAll(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.Count(string(answer), "\r\n"+name+": ") != 1 {
				t.Errorf("not one %s in\n%s", name, answer)
			}
		}
	}
}
