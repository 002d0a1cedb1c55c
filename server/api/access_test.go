package api

import (
	"net/http"
	"strings"
	"testing"

	"osslive/store"
)

// TestAccess sends every operation of the table to a bucket of every ACL and to an
// object of every ACL, as the owner and anonymously. Verdicts are written out, not
// computed.
func TestAccess(t *testing.T) {
	const (
		all   = "private public-read public-read-write"
		read  = "public-read public-read-write"
		write = "public-read-write"
	)
	anonymous := map[string]string{ // the ACLs that let an anonymous caller do it
		"GetObject": read, "HeadObject": read, "GetObjectMeta": read,
		"PutObject": write, "DeleteObject": write, "DeleteMultipleObjects": write, "CopyObject": write, "AppendObject": write,
		"InitiateMultipartUpload": write, "UploadPart": write, "UploadPartCopy": write, "CompleteMultipartUpload": write, "AbortMultipartUpload": write,
	}
	bodies := map[string]string{
		"PutObject":             "x",
		"PutLiveChannel":        "<LiveChannelConfiguration><Target><Type>HLS</Type></Target></LiveChannelConfiguration>",
		"DeleteMultipleObjects": "<Delete><Object><Key>key</Key></Object></Delete>",
	}
	cells := 0
	for _, bucketACL := range strings.Fields(all) {
		for _, objectACL := range strings.Fields("default " + all) {
			for _, route := range routes {
				for _, signed := range []bool{true, false} {
					w := newWorld(t)
					w.must("PUT", "/bucket", http.Header{"X-Oss-Acl": {bucketACL}}, "")
					w.must("PUT", "/bucket/key", http.Header{"X-Oss-Object-Acl": {objectACL}}, "body")
					upload := between(w.must("POST", "/bucket/key?uploads", nil, ""), "<UploadId>", "</UploadId>")
					target := map[level]string{onService: "/", onBucket: "/bucket", onObject: "/bucket/key"}[route.level]
					query, copies := strings.CutSuffix(route.selector, copyHeader)
					if query != "" {
						target += "?" + strings.NewReplacer("uploadId", "uploadId="+upload, "partNumber", "partNumber=1", "position", "position=4").Replace(query)
					}
					header := http.Header{}
					if route.method == "POST" && bodies[route.operation] == "" {
						header.Set("Content-Length", "0")
					}
					if copies {
						header.Set(copyHeader, "/bucket/key")
					}
					send := w.do
					if !signed {
						send = w.anonymous
					}
					res, body := send(route.method, target, header, bodies[route.operation])
					// What concerns the bucket goes by its ACL, and what deletes
					// several objects by the bucket's and theirs.
					counts := []string{bucketACL}
					switch {
					case route.operation == "DeleteMultipleObjects" && objectACL != "default":
						counts = append(counts, objectACL)
					case route.level == onObject && objectACL != "default":
						counts = []string{objectACL}
					}
					want := true
					for _, acl := range counts {
						want = want && strings.Contains(" "+anonymous[route.operation]+" ", " "+acl+" ")
					}
					want = want || signed
					if got := res.StatusCode != http.StatusForbidden; got != want {
						t.Errorf("%s, signed %v, on a %s object in a %s bucket: %s, want allowed %v\n%s",
							route.operation, signed, objectACL, bucketACL, res.Status, want, body)
					}
					cells++
				}
			}
		}
	}
	t.Logf("%d cells", cells)
}

// TestCopyAccess copies from and to buckets and objects of every ACL, anonymously:
// a caller who may not GET the source or PUT the destination may not copy.
func TestCopyAccess(t *testing.T) {
	acls := []string{"private", "public-read", "public-read-write"}
	w := newWorld(t)
	for _, acl := range acls {
		w.must("PUT", "/"+acl, http.Header{"X-Oss-Acl": {acl}}, "")
		for _, own := range append(acls, "default") {
			w.must("PUT", "/"+acl+"/"+own, http.Header{"X-Oss-Object-Acl": {own}}, acl+"/"+own)
		}
	}
	cells := 0
	for _, fromBucket := range acls {
		for _, from := range append(acls, "default", "missing") {
			for _, toBucket := range acls {
				for _, part := range []bool{false, true} {
					source := "/" + fromBucket + "/" + from
					get, _ := w.anonymous("GET", source, nil, "")
					target := "/" + toBucket + "/copy"
					if part {
						upload := between(w.must("POST", target+"?uploads", nil, ""), "<UploadId>", "</UploadId>")
						target += "?partNumber=1&uploadId=" + upload
					}
					res, body := w.anonymous("PUT", target, http.Header{copyHeader: {source}}, "")
					want := get.StatusCode
					if toBucket != "public-read-write" {
						want = 403
					}
					if res.StatusCode != want {
						t.Errorf("%s to %s, part %v: %s, want %d\n%s", source, toBucket, part, res.Status, want, body)
					}
					if strings.Contains(body, "<Key>copy</Key>") {
						t.Errorf("%s: the answer names the destination as missing: %s", source, body)
					}
					cells++
				}
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
