package console

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"osslive/store"
)

// snippets are programs that run as they are, with the SDKs' packages, against a
// server with the built-in settings; the pages put in those of this server.
var snippets = []snippet{
	{"python.py", "Python", ""}, {"go.txt", "Go", ""}, {"node.js", "Node", ""}, {"Lecture.java", "Java", ""},
}

type snippet struct{ File, Title, Text string }

// What the files are written for.
const (
	writtenEndpoint = "http://127.0.0.1:9000"
	writtenBucket   = "demo"
	writtenID       = "osslive"
	writtenSecret   = "osslive-secret"
)

// maskedSecret stands where the secret is nobody's business.
const maskedSecret = "YOUR-ACCESS-KEY-SECRET"

type snippetsView struct {
	Bucket   string
	Buckets  []store.Bucket
	Masked   bool
	Snippets []snippet
}

func (k *console) snippets(r *http.Request) (string, any, error) {
	buckets, err := k.config.Store.Buckets(r.Context(), "", "", maxBuckets)
	if err != nil {
		return "", nil, err
	}
	v := snippetsView{Bucket: r.FormValue("bucket"), Buckets: buckets.Items, Masked: !k.showsSecret(r)}
	if v.Bucket == "" && len(v.Buckets) > 0 {
		v.Bucket = v.Buckets[0].Name
	}
	for _, s := range snippets {
		if s.Text, err = k.snippet(r, s.File, v.Bucket); err != nil {
			return "", nil, err
		}
		v.Snippets = append(v.Snippets, s)
	}
	return "Snippets", v, nil
}

// showsSecret: the built-in one is no secret, and good for nothing on other machines.
func (k *console) showsSecret(r *http.Request) bool { return k.config.BuiltIn && local(r) }

// snippet returns a file filled in for a bucket.
func (k *console) snippet(r *http.Request, file, bucket string) (string, error) {
	if bucket != "" {
		if _, err := k.config.Store.Bucket(r.Context(), bucket); err != nil {
			return "", err
		}
	}
	text, err := files.ReadFile("snippets/" + file)
	if err != nil {
		return "", fmt.Errorf("snippet: %w", err)
	}
	id, secret := k.config.Key.ID, maskedSecret
	if k.showsSecret(r) {
		secret = k.config.Key.Secret
	}
	var pairs []string
	for _, p := range [][2]string{{writtenEndpoint, k.api(r)}, {writtenSecret, secret}, {writtenID, id}, {writtenBucket, bucket}} {
		for _, quote := range []string{`'`, `"`} {
			pairs = append(pairs, quote+p[0]+quote, quote+escape(p[1], quote)+quote)
		}
	}
	return strings.NewReplacer(pairs...).Replace(string(text)), nil
}

// escape makes text of a literal of any of the languages: a key's ID may be anything.
func escape(text, quote string) string {
	return strings.NewReplacer(`\`, `\\`, quote, `\`+quote, "\n", `\n`, "\r", `\r`).Replace(text)
}

// download of a snippet, ready to run.
func (k *console) snippetFile(w http.ResponseWriter, r *http.Request) {
	file := r.PathValue("file")
	if !slices.ContainsFunc(snippets, func(s snippet) bool { return s.File == file }) {
		k.problem(w, r, store.ErrNoSuchKey)
		return
	}
	text, err := k.snippet(r, file, r.FormValue("bucket"))
	if err != nil {
		k.problem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+file+`"`)
	w.Write([]byte(text))
}
