package server

import (
	"errors"
	"io"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"osslive/rtmp"
	"osslive/rtmp/flv"
	"osslive/server/door"
	"osslive/server/door/doortest"
)

// reached returns how often the metrics say a limit was gone over; "" if never.
func reached(t *testing.T, n *Server, protocol, limit string) string {
	t.Helper()
	_, text := get(t, "http://"+n.Admin+"/metrics")
	m := regexp.MustCompile(`(?m)^osslive_limits_reached_total\{limit="` + limit + `",protocol="` + protocol + `"\} (\d+)$`).FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return m[1]
}

// TestLimitsAreCounted: what ends a publisher or its connection is in the metrics
// under the limit's name. That each limit of RTMP ends one: package rtmp.
func TestLimitsAreCounted(t *testing.T) {
	n := start(t, nil)
	for limit, tag := range map[string]flv.Tag{
		"DataMessage": {Type: flv.Script, Data: make([]byte, 65<<10)},
		"BadMessages": {Type: flv.Video, Data: []byte{0x17, 0, 0, 0, 0, 9}},
	} {
		client, err := rtmp.Dial(t.Context(), publishURL(n, n.Listen))
		if err != nil {
			t.Fatal(err)
		}
		var refused *rtmp.RejectError
		eventually(t, "a refusal", func() bool { return errors.As(client.WriteTag(tag), &refused) })
		client.Close()
		eventually(t, limit+" counted", func() bool { return reached(t, n, "rtmp", limit) == "1" })
		t.Logf("%s: %s", limit, refused.Description)
	}
}

// TestHTTPLimitsAreCounted goes over each limit of HTTP.
func TestHTTPLimitsAreCounted(t *testing.T) {
	configured := door.Limits{Connections: 3, Header: 100 * time.Millisecond, Idle: 100 * time.Millisecond}
	reach := map[string]func(t *testing.T, n *Server){
		"connections": func(t *testing.T, n *Server) {
			for range configured.Connections + 1 {
				connect(t, n.Listen)
			}
		},
		"header": func(t *testing.T, n *Server) { io.WriteString(connect(t, n.Listen), "GET / HT") },
		"idle": func(t *testing.T, n *Server) {
			if err := ask(connect(t, n.Listen)); err != nil {
				t.Error(err)
			}
		},
		"headSize": func(t *testing.T, n *Server) {
			doortest.Exchange(t, n.Listen, []byte("GET / HTTP/1.1\r\nHost: h\r\nX: "+strings.Repeat("x", 80<<10)+"\r\n\r\n"))
		},
	}
	for i := range reflect.TypeFor[door.Limits]().NumField() {
		if name := strings.ToLower(reflect.TypeFor[door.Limits]().Field(i).Name); reach[name] == nil {
			t.Errorf("no test reaches the limit %s", name)
		}
	}
	for name, do := range reach {
		t.Run(name, func(t *testing.T) {
			n := start(t, func(c *Config) { c.limits = configured })
			do(t, n)
			eventually(t, name+" counted", func() bool { return reached(t, n, "http", name) == "1" })
			for other := range reach {
				if other != name && !(name == "connections" && other == "header") && reached(t, n, "http", other) != "" {
					t.Errorf("the limit %s is counted as well", other)
				}
			}
		})
	}
}

// TestWhatIsLeftOut: media that cannot be read is counted and told of once, and
// so is what comes to the RTMP port by mistake.
func TestWhatIsLeftOut(t *testing.T) {
	var log logBuffer
	n := start(t, func(c *Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	})
	client, err := rtmp.Dial(t.Context(), publishURL(n, n.Listen))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := client.WriteTag(flv.Tag{Type: flv.Video, Data: []byte{0x17, 0, 0, 0, 0, 9}}); err != nil {
			t.Fatal(err)
		}
	}
	client.Close()
	eventually(t, "malformed tags counted", func() bool {
		_, text := get(t, "http://"+n.Admin+"/metrics")
		return strings.Contains(text, "\nosslive_ingest_malformed_total 3\n")
	})
	doortest.Exchange(t, n.RTMP, []byte("GET / HTTP/1.1\r\n\r\n"))
	for _, want := range []string{`msg="malformed media dropped"`, "this looks like HTTP"} {
		eventually(t, want+" logged", func() bool { return strings.Count(log.String(), want) == 1 })
	}
}

// TestSecondHead: a head that stalls behind an answered request is a head that
// stalls, not an idle connection; and what RTMP waits for is neither.
func TestSecondHead(t *testing.T) {
	n := start(t, func(c *Config) {
		c.limits = door.Limits{Connections: 10, Header: 100 * time.Millisecond, Idle: time.Minute}
		c.PublisherIdle = 200 * time.Millisecond
	})
	c := connect(t, n.Listen)
	if err := ask(c); err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "GET / HT")
	eventually(t, "the head counted", func() bool { return reached(t, n, "http", "header") == "1" })

	client, err := rtmp.Dial(t.Context(), publishURL(n, n.Listen))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	eventually(t, "the publisher's silence counted", func() bool { return reached(t, n, "rtmp", "Idle") == "1" })
	if got := reached(t, n, "http", "header"); got != "1" {
		t.Errorf("heads that stalled: got %s, want 1", got)
	}
}
