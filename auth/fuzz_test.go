package auth

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func FuzzParseAuthorization(f *testing.F) {
	for _, s := range []string{"", "OSS ", "OSS ak:", "OSS :x", "OSS ak:tqf1/2brjJyPU6n+HjDq/I7kKhE=", "OSS a:b:c",
		"OSS2 AccessKeyId:ak,Signature:x", "OSS4-HMAC-SHA256 Credential=ak/20231216/r/oss/aliyun_v4_request,Signature=00", "oss ak:x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := headerVersion(s)
		if (v == unsigned) != (err != nil) {
			t.Fatalf("%q: got version %v and error %v", s, v, err)
		}
		id, signature, err := parseAuthorizationV1(s)
		if err == nil && (v != v1 || strings.Contains(id, ":") || "OSS "+id+":"+signature != s) {
			t.Errorf("%q: got version %q, id %q, signature %q", s, v, id, signature)
		}
		for _, equals := range []string{":", "="} {
			names := []string{"AccessKeyId", "Credential", "AdditionalHeaders", "Signature"}
			members, err := parseMembers(s, equals, names...)
			if err != nil {
				continue
			}
			var list []string
			for name, value := range members {
				if !slices.Contains(names, name) || strings.Contains(value, ",") {
					t.Errorf("%q: got member %q of value %q", s, name, value)
				}
				list = append(list, name+equals+value)
			}
			again, err := parseMembers("X "+strings.Join(list, ","), equals, names...)
			if err != nil || !maps.Equal(again, members) {
				t.Errorf("%q: got %q, %v, want %q again", s, again, err, members)
			}
		}
	})
}

func FuzzParseCredential(f *testing.F) {
	f.Add("ak/20231216/cn-hangzhou/oss/aliyun_v4_request", "20231216T162057Z", "")
	f.Add("ak/20231216/cn-hangzhou/oss/aliyun_v4_request", "20231216T162057Z", "cn-beijing")
	f.Add("ak/20231216//oss/aliyun_v4_request/x", "20231217T162057Z", "r")
	f.Fuzz(func(t *testing.T, credential, timestamp, region string) {
		at, err := parseTimestamp(timestamp)
		if err != nil {
			return
		}
		if got := at.Format(timestampLayout); got != timestamp {
			t.Errorf("%q: got the time %s", timestamp, got)
		}
		s, err := parseCredential(credential, timestamp, at, region)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("%q: got %v", credential, err)
			}
			return
		}
		if s.credential() != credential || s.keyID == "" || s.region == "" || region != "" && s.region != region ||
			!strings.HasPrefix(timestamp, s.date) {
			t.Errorf("%q at %s in %q: got %+v", credential, timestamp, region, s)
		}
	})
}

func FuzzUnseal(f *testing.F) {
	now := time.Unix(1706289617, 0)
	parent := Key{ID: "a/k", Secret: fuzzSecret}
	keys := NewKeys(parent, Key{ID: "sts", Secret: fuzzSecret, Token: fuzzToken})
	for _, seconds := range []int64{1, 1706289617, 1 << 62} {
		k := parent.mint("STS.x", time.Unix(seconds, 0))
		f.Add(k.ID, k.Token)
	}
	f.Add("STS.x", "")
	f.Add("sts", fuzzToken)
	f.Fuzz(func(t *testing.T, id, token string) {
		k, err := keys.unseal(id, token, now)
		if err != nil {
			if k != (Key{}) || strings.Contains(err.Error(), token) && len(token) > 20 {
				t.Errorf("got key %v with error %q", k, err)
			}
			return
		}
		if k.ID != id || k.Token != token {
			t.Errorf("got %q for %q", k.ID, id)
		}
	})
}

// The secrets of the fuzz targets: no error may show one.
const fuzzSecret, fuzzToken = "fuzz-secret", "fuzz-token"

var fuzzKeys = NewKeys(Key{ID: "ak", Secret: fuzzSecret}, Key{ID: "sts", Secret: fuzzSecret + "2", Token: fuzzToken})

var fuzzMinted = fuzzKeys["ak"].mint("STS.fuzz", time.Unix(1<<40, 0))

// checkVerdict holds for every answer of a verifier: an identity is one of
// our keys, an error brings no identity and no secret.
func checkVerdict(t *testing.T, id Identity, err error, credentials bool) {
	t.Helper()
	if err != nil {
		var mismatch *MismatchError
		if errors.As(err, &mismatch) && mismatch.StringToSign == "" {
			t.Error("a mismatch without its string-to-sign")
		}
		if id != (Identity{}) || strings.Contains(err.Error(), fuzzSecret) {
			t.Errorf("got identity %+v with error %q", id, err)
		}
		return
	}
	if id.Anonymous() == credentials {
		t.Errorf("got identity %+v, credentials: %t", id, credentials)
	}
	if _, known := fuzzKeys[id.KeyID()]; !known && !id.Anonymous() && id.KeyID() != fuzzMinted.ID {
		t.Errorf("got identity %+v of no key", id)
	}
}

func hasCredentials(q url.Values) bool {
	return slices.ContainsFunc([]string{"Signature", "OSSAccessKeyId", "x-oss-signature", "x-oss-signature-version",
		"x-oss-credential", "x-oss-access-key-id"}, q.Has)
}

func FuzzVerifyRequest(f *testing.F) {
	now := time.Date(2016, 8, 24, 11, 11, 28, 0, time.UTC)
	add := func(r *Request) {
		f.Add(r.Method, r.Bucket, r.Key, r.Query.Encode(), r.Header.Get("Authorization"),
			r.Header.Get("Date"), r.Header.Get("x-oss-date"), r.Header.Get("x-oss-content-sha256"), r.Header.Get("x-oss-security-token"))
	}
	for _, key := range []Key{fuzzKeys["ak"], fuzzKeys["sts"], fuzzMinted} {
		for _, query := range []string{"live", "comp=stat&live", "x-oss-process=hls%2Fsign", "prefix=a&prefix=b", "acl&acl"} {
			q, _ := url.ParseQuery(query)
			for _, s := range signers {
				r := &Request{Method: "GET", Host: "h", Header: http.Header{}, Bucket: "b", Key: "ch", Query: q, Region: "r"}
				s.sign(r, key, now, "host")
				add(r)
			}
		}
	}
	f.Add("PUT", "b", "k", "x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-signature=0", "", "", "20160824T111128Z", "", "")
	f.Add("PUT", "", "k", "Signature=x", "OSS2 AccessKeyId:ak,Signature:x", "", "", strings.Repeat("ab", 32), "t")
	f.Fuzz(func(t *testing.T, method, bucket, key, query, authorization, date, ossDate, payload, token string) {
		q, _ := url.ParseQuery(query)
		r := &Request{Method: method, Host: "h", Header: http.Header{}, Bucket: bucket, Key: key, Query: q}
		for name, value := range map[string]string{"Authorization": authorization, "Date": date, "X-Oss-Date": ossDate,
			"X-Oss-Content-Sha256": payload, "X-Oss-Security-Token": token} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		id, err := VerifyRequest(r, fuzzKeys, now)
		credentials := authorization != "" || hasCredentials(q)
		checkVerdict(t, id, err, credentials)
		if err != nil || id.Anonymous() {
			return
		}
		// Keys that are all wrong refuse it, and the text that they show is
		// what the right key has signed.
		var shown *MismatchError
		if _, err := VerifyRequest(r, fuzzOthers(id.KeyID()), now); !errors.As(err, &shown) {
			t.Fatalf("got %v from other keys, want a MismatchError", err)
		}
		if want := signatureOf(fuzzKey(id.KeyID()), shown); shown.Provided != want {
			t.Errorf("accepted %q, want %q", shown.Provided, want)
		}
		if id.PayloadSHA256() != "" && id.PayloadSHA256() != payload {
			t.Errorf("got payload %q, want %q", id.PayloadSHA256(), payload)
		}
	})
}

func fuzzKey(id string) Key {
	if k, known := fuzzKeys[id]; known {
		return k
	}
	return fuzzMinted
}

// fuzzOthers are keys that know the ID and its token but not its secret.
func fuzzOthers(id string) Keys {
	k := fuzzKey(id)
	k.Secret = "other"
	return NewKeys(k)
}

// signatureOf signs the text of any version, which its form tells.
func signatureOf(k Key, shown *MismatchError) string {
	if shown.CanonicalRequest != "" {
		lines := strings.Split(shown.StringToSign, "\n")
		scope := strings.Split(lines[2], "/")
		s := scopeV4{keyID: k.ID, date: scope[0], region: scope[1], timestamp: lines[1]}
		return s.sign(k, shown.CanonicalRequest)
	}
	if len(shown.Provided) == base64.StdEncoding.EncodedLen(sha256.Size) {
		return base64.StdEncoding.EncodeToString(k.macV2(shown.StringToSign))
	}
	return k.signV1(shown.StringToSign)
}

func FuzzVerifyPublish(f *testing.F) {
	now := time.Unix(1706289617, 0)
	for _, key := range []Key{fuzzKeys["ak"], fuzzKeys["sts"], fuzzMinted} {
		for _, query := range []string{"", "playlistName=p.m3u8", "a=1&b=2&playlistName=%E6%92%AD", "a=1&a=2"} {
			q, _ := url.ParseQuery(query)
			p := &Publish{Bucket: "b", Channel: "live channel 2", Query: q}
			f.Add(p.Bucket, p.Channel, SignPublish(p, key, now).Encode())
		}
	}
	f.Add("b", "ch", "Expires=1706289617")
	f.Add("b", "a/ch", "OSSAccessKeyId=ak&Expires=1e9&Signature=x")
	f.Add("b", "ch", "x-oss-signature-version=OSS4-HMAC-SHA256")
	f.Fuzz(func(t *testing.T, bucket, channel, query string) {
		q, _ := url.ParseQuery(query)
		p := &Publish{Bucket: bucket, Channel: channel, Query: q}
		id, err := VerifyPublish(p, fuzzKeys, now)
		credentials := hasCredentials(q)
		checkVerdict(t, id, err, credentials)
		if err != nil || id.Anonymous() {
			return
		}
		signer, got := fuzzKey(id.KeyID()), q.Get("Signature")
		target := "\n/" + bucket + "/" + channel
		for _, withToken := range []bool{true, false} {
			if s := p.stringToSign(q.Get("Expires"), withToken); got == signer.signV1(s) && strings.HasSuffix(s, target) {
				return
			}
		}
		t.Errorf("accepted %q for %s", got, target)
	})
}
