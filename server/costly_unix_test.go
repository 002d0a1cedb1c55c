//go:build unix

package server

import (
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"osslive/auth"
	"osslive/server/door/doortest"
)

// TestCostlyHeads: requests with a head out of all proportion are answered with
// an error document, and cost little.
func TestCostlyHeads(t *testing.T) {
	n := start(t, nil)
	many := func(count int, line string) string {
		var b strings.Builder
		for i := range count {
			fmt.Fprintf(&b, line, i)
		}
		return b.String()
	}
	forged := http.Header{}
	auth.SignRequest(&auth.Request{Method: "GET", Header: forged, Bucket: "demo", Key: "other"}, n.Key, time.Now())
	signed := "Date: " + forged.Get("Date") + "\r\nAuthorization: " + forged.Get("Authorization") + "\r\n"
	const end = " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
	for _, c := range []struct{ name, head, status, code string }{
		{"10,000 parameters", "GET /demo?" + many(10_000, "p%04d&") + end, "414", "RequestURITooLong"},
		{"10,000 short parameters", "GET /demo?" + strings.Repeat("a&", 10_000) + end, "414", "RequestURITooLong"},
		{"500 parameters", "GET /demo?" + many(500, "p%d&") + end, "414", "RequestURITooLong"},
		{"5,000 times the same parameter", "GET /demo?" + strings.Repeat("a&", 5_000) + end, "400", "InvalidArgument"},
		{"1 MiB of path", "GET /demo/" + strings.Repeat("k", 1<<20) + end, "431", "RequestHeaderSectionTooLarge"},
		{"1 MiB of query", "GET /demo?prefix=" + strings.Repeat("p", 1<<20) + end, "431", "RequestHeaderSectionTooLarge"},
		{"60 KiB of path", "GET /demo/" + strings.Repeat("k", 60<<10) + end, "414", "RequestURITooLong"},
		{"1,000 headers", "GET /demo/none" + end + many(1000, "x-oss-meta-%03d: v\r\n"), "404", "NoSuchKey"},
		{"1,000 headers to sign", "GET /demo/none" + end + signed + many(1000, "x-oss-meta-%03d: v\r\n"), "403", "SignatureDoesNotMatch"},
		{"1,000 times the same header", "GET /demo/none" + end + signed + strings.Repeat("x-oss-meta-a: v\r\n", 1000), "400", "InvalidArgument"},
		{"1,000 authorizations", "GET /demo/none" + end + strings.Repeat("Authorization: OSS a:b\r\n", 1000), "400", "InvalidArgument"},
		{"1,000 ranges", "GET /demo/none" + end + "Range: bytes=0-1" + strings.Repeat(",0-1", 1000) + "\r\n", "404", "NoSuchKey"},
		{"10,000 headers", "GET /demo/none" + end + many(10_000, "x%04d: v\r\n"), "431", "RequestHeaderSectionTooLarge"},
	} {
		t.Run(c.name, func(t *testing.T) {
			const times = 3
			began := cpuTime(t)
			for range times {
				answer := doortest.Exchange(t, n.Listen, []byte(c.head+"\r\n"))
				if !strings.HasPrefix(answer, "HTTP/1.1 "+c.status) || !strings.Contains(answer, "<Code>"+c.code+"</Code>") {
					t.Fatalf("got %.300q, want %s %s", answer, c.status, c.code)
				}
			}
			each := (cpuTime(t) - began) / times
			t.Logf("%s %s, both ends: %v of CPU", c.status, c.code, each)
			if each > time.Second { // hundreds of times what it takes: only work that grows with the square gets there
				t.Errorf("%v of CPU, want much less than a second", each)
			}
		})
	}
}

// cpuTime returns what this process, client and server, has spent on a CPU.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
