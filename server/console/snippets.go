package console

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"osslive/store"
)

// snippets are example programs for the OSS SDKs. The files run unchanged against a
// server with default settings; the pages replace these by the settings of this server.
var snippets = []snippet{
	{"python.py", "Python", ""}, {"go.txt", "Go", ""}, {"node.js", "Node", ""}, {"Lecture.java", "Java", ""},
}

type snippet struct{ File, Title, Text string }

// The settings in the files, which the pages replace.
const (
	fileEndpoint = "http://127.0.0.1:9000"
	fileBucket   = "demo"
	fileID       = "osslive"
	fileSecret   = "osslive-secret"
)

// maskedSecret replaces a secret that a page must not show.
const maskedSecret = "YOUR-ACCESS-KEY-SECRET"

type snippetsView struct {
	Bucket   string
	Buckets  []store.Bucket
	Masked   bool // the snippets have maskedSecret
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

// showsSecret reports whether the caller may see the secret of the key: only the
// built-in secret, which is public, and only on this machine, where it works.
func (k *console) showsSecret(r *http.Request) bool { return k.config.BuiltIn && local(r) }

// snippet returns the text of a file with the settings of this server and the bucket.
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
	for _, p := range [][2]string{{fileEndpoint, k.apiURL(r)}, {fileSecret, secret}, {fileID, id}, {fileBucket, bucket}} {
		for _, quote := range []string{`'`, `"`} {
			pairs = append(pairs, quote+p[0]+quote, quote+escape(p[1], quote)+quote)
		}
	}
	return strings.NewReplacer(pairs...).Replace(string(text)), nil
}

// escape returns text for a string literal in quote of any of the languages. A key's ID
// may have any characters.
func escape(text, quote string) string {
	return strings.NewReplacer(`\`, `\\`, quote, `\`+quote, "\n", `\n`, "\r", `\r`).Replace(text)
}

// snippetFile sends a snippet as a file to save.
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
