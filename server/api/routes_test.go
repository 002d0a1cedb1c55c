package api

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// apiTable renders the route table as doc/api.md shows it.
func apiTable() string {
	var b strings.Builder
	b.WriteString("| operation | request |\n| --- | --- |\n")
	where := map[level]string{onService: "/", onBucket: "/bucket", onObject: "/bucket/key"}
	for _, route := range routes {
		target := where[route.level]
		switch {
		case route.operation == "PostVodPlaylist":
			target = "/bucket/channel/playlist.m3u8"
		case route.selector == "vod", strings.HasPrefix(route.selector, "live") && route.level == onObject:
			target = "/bucket/channel"
		}
		query, copies := strings.CutSuffix(route.selector, copyHeader)
		if query = strings.TrimSuffix(query, "&"); query != "" {
			target += "?" + query
		}
		with := ""
		if copies {
			with = " with `" + copyHeader + "`"
		}
		fmt.Fprintf(&b, "| %s | `%s %s`%s |\n", route.operation, route.method, target, with)
	}
	return b.String()
}

// TestAPITable holds the table of doc/api.md to what is routed.
func TestAPITable(t *testing.T) {
	got := apiTable()
	if *update {
		if err := os.WriteFile("testdata/api.md", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/api.md")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	const page, begin, end = "../../doc/api.md", "<!-- api -->", "<!-- /api -->"
	table := markedPart(t, page, begin, end)
	if *update {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.Replace(text, []byte(begin+table+end), []byte(begin+"\n"+got+end), 1)
		if err := os.WriteFile(page, text, 0o644); err != nil {
			t.Fatal(err)
		}
		table = got
	}
	if strings.TrimSpace(table) != strings.TrimSpace(got) {
		t.Errorf("the API table of doc/api.md differs from the routes (-update writes it):\n%s", got)
	}
}

// TestREADMEOperations: README's table by group has each routed operation once, and
// nothing else.
func TestREADMEOperations(t *testing.T) {
	table := markedPart(t, "../../README.md", "<!-- operations -->", "<!-- /operations -->")
	named := map[string]int{}
	for _, m := range regexp.MustCompile("`([^`]*)`").FindAllStringSubmatch(table, -1) {
		named[m[1]]++
	}
	for name, times := range named {
		if times > 1 {
			t.Errorf("README names %s %d times, want once", name, times)
		}
	}
	routed := map[string]bool{}
	for _, route := range routes {
		routed[route.operation] = true
		if named[route.operation] == 0 {
			t.Errorf("README does not name %s", route.operation)
		}
	}
	for name := range named {
		if !routed[name] {
			t.Errorf("README names %s, which is not routed", name)
		}
	}
}

// markedPart returns the text of a file between two marks, which it must have.
func markedPart(t *testing.T, file, begin, end string) string {
	t.Helper()
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(page), begin)
	text, _, closed := strings.Cut(rest, end)
	if !ok || !closed || strings.TrimSpace(text) == "" {
		t.Fatalf("%s has no table between %s and %s", file, begin, end)
	}
	return text
}

// TestUnknownSubresources asks for everything that has no route: none of it
// may read or write an object.
func TestUnknownSubresources(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	w.must("PUT", "/bucket/key", nil, "before")
	routed := map[string]bool{}
	for _, route := range routes {
		routed[route.method+" "+string(route.level)+" "+route.selector] = true
	}
	for _, name := range subresources {
		for _, method := range []string{"GET", "PUT", "POST", "DELETE"} {
			for level, target := range map[level]string{onBucket: "/bucket", onObject: "/bucket/key"} {
				if routed[method+" "+string(level)+" "+selectorOf(name)] {
					continue
				}
				if name == "list-type" {
					continue // a parameter of ListObjects alone
				}
				if name == "append" && method == "POST" && level == onObject {
					continue // AppendObject without its position
				}
				for _, form := range []string{"?", "?x=1&"} {
					res, body := w.do(method, target+form+name, nil, "")
					if res.StatusCode != 501 && res.StatusCode != 405 {
						t.Errorf("%s %s: %s %s", method, target+form+name, res.Status, code(body))
					}
					if res.StatusCode == 501 && !strings.Contains(body, name) {
						t.Errorf("%s %s: the answer does not name it: %s", method, target+form+name, body)
					}
				}
			}
		}
	}
	if got := w.must("GET", "/bucket/key", nil, ""); got != "before" {
		t.Errorf("object = %q, want it untouched", got)
	}
}

// TestNewSubresources: what the service may offer tomorrow is not carried out as a
// plain write today.
func TestNewSubresources(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	w.must("PUT", "/full", nil, "")
	w.must("PUT", "/full/key", nil, "before")
	for _, c := range []struct{ method, target string }{
		{"DELETE", "/bucket?overwriteConfig"}, {"DELETE", "/bucket?tomorrow"}, {"PUT", "/full/key?retention"},
		{"PUT", "/full/key?tomorrow="}, {"DELETE", "/full/key?tomorrow"}, {"POST", "/full/key?append&position=0&seal"},
		{"POST", "/full"}, // PostObject
	} {
		if res, body := w.do(c.method, c.target, nil, "after"); res.StatusCode != 501 {
			t.Errorf("%s %s: %s %s, want 501", c.method, c.target, res.Status, code(body))
		}
	}
	if got := w.must("GET", "/full/key", nil, ""); got != "before" {
		t.Errorf("object = %q, want it untouched", got)
	}
	w.must("GET", "/bucket?acl", nil, "") // still there
}

func selectorOf(name string) string {
	if name == "comp" {
		return "comp="
	}
	return name
}

// TestUnsignedParameters adds each sub-resource to a URL that was signed
// without it: the request must be refused.
func TestUnsignedParameters(t *testing.T) {
	w := newWorld(t)
	w.must("PUT", "/bucket", nil, "")
	w.must("PUT", "/bucket/key", nil, "body")
	for _, name := range append([]string{"response-content-type", "startTime", "endTime", "security-token"}, subresources...) {
		want := 403
		switch name {
		case "list-type", "accessmonitor", "policyStatus", "regions", "accessPointConfigForObjectProcess",
			"accessPointForObjectProcess", "accessPointPolicyForObjectProcess", "cleanRestoredObject", "legalHold",
			"objectWorm", "overwriteConfig", "retention", "seal", "userDefinedLogFieldsConfig":
			want = 501 // not in the list of what a V1 signature covers, and not carried out either
		}
		if name == "list-type" {
			continue // of a bucket only
		}
		r := w.sign(w.request("GET", "/bucket/key", nil, nil))
		r.RequestURI += "?" + name + "=x"
		if res, body := w.read(w.serve(r)); res.StatusCode != want {
			t.Errorf("%s added: %s %s, want %d", name, res.Status, code(body), want)
		}
	}
	r := w.sign(w.request("GET", "/bucket/key", nil, nil))
	r.RequestURI += "?unknown=x"
	if res, body := w.read(w.serve(r)); res.StatusCode != 200 || body != "body" {
		t.Errorf("an unknown parameter: %s %q, want no effect", res.Status, body)
	}
}
