package server

import (
	"net/http"
	"strings"
	"testing"

	"osslive/store"
)

// TestAccess sends every operation of the table to a bucket of every ACL, as
// the owner and as nobody. Verdicts are written out, not computed.
func TestAccess(t *testing.T) {
	const (
		all   = "private public-read public-read-write"
		read  = "public-read public-read-write"
		write = "public-read-write"
	)
	anonymous := map[string]string{ // the ACLs that let an anonymous caller do it
		"GetObject": read, "HeadObject": read, "GetObjectMeta": read,
		"PutObject": write, "DeleteObject": write, "DeleteMultipleObjects": write,
	}
	bodies := map[string]string{
		"PutObject":             "x",
		"PutLiveChannel":        "<LiveChannelConfiguration><Target><Type>HLS</Type></Target></LiveChannelConfiguration>",
		"DeleteMultipleObjects": "<Delete><Object><Key>other</Key></Object></Delete>",
	}
	cells := 0
	for _, acl := range strings.Fields(all) {
		for _, route := range routes {
			for _, signed := range []bool{true, false} {
				w := newWorld(t)
				w.must("PUT", "/bucket", http.Header{"X-Oss-Acl": {acl}}, "")
				w.must("PUT", "/bucket/key", nil, "body")
				target := map[level]string{onService: "/", onBucket: "/bucket", onObject: "/bucket/key"}[route.level]
				if route.selector != "" {
					target += "?" + route.selector
				}
				send := w.do
				if !signed {
					send = w.anonymous
				}
				res, body := send(route.method, target, nil, bodies[route.operation])
				got := res.StatusCode != http.StatusForbidden
				want := signed || strings.Contains(" "+anonymous[route.operation]+" ", " "+acl+" ")
				if got != want {
					t.Errorf("%s, signed %v, on a %s bucket: %s, want allowed %v\n%s", route.operation, signed, acl, res.Status, want, body)
				}
				cells++
			}
		}
	}
	t.Logf("%d cells", cells)
}

func TestAllowed(t *testing.T) {
	for _, c := range []struct {
		acl       store.ACL
		anonymous bool
		action    action
		want      bool
	}{
		{store.Private, false, ownerOnly, true},
		{store.Private, false, writeObject, true},
		{store.Private, true, readObject, false},
		{store.Private, true, writeObject, false},
		{store.PublicRead, true, readObject, true},
		{store.PublicRead, true, writeObject, false},
		{store.PublicRead, true, listObjects, false},
		{store.PublicRead, true, ownerOnly, false},
		{store.PublicReadWrite, true, readObject, true},
		{store.PublicReadWrite, true, writeObject, true},
		{store.PublicReadWrite, true, listObjects, false},
		{store.PublicReadWrite, true, ownerOnly, false},
		{"", true, readObject, false},
		{store.PublicReadWrite, true, action(99), false},
	} {
		if got := allowed(c.acl, c.anonymous, c.action); got != c.want {
			t.Errorf("allowed(%q, anonymous %v, action %d) = %v, want %v", c.acl, c.anonymous, c.action, got, c.want)
		}
	}
}

func TestAnonymousOnMissingBucket(t *testing.T) {
	w := newWorld(t)
	if res, body := w.anonymous("GET", "/no-such-bucket/key", nil, ""); res.StatusCode != 404 || code(body) != "NoSuchBucket" {
		t.Errorf("got %s %s, want 404 NoSuchBucket", res.Status, code(body))
	}
}
