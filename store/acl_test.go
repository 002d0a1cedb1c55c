package store_test

import (
	"strings"
	"testing"

	"osslive/store"
)

func TestObjectACL(t *testing.T) {
	e := newEnv(t)
	ctx := t.Context()
	putBucket(t, e.Store, "demo")
	put(t, e.Store, "demo", "k", large("x"))
	acl := func(want store.ACL) {
		t.Helper()
		if o, err := e.Object(ctx, "demo", "k"); err != nil || o.ACL != want {
			t.Errorf("ACL: got %q, %v, want %q", o.ACL, err, want)
		}
		e.checkRecords()
	}
	acl("")
	for _, a := range []store.ACL{store.PublicReadWrite, store.Private, ""} {
		if err := e.SetObjectACL(ctx, "demo", "k", a); err != nil {
			t.Error(err)
		}
		acl(a)
		want(t, e.Store, "demo", "k", large("x"))
	}
	if got := invalidRule(e.SetObjectACL(ctx, "demo", "k", "authenticated")); got != "ObjectACL value" {
		t.Errorf("unknown ACL: got %s", got)
	}
	wantErr(t, "no key", e.SetObjectACL(ctx, "demo", "none", store.Private), store.ErrNoSuchKey)
	wantErr(t, "no bucket", e.SetObjectACL(ctx, "none", "k", store.Private), store.ErrNoSuchBucket)
	_, err := e.PutObject(ctx, store.Object{Bucket: "demo", Key: "k", ACL: store.PublicRead}, strings.NewReader(""), store.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	acl(store.PublicRead)
	put(t, e.Store, "demo", "k", "") // a new object has no ACL of its own
	acl("")
}
