package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxLifetime is the longest time for which a URL signed with version 4 is valid
// ("Add signatures to a URL" page, version 4).
const MaxLifetime = 7 * 24 * time.Hour

const (
	headerPayload   = "X-Oss-Content-Sha256"
	unsignedPayload = "UNSIGNED-PAYLOAD"

	timestampLayout = "20060102T150405Z" // ISO 8601, basic form, UTC
	dateLayout      = "20060102"
	productV4       = "oss"
	requestV4       = "aliyun_v4_request"
)

var membersV4 = []string{"Credential", "AdditionalHeaders", "Signature"}

// SignRequestV4 signs r with version 4 in its header: it sets x-oss-date to now,
// the security token if k has one, and Authorization. The additional headers, in
// lower case, are signed too. The body is signed if x-oss-content-sha256 of r is
// its SHA-256; without one the header is set to UNSIGNED-PAYLOAD.
func SignRequestV4(r *Request, k Key, now time.Time, additional ...string) {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if r.Header.Get(headerPayload) == "" {
		r.Header.Set(headerPayload, unsignedPayload)
	}
	if k.Token != "" {
		r.Header.Set(headerToken, k.Token)
	}
	s := newScopeV4(k, r.Region, now.UTC().Format(timestampLayout))
	r.Header.Set(headerDate, s.timestamp)
	authorization := v4.String() + " Credential=" + s.credential()
	additional = slices.Sorted(slices.Values(additional))
	if len(additional) > 0 {
		authorization += ",AdditionalHeaders=" + strings.Join(additional, ";")
	}
	r.Header.Set("Authorization", authorization+",Signature="+s.sign(k, r.canonicalV4(additional)))
}

// SignURLV4 returns the query of a URL that allows r from now until expires, at
// most MaxLifetime later: the query of r with the parameters of version 4.
func SignURLV4(r *Request, k Key, now, expires time.Time, additional ...string) url.Values {
	lifetime := strconv.FormatInt(expires.Unix()-now.Unix(), 10)
	return signURLV4(r, k, now.UTC().Format(timestampLayout), lifetime, additional...)
}

func signURLV4(r *Request, k Key, timestamp, lifetime string, additional ...string) url.Values {
	signed := *r
	signed.Query = withoutCredentials(r.Query)
	s, q := newScopeV4(k, r.Region, timestamp), signed.Query
	q.Set(paramVersion, v4.String())
	q.Set(paramCredential, s.credential())
	q.Set(paramDate, timestamp)
	q.Set(paramLifetime, lifetime)
	additional = slices.Sorted(slices.Values(additional))
	if len(additional) > 0 {
		q.Set(paramAdditional, strings.Join(additional, ";"))
	}
	if k.Token != "" {
		q.Set(paramTokenV4, k.Token)
	}
	q.Set(paramSignatureV2, s.sign(k, signed.canonicalV4(additional)))
	return q
}

func verifyV4Header(r *Request, keys Keys, now time.Time) (Identity, error) {
	members, err := parseMembers(r.Header.Get("Authorization"), "=", membersV4...)
	if err != nil {
		return Identity{}, err
	}
	if members["Credential"] == "" || members["Signature"] == "" {
		return Identity{}, fmt.Errorf("%w: want OSS4-HMAC-SHA256 Credential=SCOPE,Signature=HEX", ErrMalformed)
	}
	timestamp, at, err := requestDateV4(r.Header)
	if err != nil {
		return Identity{}, err
	}
	scope, err := parseCredential(members["Credential"], timestamp, at, r.Region)
	if err != nil {
		return Identity{}, err
	}
	if err := checkSkew(at, now); err != nil {
		return Identity{}, err
	}
	token, err := single(r.Header, headerToken)
	if err != nil {
		return Identity{}, err
	}
	_, id, err := scope.verify(r, members["AdditionalHeaders"], members["Signature"], token, keys, now)
	return id, err
}

// requestDateV4 returns the date that is signed, as text and as time. Date replaces
// an x-oss-date that is missing; each has its own format.
func requestDateV4(h http.Header) (text string, at time.Time, err error) {
	if text, err = single(h, headerDate); err != nil {
		return "", time.Time{}, err
	}
	if text != "" {
		at, err = parseTimestamp(text)
		return text, at, err
	}
	if text, err = single(h, "Date"); err != nil {
		return "", time.Time{}, err
	}
	if at, err = http.ParseTime(text); err != nil {
		return "", time.Time{}, ErrBadDate
	}
	return text, at, nil
}

func parseTimestamp(s string) (time.Time, error) {
	at, err := time.Parse(timestampLayout, s)
	if err != nil || len(s) != len(timestampLayout) { // time.Parse takes a fraction
		return time.Time{}, ErrBadDate
	}
	return at, nil
}

func verifyV4URL(r *Request, keys Keys, now time.Time) (Identity, error) {
	var credential, timestamp, lifetime, signature string
	for _, p := range []struct {
		name  string
		value *string
	}{{paramCredential, &credential}, {paramDate, &timestamp}, {paramLifetime, &lifetime}, {paramSignatureV2, &signature}} {
		var err error
		if *p.value, err = single(r.Query, p.name); err != nil {
			return Identity{}, err
		}
		if *p.value == "" {
			return Identity{}, fmt.Errorf("%w: %s", ErrMissingParam, p.name)
		}
	}
	at, err := parseTimestamp(timestamp)
	if err != nil {
		return Identity{}, err
	}
	seconds, err := strconv.ParseUint(lifetime, 10, 32)
	if err != nil || seconds < 1 || time.Duration(seconds)*time.Second > MaxLifetime {
		return Identity{}, ErrBadLifetime
	}
	scope, err := parseCredential(credential, timestamp, at, r.Region)
	if err != nil {
		return Identity{}, err
	}
	until := at.Add(time.Duration(seconds) * time.Second)
	if now.After(until) {
		return Identity{}, ErrExpired
	}
	if at.Sub(now) > MaxSkew {
		return Identity{}, &SkewError{RequestTime: at, ServerTime: now}
	}
	key, id, err := scope.verify(r, r.Query.Get(paramAdditional), signature, r.Query.Get(paramTokenV4), keys, now)
	if err != nil {
		return Identity{}, err
	}
	id.url = &signedURL{version: v4, key: key, bucket: r.Bucket, date: timestamp, expires: lifetime, region: scope.region, until: until}
	return id, nil
}

// scopeV4 is the scope of a version 4 signature, and the date that is signed with
// it.
type scopeV4 struct {
	keyID, date, region string
	timestamp           string // signed beside the scope; an x-oss-date, or a Date as it came
}

func newScopeV4(k Key, region, timestamp string) scopeV4 {
	return scopeV4{keyID: k.ID, date: timestamp[:len(dateLayout)], region: region, timestamp: timestamp}
}

func (s *scopeV4) String() string {
	return s.date + "/" + s.region + "/" + productV4 + "/" + requestV4
}

func (s *scopeV4) credential() string { return s.keyID + "/" + s.String() }

// parseCredential parses "{AccessKeyId}/{date}/{region}/oss/aliyun_v4_request". All
// its errors are *CredentialError. It takes any region if region is "".
func parseCredential(credential, timestamp string, at time.Time, region string) (*scopeV4, error) {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 {
		return nil, &CredentialError{}
	}
	s := &scopeV4{keyID: parts[0], date: parts[1], region: parts[2], timestamp: timestamp}
	switch {
	case s.keyID == "":
		return nil, &CredentialError{Part: "AccessKeyId"}
	case s.date != at.UTC().Format(dateLayout):
		return nil, &CredentialError{Part: "SignDate"}
	case s.region == "" || region != "" && s.region != region:
		return nil, &CredentialError{Part: "Region"}
	case parts[3] != productV4:
		return nil, &CredentialError{Part: "Product"}
	case parts[4] != requestV4:
		return nil, &CredentialError{Part: "Request"}
	}
	return s, nil
}

// verify returns the key that signed r and the identity of the caller.
func (s *scopeV4) verify(r *Request, additional, signature, token string, keys Keys, now time.Time) (Key, Identity, error) {
	if err := r.check(everyParameter); err != nil {
		return Key{}, Identity{}, err
	}
	names, err := r.additionalHeaders(additional)
	if err != nil {
		return Key{}, Identity{}, err
	}
	payload := r.payload()
	if payload != unsignedPayload && decodeHex(payload, sha256.Size) == nil {
		return Key{}, Identity{}, ErrPayload
	}
	key, err := keys.Find(s.keyID, token, now)
	if err != nil {
		return Key{}, Identity{}, err
	}
	if err := s.verifyMAC(key, signature, r.canonicalV4(names)); err != nil {
		return Key{}, Identity{}, err
	}
	id := Identity{keyID: key.ID}
	if payload != unsignedPayload {
		id.payload = payload
	}
	return key, id, nil
}

// verifyMAC returns a *MismatchError unless the signature is that of the
// canonical request.
func (s *scopeV4) verifyMAC(k Key, signature, canonical string) error {
	text := s.stringToSign(canonical)
	if !hmac.Equal(s.mac(k, text), decodeHex(signature, sha256.Size)) {
		return &MismatchError{KeyID: k.ID, Provided: signature, StringToSign: text, CanonicalRequest: canonical}
	}
	return nil
}

func (s *scopeV4) sign(k Key, canonical string) string {
	return hex.EncodeToString(s.mac(k, s.stringToSign(canonical)))
}

func (s *scopeV4) stringToSign(canonical string) string {
	sum := sha256.Sum256([]byte(canonical))
	return strings.Join([]string{v4.String(), s.timestamp, s.String(), hex.EncodeToString(sum[:])}, "\n")
}

// mac signs with the key that is derived for the scope.
func (s *scopeV4) mac(k Key, stringToSign string) []byte {
	key := []byte("aliyun_v4" + k.Secret)
	for _, part := range []string{s.date, s.region, productV4, requestV4} {
		key = macSHA256(key, part)
	}
	return macSHA256(key, stringToSign)
}

// payload returns the hash of the body that is signed, or UNSIGNED-PAYLOAD.
func (r *Request) payload() string {
	if payload := r.Header.Get(headerPayload); payload != "" {
		return payload
	}
	return unsignedPayload
}

func (r *Request) canonicalV4(additional []string) string { return r.textV4(additional).String() }
