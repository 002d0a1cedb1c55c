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

// objectsShown is how many rows a list of objects has.
const objectsShown = 200

type objectsView struct {
	Bucket   store.Bucket
	Prefix   string
	Above    string // the prefix that the folder is in
	Folders  []string
	Objects  []store.Object
	Next     string // marker of the next page, "" at the end
	FirstOne bool   // this is the first page
}

func (k *console) objects(r *http.Request) (string, any, error) {
	bucket, err := k.config.Store.Bucket(r.Context(), r.PathValue("bucket"))
	if err != nil {
		return "", nil, err
	}
	v := objectsView{Bucket: bucket, Prefix: r.FormValue("prefix"), FirstOne: r.FormValue("after") == ""}
	list, err := k.config.Store.ListObjects(r.Context(), bucket.Name, store.ListQuery{
		Prefix: v.Prefix, Delimiter: "/", After: r.FormValue("after"), Limit: objectsShown,
	})
	if err != nil {
		return "", nil, err
	}
	v.Folders, v.Objects, v.Next = list.Prefixes, list.Objects, list.Next
	if inner := strings.TrimSuffix(v.Prefix, "/"); strings.Contains(inner, "/") {
		v.Above = inner[:strings.LastIndexByte(inner, '/')+1]
	}
	return "Objects of " + bucket.Name, v, nil
}

// Name is a key, or a folder, without the folder it is shown in.
func (v objectsView) Name(key string) string { return strings.TrimPrefix(key, v.Prefix) }

type objectView struct {
	store.Object
	Bucket   store.Bucket
	Folder   string
	URL      string // of the API, signed where that is needed
	Playlist bool
	Headers  []header
	Meta     []header
}

type header struct{ Name, Value string }

func headers(m map[string]string) (all []header) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		all = append(all, header{name, m[name]})
	}
	return all
}

// objectLink is how long a link to a private object is good.
const objectLink = time.Hour

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
		v.URL = k.signedURL(r, bucket.Name, o.Key, nil, objectLink)
	}
	return o.Key, v, nil
}

func (k *console) findObject(r *http.Request) (store.Bucket, store.Object, error) {
	bucket, err := k.config.Store.Bucket(r.Context(), r.PathValue("bucket"))
	if err != nil {
		return bucket, store.Object{}, err
	}
	o, err := k.config.Store.Object(r.Context(), bucket.Name, r.FormValue("key"))
	return bucket, o, err
}

// private tells whether an object is read only with a signature.
func private(b store.Bucket, o store.Object) bool {
	return o.ACL == store.Private || o.ACL == "" && b.ACL == store.Private
}

// download sends an object's bytes as a file to keep. They are somebody else's:
// whatever they are, no browser shows or runs them here.
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
	// A browser that stops reading must not hold the file for ever.
	out := http.NewResponseController(w)
	for piece := int64(0); piece < o.Size; {
		out.SetWriteDeadline(time.Now().Add(time.Minute))
		n, err := io.CopyN(w, body, 1<<20)
		piece += n
		if err != nil {
			if !errors.Is(err, io.EOF) && r.Context().Err() == nil {
				k.config.Logger.Debug("download", "bucket", o.Bucket, "key", o.Key, "error", err)
			}
			return
		}
	}
}

// attachment is a Content-Disposition with a name of any characters.
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
