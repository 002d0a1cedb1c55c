package proof

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"osslive/auth"
)

// queryEdits are about the query and the region.
var queryEdits = []edit{
	{"key-decoded", nil, "The key has a question mark that is not escaped in the URL: what follows it was taken for the query.",
		"Use the signed URL as it was made. Where you build one, percent-encode the key: a question mark is %3F, a hash %23, a percent sign %25.",
		func(s *search) {
			for name := range s.Request.Query {
				if i := strings.LastIndex(name, "?"); i >= 0 {
					s.request(func(r *auth.Request) {
						r.Query.Set(name[i+1:], r.Query.Get(name))
						r.Query.Del(name)
						r.Key += "?" + name[:i]
					})
				}
			}
		}},
	{"sub-resource-missing", func(s *search) bool { return s.v1() && !s.Claim.InURL }, "The sub-resource %s is in the URL, but not in what was signed.",
		"Version 1 signs every sub-resource after the key: /BUCKET/KEY?live&comp=stat, sorted. A generic call of an SDK must be given them; version 4 signs every parameter.",
		func(s *search) { s.drop(slices.Sorted(maps.Keys(s.Request.Query))) }},
	{"parameter-changed", (*search).publish, "The URL was signed with playlistName=%s, and now has %s.",
		"Sign a URL for the playlist that is wanted; every parameter of a publish URL is signed.",
		func(s *search) {
			came := s.Request.Query.Get("playlistName")
			for _, name := range []string{"playlist.m3u8", s.Playlist()} {
				s.parameters(url.Values{"playlistName": {name}}, name, cmp.Or(came, "none"))
			}
		}},
	{"parameter-added", nil, "The parameter %s is in the URL, but not in what was signed: it was added afterwards.",
		"Use the signed URL as it is; give the function that signs every parameter that is wanted.",
		func(s *search) { s.drop(s.parameterNames()) }},
	{"parameter-removed", nil, "The parameter %s was signed, and is not in the URL.", "Use the signed URL as it is, with all its parameters.",
		func(s *search) {
			for _, added := range usualParameters {
				s.parameters(added, strings.Join(slices.Sorted(maps.Keys(added)), ", "))
			}
		}},
	// The text of version 1 does not say where the key ends, so the parameters can
	// be made a part of it.
	{"parameter-signed", func(s *search) bool { return s.http() && s.v1() }, "All parameters were signed: %s.",
		"Version 1 signs sub-resources only (live, comp, acl, ...) and what begins with x-oss-; not prefix, marker, max-keys and the like.",
		func(s *search) {
			names, pairs := s.parameterNames(), []string{}
			for _, name := range names {
				pairs = append(pairs, strings.TrimSuffix(name+"="+s.Request.Query.Get(name), "="))
			}
			if len(names) > 0 {
				s.request(func(r *auth.Request) { del(r.Query, names); r.Key += "?" + strings.Join(pairs, "&") }, strings.Join(names, ", "))
			}
		}},
	{"region", (*search).v4, "The request was signed for the region %s, and says %s.",
		"Sign for the region that the credential names; it is the bucket's, without oss- in front.", otherRegion},
}

// expiryEdits are the last, as they are the most.
var expiryEdits = []edit{
	{"expires-changed", func(s *search) bool { return s.Claim.InURL }, "%s was %s when the URL was signed, and is %s now.",
		"Sign a new URL; the time of its end is signed too.", otherExpiry},
}

var usualParameters = []url.Values{
	{"live": {""}}, {"live": {""}, "comp": {"stat"}}, {"live": {""}, "comp": {"history"}}, {"vod": {""}}, {"acl": {""}}, {"delete": {""}}, {"uploads": {""}},
	{"x-oss-process": {"hls/sign"}}, {"playlistName": {"playlist.m3u8"}}, {"list-type": {"2"}}, {"response-content-disposition": {"attachment"}},
}

// parameters tries the request with further parameters, or others.
func (s *search) parameters(other url.Values, values ...any) {
	s.request(func(r *auth.Request) { maps.Copy(r.Query, other) }, values...)
}

// parameterNames returns the names of the parameters but for the signature's, sorted.
func (s *search) parameterNames() []string {
	own := auth.CredentialParams()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.Request.Query)), func(name string) bool { return slices.Contains(own, name) })
}

// drop tries the request without each of the parameters, and without all.
func (s *search) drop(names []string) {
	for _, dropped := range oneOrAll(names) {
		s.request(func(r *auth.Request) { del(r.Query, dropped) }, strings.Join(dropped, ", "))
	}
}

func del(q url.Values, names []string) {
	for _, name := range names {
		q.Del(name)
	}
}

// otherExpiry tries an expiry that was edited: moved by a round time, or changed in a
// digit or two neighbours.
func otherExpiry(s *search) {
	came, name := s.Claim.Expires, "Expires"
	n, err := strconv.ParseInt(came, 10, 64)
	if err != nil || len(came) > 10 {
		return
	}
	if s.Claim.Version != "1" {
		name = "x-oss-expires"
	}
	try := func(text string) {
		s.parameters(url.Values{name: {text}}, name, text, came)
	}
	for _, step := range []int64{60, 3600, 86400, 365 * 86400} {
		for i := int64(1); i <= 60; i++ {
			try(strconv.FormatInt(n-i*step, 10))
			try(strconv.FormatInt(n+i*step, 10))
		}
	}
	for i := range came {
		for d := range 100 {
			digits := []byte(came)
			digits[i], digits[min(i+1, len(came)-1)] = byte('0'+d/10), byte('0'+d%10)
			try(string(digits))
		}
	}
}

// regions are those of the service ("Regions and endpoints" page).
var regions = strings.Fields(`cn-hangzhou cn-shanghai cn-nanjing cn-fuzhou cn-wuhan-lr cn-qingdao cn-beijing cn-zhangjiakou cn-huhehaote
	cn-wulanchabu cn-shenzhen cn-heyuan cn-guangzhou cn-chengdu cn-hongkong us-west-1 us-east-1 na-south-1 ap-northeast-1 ap-northeast-2
	ap-southeast-1 ap-southeast-3 ap-southeast-5 ap-southeast-6 ap-southeast-7 eu-central-1 eu-west-1 me-east-1 me-central-1
	rg-china-mainland cn-local`)

func otherRegion(s *search) {
	parts := strings.Split(s.Claim.Credential, "/")
	if len(parts) < 5 {
		return
	}
	came := parts[2]
	for _, region := range append(slices.Clone(regions), strings.TrimPrefix(s.Region, "oss-")) {
		for _, name := range []string{region, "oss-" + region} {
			parts[2] = name
			credential := strings.Join(parts, "/")
			s.request(func(r *auth.Request) {
				if s.Claim.InURL {
					r.Query.Set("x-oss-credential", credential)
					return
				}
				r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), s.Claim.Credential, credential, 1))
			}, name, came)
		}
	}
}
