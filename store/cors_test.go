package store_test

import (
	"reflect"
	"strings"
	"testing"

	"osslive/store"
)

func TestCORS(t *testing.T) {
	e := newMemoryEnv(t)
	ctx := t.Context()
	putBucket(t, e.Store, "demo")
	_, err := e.CORS(ctx, "demo")
	wantErr(t, "before", err, store.ErrNoSuchCORS)
	c := store.CORS{ResponseVary: true, Rules: []store.CORSRule{
		{AllowedOrigins: []string{"https://*.example.com", "*"}, AllowedMethods: []string{"GET", "PUT"}, AllowedHeaders: []string{"x-oss-*"}, ExposeHeaders: []string{"ETag"}, MaxAge: 60},
		{AllowedOrigins: []string{"http://a"}, AllowedMethods: []string{"DELETE", "POST", "HEAD"}},
	}}
	if err := e.SetCORS(ctx, "demo", c); err != nil {
		t.Fatal(err)
	}
	if got, err := e.CORS(ctx, "demo"); err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("got %+v, %v, want %+v", got, err, c)
	}
	e.reopen()
	e.checkRecords()
	// Rules end with their bucket.
	if err := e.DeleteBucket(ctx, "demo"); err != nil {
		t.Fatal(err)
	}
	_, err = e.CORS(ctx, "demo")
	wantErr(t, "without the bucket", err, store.ErrNoSuchBucket)
	wantErr(t, "SetCORS without the bucket", e.SetCORS(ctx, "demo", c), store.ErrNoSuchBucket)
	wantErr(t, "DeleteCORS without the bucket", e.DeleteCORS(ctx, "demo"), store.ErrNoSuchBucket)
	putBucket(t, e.Store, "demo")
	_, err = e.CORS(ctx, "demo")
	wantErr(t, "of a new bucket", err, store.ErrNoSuchCORS)
	if err := e.SetCORS(ctx, "demo", c); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := e.DeleteCORS(ctx, "demo"); err != nil {
			t.Errorf("DeleteCORS: %v", err)
		}
	}
	_, err = e.CORS(ctx, "demo")
	wantErr(t, "after DeleteCORS", err, store.ErrNoSuchCORS)
	e.checkRecords()
}

func TestCORSInvalid(t *testing.T) {
	s, _ := newMemory(t)
	putBucket(t, s, "demo")
	rule := func(change func(*store.CORSRule)) store.CORS {
		r := store.CORSRule{AllowedOrigins: []string{"*"}, AllowedMethods: []string{"GET"}}
		change(&r)
		return store.CORS{Rules: []store.CORSRule{r}}
	}
	for want, c := range map[string]store.CORS{
		"CORSRule range":       {},
		"CORSRule missing":     rule(func(r *store.CORSRule) { r.AllowedMethods = nil }),
		"AllowedMethod value":  rule(func(r *store.CORSRule) { r.AllowedMethods = []string{"GET", "PATCH"} }),
		"AllowedOrigin value":  rule(func(r *store.CORSRule) { r.AllowedOrigins = []string{"http://*.*"} }),
		"AllowedHeader value":  rule(func(r *store.CORSRule) { r.AllowedHeaders = []string{"x\r\ny"} }),
		"ExposeHeader value":   rule(func(r *store.CORSRule) { r.ExposeHeaders = []string{"*"} }),
		"MaxAgeSeconds range":  rule(func(r *store.CORSRule) { r.MaxAge = 1_000_000_000 }),
		"CORSRule range ":      {Rules: make([]store.CORSRule, store.MaxCORSRules+1)},
		"CORSRule missing ":    rule(func(r *store.CORSRule) { r.AllowedOrigins = nil }),
		"AllowedOrigin value ": rule(func(r *store.CORSRule) { r.AllowedOrigins = []string{""} }),
		"MaxAgeSeconds range ": rule(func(r *store.CORSRule) { r.MaxAge = -1 }),
	} {
		if got := invalidRule(s.SetCORS(t.Context(), "demo", c)); got != strings.TrimSpace(want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	_, err := s.CORS(t.Context(), "demo")
	wantErr(t, "afterwards", err, store.ErrNoSuchCORS)
}
