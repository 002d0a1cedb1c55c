package refusal

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"osslive/auth"
	"osslive/server/address"
	"osslive/server/refusal/proof"
	"osslive/store"
)

// The key.

func trimmedKey(q *question) string { return strings.Trim(q.Claim.KeyID, " \t\r\n\"'<>\ufeff\u00a0") }
func quotedKey(q *question) string  { return fmt.Sprintf("%+q", q.Claim.KeyID) }

func (q *question) spacedKey() bool {
	trimmed := trimmedKey(q)
	return q.is(auth.ErrUnknownKey, auth.ErrBadToken) && trimmed != q.Claim.KeyID && q.Keys[trimmed].ID != ""
}

// swapped returns the key whose secret was sent as an ID, "" for none.
func swapped(q *question) string {
	for _, k := range q.Keys {
		if q.is(auth.ErrUnknownKey, auth.ErrBadToken) && proof.SameSecret(k.Secret, q.Claim.KeyID) {
			return k.ID
		}
	}
	return ""
}

func (q *question) tokenMissing() bool {
	temporary := strings.HasPrefix(q.Claim.KeyID, "STS.") || q.Keys[q.Claim.KeyID].Token != ""
	return q.is(auth.ErrUnknownKey, auth.ErrBadToken) && q.Claim.Token == "" && temporary
}

func (q *question) tokenSpaced() bool {
	return q.is(auth.ErrBadToken) && strings.ContainsAny(q.Claim.Token, " \r\n")
}

// sameLetters returns the key whose ID differs in case alone, "" for none.
func sameLetters(q *question) string {
	for id := range q.Keys {
		if q.is(auth.ErrUnknownKey) && strings.EqualFold(id, q.Claim.KeyID) {
			return id
		}
	}
	return ""
}

func nearKey(q *question) string {
	return nearest(q.Claim.KeyID, slices.Collect(maps.Keys(q.Keys)))
}

// The signature.

// wholeSignature returns the number of characters of a signature, 0 if it is of no version.
func (q *question) wholeSignature() int {
	return map[string]int{"1": 28, "2": 44, "4": 64}[q.Claim.Version]
}

func wholeLength(q *question) string { return fmt.Sprint(q.wholeSignature()) }
func version(q *question) string     { return q.Claim.Version }

func (q *question) otherLength() bool {
	n := len(q.Claim.Signature)
	return q.mismatch() && n != 0 && n != q.wholeSignature()
}

// likeness is what a signature of this length looks like.
func likeness(q *question) string {
	made := map[int]string{40: "HMAC-SHA1 in hexadecimal", 44: "HMAC-SHA256 in base64", 64: "HMAC-SHA256 in hexadecimal", 28: "HMAC-SHA1 in base64",
		32: "MD5, or a signature that is encoded twice", 24: "HMAC-MD5 in base64"}[len(q.Claim.Signature)]
	if made == "" {
		return ""
	}
	return " It looks like " + made + "."
}

// oneCase reports whether a signature in base64 has letters of one case only, as one
// in ten thousand has.
func (q *question) oneCase() bool {
	s := q.Claim.Signature
	return q.mismatch() && q.Claim.Version != "4" && (len(s) == 28 || len(s) == 44) && (s == strings.ToLower(s) || s == strings.ToUpper(s))
}

// The names.

// unknownHost reports whether the server took the bucket from the path because it
// does not know the host name: only its owner knows that it is an endpoint or a CNAME.
func (q *question) unknownHost() bool {
	if !q.is(store.ErrNoSuchBucket) && q.invalid().Field != "BucketName" || q.log.config.Domains.Host(q.r.Host).Kind != address.Unknown {
		return false
	}
	label, _, _ := strings.Cut(q.Hostname, ".")
	return slices.Contains(q.Buckets(), label) || nearBucket(q) == ""
}

func nearBucket(q *question) string { return nearest(q.r.Bucket, q.Buckets()) }
func nearObject(q *question) string { return nearest(q.r.Name, q.Objects()) }

// channel returns the channel that was asked for, if need be the end of the path.
func channel(q *question) string {
	if q.r.Publish() && q.r.Name == "" && len(q.r.Path) > 0 {
		return q.r.Path[len(q.r.Path)-1]
	}
	return q.r.Name
}

// otherBucket returns one that has a channel of this name, "" for none.
func otherBucket(q *question) string {
	for _, b := range q.Buckets() {
		if b != q.r.Bucket && q.r.Bucket != "" && slices.Contains(q.Channels(b), channel(q)) {
			return b
		}
	}
	return ""
}

func nearChannel(q *question) string {
	var names []string
	for _, b := range q.Buckets() {
		if q.r.Bucket == "" || b == q.r.Bucket {
			names = append(names, q.Channels(b)...)
		}
	}
	return nearest(channel(q), names)
}

func (q *question) escaped() bool { return decodedName(q) != q.r.Name }

// innerKey returns the key without the bucket before it, "" if it has none.
func innerKey(q *question) string {
	key, found := strings.CutPrefix(q.r.Name, q.r.Bucket+"/")
	if !found {
		return ""
	}
	return key
}

// folder and file are what is before and after the first slash of a key: a channel and its playlist.

func folder(q *question) string { before, _, _ := strings.Cut(q.r.Name, "/"); return before }
func file(q *question) string   { _, after, _ := strings.Cut(q.r.Name, "/"); return after }

// folderPlaylist returns the playlist of the channel whose folder the key is in.
func folderPlaylist(q *question) string {
	if !strings.Contains(q.r.Name, "/") {
		return ""
	}
	return q.playlistOf(folder(q))
}

func (q *question) otherPlaylist() bool {
	p := folderPlaylist(q)
	return q.is(store.ErrNoSuchKey) && p != "" && file(q) != p && q.has(folder(q)+"/"+p)
}

// Values that the store does not take.

func field(q *question) string        { return q.invalid().Field }
func invalidValue(q *question) string { return q.invalid().Value }

func (q *question) milliseconds() bool {
	return strings.HasSuffix(field(q), "Time") && len(invalidValue(q)) == 13
}
