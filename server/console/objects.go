package console

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"osslive/store"
)

// objectsShown is how many folders and objects a page lists.
const objectsShown = 200

type objectsView struct {
	Bucket  store.Bucket
	Prefix  string   // of the folder shown; "" for the bucket
	Parent  string   // prefix of the parent folder
	Folders []string // prefixes
	Objects []store.Object
	Next    string // marker of the next page, "" on the last
}

func (k *console) objects(r *http.Request) (string, any, error) {
	bucket, err := k.config.Store.Bucket(r.Context(), r.PathValue("bucket"))
	if err != nil {
		return "", nil, err
	}
	v := objectsView{Bucket: bucket, Prefix: r.FormValue("prefix")}
	list, err := k.config.Store.ListObjects(r.Context(), bucket.Name, store.ListQuery{
		Prefix: v.Prefix, Delimiter: "/", After: r.FormValue("after"), Limit: objectsShown,
	})
	if err != nil {
		return "", nil, err
	}
	v.Folders, v.Objects, v.Next = list.Prefixes, list.Items, list.Next
	if inner := strings.TrimSuffix(v.Prefix, "/"); strings.Contains(inner, "/") {
		v.Parent = inner[:strings.LastIndexByte(inner, '/')+1]
	}
	return "Objects of " + bucket.Name, v, nil
}

// Name returns a key or a folder's prefix without the prefix of the folder shown.
func (v objectsView) Name(key string) string { return strings.TrimPrefix(key, v.Prefix) }

type objectView struct {
	store.Object
	Bucket   store.Bucket
	Folder   string
	URL      string // at the API, signed if the object is private
	Playlist bool   // the page links to the player
	Headers  []header
	Meta     []header // without the prefix x-oss-meta-
}

type header struct{ Name, Value string }

// headers returns m sorted by name.
func headers(m map[string]string) (all []header) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		all = append(all, header{name, m[name]})
	}
	return all
}

// linkValidity is how long a link to a private object is valid.
const linkValidity = time.Hour

func (k *console) object(r *http.Request) (string, any, error) {
	bucket, o, err := k.findObject(r)
	if err != nil {
		return "", nil, err
	}
	v := objectView{
		Object: o, Bucket: bucket, Folder: o.Key[:strings.LastIndexByte(o.Key, '/')+1], URL: k.objectURL(r, bucket.Name, o.Key),
		Playlist: strings.HasSuffix(o.Key, ".m3u8"), Headers: headers(o.Headers), Meta: headers(o.Meta),
	}
	if private(bucket, o) {
		v.URL = k.signedURL(r, bucket.Name, o.Key, nil, linkValidity)
	}
	return o.Key, v, nil
}

// findObject returns the object that the path and the parameter key name.
func (k *console) findObject(r *http.Request) (store.Bucket, store.Object, error) {
	bucket, err := k.config.Store.Bucket(r.Context(), r.PathValue("bucket"))
	if err != nil {
		return bucket, store.Object{}, err
	}
	o, err := k.config.Store.Object(r.Context(), bucket.Name, r.FormValue("key"))
	return bucket, o, err
}

// private reports whether reading an object needs a signature.
func private(b store.Bucket, o store.Object) bool {
	return o.ACL == store.Private || o.ACL == "" && b.ACL == store.Private
}

// download sends an object as a file to save, whatever its type: a browser must not
// show or run its bytes, which anybody may have uploaded, as a page of the console.
func (k *console) download(w http.ResponseWriter, r *http.Request) {
	_, o, err := k.findObject(r)
	if err != nil {
		k.problem(w, r, err)
		return
	}
	body, err := k.config.Store.OpenObject(r.Context(), o, 0, o.Size)
	if err != nil {
		k.problem(w, r, err)
		return
	}
	defer body.Close()
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", attachment(path.Base(o.Key)))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Content-Length", strconv.FormatInt(o.Size, 10))
	// Each MiB has a deadline: a browser that stops reading must not hold the blob open.
	out := http.NewResponseController(w)
	for sent := int64(0); sent < o.Size; {
		out.SetWriteDeadline(time.Now().Add(time.Minute))
		n, err := io.CopyN(w, body, 1<<20)
		sent += n
		if err != nil {
			if !errors.Is(err, io.EOF) && r.Context().Err() == nil {
				k.config.Logger.Debug("download", "bucket", o.Bucket, "key", o.Key, "error", err)
			}
			return
		}
	}
}

// attachment returns a Content-Disposition that proposes name, which may have any
// characters, as the name of the file.
func attachment(name string) string {
	if v := mime.FormatMediaType("attachment", map[string]string{"filename": name}); v != "" {
		return v
	}
	return "attachment"
}

func (k *console) deleteObject(r *http.Request) (string, error) {
	bucket, key := r.PathValue("bucket"), r.PostFormValue("key")
	if err := k.config.Store.DeleteObject(r.Context(), bucket, key); err != nil {
		return "", fmt.Errorf("delete %q: %w", key, err)
	}
	folder := key[:strings.LastIndexByte(key, '/')+1]
	return "/objects/" + url.PathEscape(bucket) + "?prefix=" + url.QueryEscape(folder), nil
}
