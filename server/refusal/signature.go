package refusal

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"mime"
	"net/url"
	"path"
	"slices"
	"strings"

	"osslive/auth"
)

// hypothesis is a mistake that people make, and how to see that it was made.
type hypothesis struct {
	cause string
	test  func(q *question) (Cause, bool)
}

// provable are the mistakes that make a signature wrong and can be undone: where
// undoing one makes it right, it was made. The first that is right counts.
var provable = []hypothesis{
	{"plus-space", plusBecameSpace},
	{"signature-encoded", signatureEncoded},
	{"signature-extra", signatureExtra},
	{"key-decoded", urlDecoded},
	{"token-unsigned", tokenUnsigned},
	{"secret-whitespace", secretWhitespace},
	{"wrong-secret", knownSecret},
	{"secret-encoded", secretEncoded},
	{"content-type", contentType},
	{"content-md5", contentMD5Added},
	{"header-added", headerAdded},
	{"header-missing", headerMissing},
	{"method", otherMethod},
	{"sub-resource-missing", subResource},
	{"parameter-changed", playlistName},
	{"parameter-added", parameterAdded},
	{"parameter-removed", parameterRemoved},
	{"region", otherRegion},
	{"key-double-encoded", keyEncodedAgain},
	{"key-encoding", keyEncoding},
	{"key-slash", keySlash},
	{"bucket-in-endpoint", bucketInEndpoint},
	{"host-changed", bucketLost},
	{"other-target", otherTarget},
	{"host-signed", hostSigned},
	{"date-changed", dateChanged},
}

// yes is what a hypothesis answers that has been proved. The values go into the
// title; texts among them are made fit to be shown.
func (q *question) yes(title, fix string, values ...any) (Cause, bool) {
	c, _ := q.perhaps(title, fix, values...)
	c.Proof = true
	return c, true
}

// perhaps is what a hypothesis answers that fits without being proved.
func (q *question) perhaps(title, fix string, values ...any) (Cause, bool) {
	for i, v := range values {
		if text, ok := v.(string); ok {
			values[i] = cut(q.plain(text), maxText)
		}
	}
	return Cause{Title: fmt.Sprintf(title, values...), Fix: fix}, true
}

func no() (Cause, bool) { return Cause{}, false }

func plusBecameSpace(q *question) (Cause, bool) {
	if q.proves(func(r *auth.Request) { q.claim.sign(r, strings.ReplaceAll(q.claim.signature, " ", "+")) }) {
		return q.yes("The signature has a plus that was not escaped, and became a space on the way.",
			"Percent-encode the signature in the URL: a plus is %2B. Do not decode a signed URL before it is used.")
	}
	if strings.Contains(q.claim.token, " ") && q.proves(func(r *auth.Request) {
		token := strings.ReplaceAll(q.claim.token, " ", "+")
		for _, name := range []string{"security-token", "x-oss-security-token", "SecurityToken"} {
			if r.Query.Has(name) {
				r.Query.Set(name, token)
			}
		}
		q.claim.sign(r, strings.ReplaceAll(q.claim.signature, " ", "+"))
	}) {
		return q.yes("The security token has a plus that was not escaped, and became a space on the way.",
			"Percent-encode the token in the URL: a plus is %2B.")
	}
	return no()
}

func signatureEncoded(q *question) (Cause, bool) {
	if q.proves(func(r *auth.Request) { q.claim.sign(r, unescaped(unescaped(q.claim.signature))) }) {
		return q.yes("The signature was percent-encoded twice.",
			"Encode each parameter of the URL once. A URL that an SDK made is encoded already.")
	}
	return no()
}

func signatureExtra(q *question) (Cause, bool) {
	trimmed := strings.Trim(q.claim.signature, " \t\r\n+\"'`<>,;)")
	if trimmed != q.claim.signature && q.proves(func(r *auth.Request) { q.claim.sign(r, trimmed) }) {
		return q.yes("Something follows the signature that does not belong to it: a space, a quote or a bracket.",
			"Copy the URL without what stands around it; in OBS, look for a space at the end of the stream key.")
	}
	return no()
}

// urlDecoded is a signed URL that was decoded as a whole, so that a key's own
// question mark began the query.
func urlDecoded(q *question) (Cause, bool) {
	for name := range q.request.Query {
		before, credential, found := cutLast(name, "?")
		if !found {
			continue
		}
		if q.provesClaimed(func(r *auth.Request) {
			value := r.Query.Get(name)
			r.Query.Del(name)
			r.Query.Set(credential, value)
			r.Key += "?" + before
		}) {
			return q.yes("The key has a question mark that is not escaped in the URL: what follows it was taken for the query.",
				"Use the signed URL as it was made. Where you build one, percent-encode the key: a question mark is %3F, a hash %23, a percent sign %25.")
		}
	}
	return no()
}

// provesClaimed is proves where the claim itself is part of what changes.
func (q *question) provesClaimed(change func(r *auth.Request)) bool {
	changed := clone(q.request)
	change(changed)
	c := claimOf(changed)
	key, err := q.Keys.Find(c.keyID, c.token, moment(changed))
	return err == nil && q.provesBy(key.Secret, change)
}

func tokenUnsigned(q *question) (Cause, bool) {
	if q.claim.token != "" && q.proves(dropToken) {
		return q.yes("The security token is not part of what was signed; it was added afterwards.",
			"Give the token to the SDK together with ID and secret, before it signs.")
	}
	return no()
}

// around are what a secret may have around it when it comes from a file, a form or
// a settings file.
var around = [][2]string{
	{"", "\n"}, {"", "\r\n"}, {"", "\r"}, {"", " "}, {" ", ""}, {" ", " "}, {"", "\t"}, {"\t", ""}, {"\ufeff", ""}, {"", "\n\n"}, {"", " \n"},
	{`"`, `"`}, {"'", "'"}, {"<", ">"}, {"", ";"}, {"", ","}, {"", "\u00a0"}, {"", "\x00"}, {`"`, "\"\n"}, {"'", "'\n"},
}

func secretWhitespace(q *question) (Cause, bool) {
	for _, a := range around {
		if q.provesBy(a[0]+q.key.Secret+a[1], func(*auth.Request) {}) {
			return q.yes("The secret was used with %s around it.",
				"Strip the secret when it is read from a file or a variable; a file ends with a line break.", strings.Trim(fmt.Sprintf("%+q", a[0]+a[1]), `"`))
		}
	}
	return no()
}

func knownSecret(q *question) (Cause, bool) {
	as := func(*auth.Request) {}
	for _, id := range slices.Sorted(maps.Keys(q.Keys)) {
		if id != q.claim.keyID && q.provesBy(q.Keys[id].Secret, as) {
			return q.yes("The request names the key %s, but is signed with the secret of %s.",
				"Take ID and secret from the same key.", q.claim.keyID, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(q.Keys)) {
		if q.provesBy(id, as) {
			return q.yes("The request is signed with an access key ID in place of the secret.",
				"Give the SDK the ID first and the secret second.")
		}
	}
	if q.claim.token != "" && q.provesBy(q.claim.token, as) {
		return q.yes("The request is signed with the security token in place of the secret.", "Give the SDK ID, secret and token, in this order.")
	}
	return no()
}

func secretEncoded(q *question) (Cause, bool) {
	secret := q.key.Secret
	for _, s := range []struct{ how, text string }{
		{"in base64", base64.StdEncoding.EncodeToString([]byte(secret))},
		{"decoded from base64", decoded(secret)},
		{"percent-encoded", url.QueryEscape(secret)},
		{"percent-decoded", unescaped(secret)},
		{"in lower case", strings.ToLower(secret)},
		{"in upper case", strings.ToUpper(secret)},
		{"followed by an ampersand, as other services of the cloud sign", secret + "&"},
	} {
		if s.text != secret && q.provesBy(s.text, func(*auth.Request) {}) {
			return q.yes("The secret was used %s.", "Use the secret as it is.", s.how)
		}
	}
	return no()
}

func decoded(s string) string {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return s
	}
	return string(b)
}

// usualTypes are those that programs set without being told to.
var usualTypes = []string{
	"application/octet-stream", "application/x-www-form-urlencoded", "text/plain", "text/plain;charset=UTF-8", "text/plain; charset=utf-8",
	"application/json", "application/xml", "text/xml", "image/jpeg", "image/png", "image/jpg", "video/mp4", "multipart/form-data", "text/html",
	"video/mp2t", "application/x-mpegURL", "application/vnd.apple.mpegurl", "application/json; charset=utf-8", "binary/octet-stream",
}

func contentType(q *question) (Cause, bool) {
	came := q.request.Header.Get("Content-Type")
	candidates := []string{""}
	if bare, _, found := strings.Cut(came, ";"); found {
		candidates = append(candidates, bare)
	}
	for _, charset := range []string{"; charset=utf-8", ";charset=utf-8", ";charset=UTF-8", "; charset=UTF-8"} {
		candidates = append(candidates, came+charset)
	}
	byName := mime.TypeByExtension(path.Ext(q.request.Key))
	bare, _, _ := strings.Cut(byName, ";")
	for _, signed := range append(append(candidates, byName, bare), usualTypes...) {
		if signed == came || q.r.Publish() || !q.proves(func(r *auth.Request) { set(r, "Content-Type", signed) }) {
			continue
		}
		switch {
		case signed == "":
			return q.yes("The request has Content-Type: %s, which was not signed: the client or a proxy added it.",
				"Sign with this Content-Type (give it to the function that signs), or send none.", came)
		case came == "":
			return q.yes("Content-Type: %s was signed, and the request has none.", "Send the Content-Type that was signed, or sign without one.", signed)
		}
		return q.yes("Content-Type: %s was signed, and the request has %s.", "Send exactly the Content-Type that was signed: parameters such as charset count.", signed, came)
	}
	return no()
}

func set(r *auth.Request, name, value string) {
	if r.Header.Set(name, value); value == "" {
		r.Header.Del(name)
	}
}

func contentMD5Added(q *question) (Cause, bool) {
	came := q.request.Header.Get("Content-Md5")
	if came != "" && q.proves(func(r *auth.Request) { r.Header.Del("Content-Md5") }) {
		return q.yes("The request has a Content-MD5 that was not signed: the client or a proxy added it.", "Sign with the Content-MD5, or send none.")
	}
	if came != "" && q.proves(func(r *auth.Request) { r.Header.Del("Content-Md5"); r.Header.Del("Content-Type") }) {
		return q.yes("The request has a Content-MD5 and a Content-Type that were not signed: the client or a proxy added them.", "Sign with both, or send neither.")
	}
	return no()
}

// ours are the x-oss- headers that every signer signs who sends them.
var ours = []string{"X-Oss-Date", "X-Oss-Security-Token", "X-Oss-Content-Sha256"}

func headerAdded(q *question) (Cause, bool) {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(q.request.Header)) {
		if strings.HasPrefix(name, "X-Oss-") && !slices.Contains(ours, name) {
			names = append(names, name)
		}
	}
	for _, dropped := range append(singly(names), names, append(slices.Clone(names), "Content-Type")) {
		if len(dropped) > 0 && len(names) > 0 && q.proves(func(r *auth.Request) {
			for _, name := range dropped {
				r.Header.Del(name)
			}
		}) {
			return q.yes("The request has headers that were not signed: %s. The client, a proxy or a CDN added them.",
				"Sign with these headers (every header that begins with x-oss- is signed), or do not send them.", strings.ToLower(strings.Join(dropped, ", ")))
		}
	}
	return no()
}

// usualHeaders are those that are signed into URLs most, and their values.
var usualHeaders = map[string][]string{
	"X-Oss-Object-Acl":             {"private", "public-read", "public-read-write", "default"},
	"X-Oss-Storage-Class":          {"Standard", "IA", "Archive"},
	"X-Oss-Forbid-Overwrite":       {"true", "false"},
	"X-Oss-Acl":                    {"private", "public-read", "public-read-write"},
	"X-Oss-Server-Side-Encryption": {"AES256", "KMS"},
	"X-Oss-Content-Sha256":         {"UNSIGNED-PAYLOAD"},
}

func headerMissing(q *question) (Cause, bool) {
	if q.r.Publish() {
		return no()
	}
	for _, name := range slices.Sorted(maps.Keys(usualHeaders)) {
		if q.request.Header.Get(name) != "" {
			continue
		}
		for _, value := range usualHeaders[name] {
			if q.proves(func(r *auth.Request) { r.Header.Set(name, value) }) {
				return q.yes("The header %s: %s was signed, and the request does not have it.",
					"Send every header that was signed, with the same value.", strings.ToLower(name), value)
			}
		}
	}
	return no()
}

func otherMethod(q *question) (Cause, bool) {
	for _, method := range []string{"GET", "PUT", "POST", "HEAD", "DELETE", "OPTIONS", strings.ToLower(q.request.Method)} {
		if !q.r.Publish() && method != q.request.Method && q.proves(func(r *auth.Request) { r.Method = method }) {
			return q.yes("The URL was signed for %s, and used with %s.", "Sign one URL for each method; the method is part of the signature. (curl -I, players and CDNs may ask with HEAD first.)", method, q.request.Method)
		}
	}
	return no()
}

func subResource(q *question) (Cause, bool) {
	if q.claim.version != "1" || q.claim.inQuery {
		return no()
	}
	names := slices.Sorted(maps.Keys(q.request.Query))
	for _, dropped := range append(singly(names), names) {
		if len(dropped) > 0 && q.proves(drop(dropped)) {
			return q.yes("The sub-resource %s is in the URL, but not in what was signed.",
				"Version 1 signs every sub-resource after the key: /BUCKET/KEY?live&comp=stat, sorted. A generic call of an SDK must be told of them; version 4 signs every parameter.",
				strings.Join(dropped, ", "))
		}
	}
	return no()
}

func playlistName(q *question) (Cause, bool) {
	if !q.r.Publish() {
		return no()
	}
	came := q.request.Query.Get("playlistName")
	names := []string{"playlist.m3u8"}
	if channel, err := q.Store.Channel(q.ctx, q.request.Bucket, q.request.Key); err == nil {
		names = append(names, channel.Target.PlaylistName)
	}
	for _, name := range names {
		if name != came && q.proves(func(r *auth.Request) { r.Query.Set("playlistName", name) }) {
			return q.yes("The URL was signed with playlistName=%s, and now has %s.", "Sign a URL for the playlist that is wanted; every parameter of a publish URL is signed.",
				name, cmp.Or(came, "none"))
		}
	}
	return no()
}

// credentials are the parameters that a signature consists of.
var credentials = []string{
	"OSSAccessKeyId", "Expires", "Signature", "security-token", "SecurityToken", "x-oss-signature-version", "x-oss-credential", "x-oss-date",
	"x-oss-expires", "x-oss-signature", "x-oss-security-token", "x-oss-access-key-id", "x-oss-additional-headers",
}

func parameterAdded(q *question) (Cause, bool) {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(q.request.Query)) {
		if !slices.Contains(credentials, name) {
			names = append(names, name)
		}
	}
	for _, dropped := range append(singly(names), names) {
		if len(dropped) > 0 && q.proves(drop(dropped)) {
			return q.yes("The parameter %s is in the URL, but not in what was signed: it was added afterwards.",
				"Use the signed URL as it is; give the function that signs every parameter that is wanted.", strings.Join(dropped, ", "))
		}
	}
	return no()
}

func parameterRemoved(q *question) (Cause, bool) {
	for _, added := range []url.Values{
		{"live": {""}}, {"live": {""}, "comp": {"stat"}}, {"live": {""}, "comp": {"history"}}, {"vod": {""}}, {"acl": {""}}, {"delete": {""}}, {"uploads": {""}},
		{"x-oss-process": {"hls/sign"}}, {"playlistName": {"playlist.m3u8"}}, {"list-type": {"2"}}, {"response-content-disposition": {"attachment"}},
	} {
		names := strings.Join(slices.Sorted(maps.Keys(added)), ", ")
		if q.proves(func(r *auth.Request) {
			for name, values := range added {
				r.Query[name] = values
			}
		}) {
			return q.yes("The parameter %s was signed, and is not in the URL.", "Use the signed URL as it is, with all its parameters.", names)
		}
	}
	return no()
}

// regions are those of the service ("Regions and endpoints" page).
var regions = strings.Fields(`cn-hangzhou cn-shanghai cn-nanjing cn-fuzhou cn-wuhan-lr cn-qingdao cn-beijing cn-zhangjiakou cn-huhehaote
	cn-wulanchabu cn-shenzhen cn-heyuan cn-guangzhou cn-chengdu cn-hongkong us-west-1 us-east-1 na-south-1 ap-northeast-1 ap-northeast-2
	ap-southeast-1 ap-southeast-3 ap-southeast-5 ap-southeast-6 ap-southeast-7 eu-central-1 eu-west-1 me-east-1 me-central-1
	rg-china-mainland cn-local`)

func otherRegion(q *question) (Cause, bool) {
	if q.claim.version != "4" {
		return no()
	}
	credential := cmp.Or(q.request.Query.Get("x-oss-credential"), q.request.Header.Get("Authorization"))
	parts := strings.Split(credential, "/")
	if len(parts) < 5 {
		return no()
	}
	came := parts[2]
	for _, region := range append(slices.Clone(regions), strings.TrimPrefix(q.Region, "oss-")) {
		for _, name := range []string{region, "oss-" + region} {
			if name == came || region == "" {
				continue
			}
			parts[2] = name
			if q.proves(func(r *auth.Request) {
				if q.claim.inQuery {
					r.Query.Set("x-oss-credential", strings.Join(parts, "/"))
				} else {
					r.Header.Set("Authorization", strings.Join(parts, "/"))
				}
			}) {
				return q.yes("The request was signed for the region %s, and says %s.", "Sign for the region that the credential names; it is the bucket's, without oss- in front.", name, came)
			}
		}
	}
	return no()
}

func drop(names []string) func(r *auth.Request) {
	return func(r *auth.Request) {
		for _, name := range names {
			r.Query.Del(name)
		}
	}
}

// singly returns a list of each name alone.
func singly(names []string) (sets [][]string) {
	for _, name := range names {
		sets = append(sets, []string{name})
	}
	return sets
}

func unescaped(s string) string {
	if t, err := url.PathUnescape(s); err == nil {
		return t
	}
	return s
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}
