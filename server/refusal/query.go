package refusal

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"osslive/auth"
)

// Mistakes about the query: parameters, expiry, region.

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

// parameterSigned is a signer of version 1 that signs all parameters. The text does
// not say where the key ends, so that they can be made a part of it.
func parameterSigned(q *question) (Cause, bool) {
	if q.claim.version != "1" || q.r.Publish() {
		return no()
	}
	var pairs, names []string
	for _, name := range slices.Sorted(maps.Keys(q.request.Query)) {
		if !slices.Contains(credentials, name) {
			names = append(names, name)
			pairs = append(pairs, strings.TrimSuffix(name+"="+q.request.Query.Get(name), "="))
		}
	}
	if len(names) > 0 && q.proves(func(r *auth.Request) { drop(names)(r); r.Key += "?" + strings.Join(pairs, "&") }) {
		return q.yes("All parameters were signed: %s.", "Version 1 signs sub-resources only (live, comp, acl, ...) and what begins with x-oss-; not prefix, marker, max-keys and the like.", strings.Join(names, ", "))
	}
	return no()
}

// expiresChanged is an expiry that was edited: put off by a round time, or in one of
// its digits or two neighbours.
func expiresChanged(q *question) (Cause, bool) {
	came := q.expires()
	n, err := strconv.ParseInt(came, 10, 64)
	if !q.claim.inQuery || err != nil || len(came) > 10 {
		return no()
	}
	name := "Expires"
	if !q.request.Query.Has(name) {
		name = "x-oss-expires"
	}
	try := func(text string) bool {
		return text != came && q.proves(func(r *auth.Request) { r.Query.Set(name, text) })
	}
	found := func(text string) (Cause, bool) {
		return q.yes("%s was %s when the URL was signed, and is %s now.", "Sign a new URL; the time of its end is signed too.", name, text, came)
	}
	for _, step := range []int64{60, 3600, 86400, 365 * 86400} {
		for i := int64(1); i <= 60; i++ {
			for _, other := range []int64{n - i*step, n + i*step} {
				if text := strconv.FormatInt(other, 10); other > 0 && try(text) {
					return found(text)
				}
			}
		}
	}
	for i := range came {
		for d := range 100 {
			digits := []byte(came)
			digits[i], digits[min(i+1, len(came)-1)] = byte('0'+d/10), byte('0'+d%10)
			if text := string(digits); try(text) {
				return found(text)
			}
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
