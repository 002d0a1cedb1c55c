package api

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"osslive/store"
)

// slow is a world with a short grace.
func slow(t *testing.T, grace time.Duration) *world {
	w := newWorld(t)
	w.must("PUT", "/bucket", http.Header{"X-Oss-Acl": {"public-read-write"}}, "")
	w.pace = pace{grace: grace, rate: 1 << 20}
	return w
}

// TestSlowUpload: a body that drips ends with RequestTimeout and leaves nothing,
// and while it does others write to the same key.
func TestSlowUpload(t *testing.T) {
	const grace = 200 * time.Millisecond
	for name, head := range map[string]string{
		"put":    "PUT /bucket/key HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n",
		"chunks": "PUT /bucket/key HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n",
		"append": "POST /bucket/key?append&position=0 HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n",
		"delete": "POST /bucket?delete HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			w := slow(t, grace)
			conn := w.dial(t)
			began := time.Now()
			io.WriteString(conn, head+"x")
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			if took := time.Since(began); took < grace/2 || res.StatusCode != 400 || code(string(body)) != "RequestTimeout" {
				t.Errorf("after %v: %s\n%s", took, res.Status, body)
			}
			// Nothing more is read from it.
			if _, err := io.ReadAll(conn); err != nil && !strings.Contains(err.Error(), "reset") {
				t.Errorf("the connection stays: %v", err)
			}
			l, err := w.config.Store.ListObjects(t.Context(), "bucket", store.ListQuery{})
			if err != nil || len(l.Items) != 0 {
				t.Errorf("objects: got %v, %v", l.Items, err)
			}
		})
	}
}

// TestManySlowUploads: 100 of them to one key do not delay others, and leave no bytes
// behind.
func TestManySlowUploads(t *testing.T) {
	w := slow(t, 500*time.Millisecond)
	server := httptest.NewServer(w)
	defer server.Close()
	var conns []net.Conn
	for range 100 {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		fmt.Fprintf(conn, "PUT /bucket/key HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n%s", strings.Repeat("x", 100_000))
		conns = append(conns, conn)
	}
	began := time.Now()
	res, err := http.Post(server.URL+"/bucket/key?append&position=0", "text/plain", strings.NewReader("quick"))
	if err != nil || res.StatusCode != 200 {
		t.Errorf("an upload meanwhile: %v, %v", res, err)
	}
	t.Logf("an upload among %d slow ones took %v", len(conns), time.Since(began).Round(time.Millisecond))
	for _, conn := range conns {
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode != 400 {
			t.Errorf("a slow one: %v, %v", res, err)
		}
	}
	if got := w.must("GET", "/bucket/key", nil, ""); got != "quick" {
		t.Errorf("key: got %.20q", got)
	}
	report, err := w.config.Store.Recover(t.Context())
	if err != nil || report.Blobs != 0 {
		t.Errorf("blobs of slow uploads left: %d, %v", report.Blobs, err)
	}
}

// TestPaceKept: a body at the demanded pace is taken however long that lasts, and
// a handler may take longer than any deadline once it has the body.
func TestPaceKept(t *testing.T) {
	w := slow(t, 100*time.Millisecond)
	w.pace.rate = 1000
	conn := w.dial(t)
	io.WriteString(conn, "PUT /bucket/key HTTP/1.1\r\nHost: h\r\nContent-Length: 6000\r\n\r\n")
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for range 6 { // 1,000 bytes in 50 ms: twenty times as fast as demanded
		io.WriteString(conn, strings.Repeat("x", 1000))
		<-ticker.C
	}
	reader := bufio.NewReader(conn)
	res, err := http.ReadResponse(reader, nil)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("upload: %v, %v", res, err)
	}
	// The connection is none the worse: its deadlines are gone.
	<-time.After(2 * w.pace.grace) // when any that is left would have passed
	io.WriteString(conn, "GET /bucket/key HTTP/1.1\r\nHost: h\r\n\r\n")
	if res, err = http.ReadResponse(reader, nil); err != nil || res.StatusCode != 200 {
		t.Fatalf("on the same connection: %v, %v", res, err)
	}
	if body, err := io.ReadAll(res.Body); len(body) != 6000 || err != nil {
		t.Errorf("got %d bytes, %v", len(body), err)
	}
}

// TestRefusedBody: a body that is not read does not hold the connection.
func TestRefusedBody(t *testing.T) {
	w := slow(t, 100*time.Millisecond)
	conn := w.dial(t)
	io.WriteString(conn, "PUT /none/key HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nx")
	reader := bufio.NewReader(conn)
	res, err := http.ReadResponse(reader, nil)
	if err != nil || res.StatusCode != 404 {
		t.Fatalf("got %v, %v", res, err)
	}
	io.Copy(io.Discard, res.Body)
	if _, err := reader.ReadByte(); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("the connection stays: %v", err)
	}
}

// TestSlowDownload: a reader that takes nothing is cut off, one that takes a little
// at a time is served; from files, which the kernel sends, as from memory.
func TestSlowDownload(t *testing.T) {
	const size = 16 << 20
	for backend, configure := range map[string]func(*Config){"memory": func(*Config) {}, "disk": onDisk(t)} {
		for name, takes := range map[string]bool{"takes nothing": false, "takes its time": true} {
			t.Run(backend+", "+name, func(t *testing.T) {
				w := newWorld(t, configure)
				w.must("PUT", "/bucket", http.Header{"X-Oss-Acl": {"public-read"}}, "")
				w.must("PUT", "/bucket/large", nil, strings.Repeat("x", size))
				w.pace = pace{grace: 200 * time.Millisecond, rate: 1 << 20}
				ended := make(chan struct{})
				server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					defer close(ended)
					w.ServeHTTP(rw, r)
				}))
				defer server.Close()
				conn, err := net.Dial("tcp", server.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(10 * time.Second))
				conn.(*net.TCPConn).SetReadBuffer(64 << 10)
				io.WriteString(conn, "GET /bucket/large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
				if !takes {
					<-ended
				}
				res, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				pauses := time.NewTicker(20 * time.Millisecond)
				defer pauses.Stop()
				n := int64(0)
				for err == nil {
					var m int64
					m, err = io.CopyN(io.Discard, res.Body, 1<<20)
					n += m
					<-pauses.C
				}
				if whole := n == size; whole != takes {
					t.Errorf("got %d of %d bytes", n, size)
				}
			})
		}
	}
}
