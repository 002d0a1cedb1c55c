package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

var membersV2 = []string{"AccessKeyId", "AdditionalHeaders", "Signature"}

// signRequestV2 signs r with version 2 in its header, the additional headers
// included.
func signRequestV2(r *Request, k Key, now time.Time, additional ...string) {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	date := now.UTC().Format(http.TimeFormat)
	r.Header.Set("Date", date)
	if k.Token != "" {
		r.Header.Set(headerToken, k.Token)
	}
	authorization := v2.String() + " AccessKeyId:" + k.ID
	additional = slices.Sorted(slices.Values(additional))
	if len(additional) > 0 {
		authorization += ",AdditionalHeaders:" + strings.Join(additional, ";")
	}
	mac := k.macV2(r.stringToSignV2(date, additional))
	r.Header.Set("Authorization", authorization+",Signature:"+base64.StdEncoding.EncodeToString(mac))
}

// signURLV2 returns the query of r, signed with version 2 until expires, in
// seconds since 1970.
func signURLV2(r *Request, k Key, expires string, additional ...string) url.Values {
	signed := *r
	signed.Query = withoutCredentials(r.Query)
	q := signed.Query
	q.Set(paramVersion, v2.String())
	q.Set(paramLifetime, expires)
	q.Set(paramKeyIDV2, k.ID)
	additional = slices.Sorted(slices.Values(additional))
	if len(additional) > 0 {
		q.Set(paramAdditional, strings.Join(additional, ";"))
	}
	if k.Token != "" {
		q.Set(paramToken, k.Token)
	}
	mac := k.macV2(signed.stringToSignV2(expires, additional))
	q.Set(paramSignatureV2, base64.StdEncoding.EncodeToString(mac))
	return q
}

func verifyV2Header(r *Request, keys Keys, now time.Time) (Identity, error) {
	members, err := parseMembers(r.Header.Get("Authorization"), ":", membersV2...)
	if err != nil {
		return Identity{}, err
	}
	if members["AccessKeyId"] == "" || members["Signature"] == "" {
		return Identity{}, fmt.Errorf("%w: want OSS2 AccessKeyId:ID,Signature:MAC", ErrMalformed)
	}
	// The SDKs sign Date here even if there is an x-oss-date.
	date, err := single(r.Header, "Date")
	if err != nil {
		return Identity{}, err
	}
	at, err := http.ParseTime(date)
	if err != nil {
		return Identity{}, ErrBadDate
	}
	if err := checkSkew(at, now); err != nil {
		return Identity{}, err
	}
	token, err := single(r.Header, headerToken)
	if err != nil {
		return Identity{}, err
	}
	claim := claimV2{members["AccessKeyId"], date, members["AdditionalHeaders"], token, members["Signature"]}
	key, err := claim.verify(r, keys, now)
	if err != nil {
		return Identity{}, err
	}
	return Identity{keyID: key.ID}, nil
}

func verifyV2URL(r *Request, keys Keys, now time.Time) (Identity, error) {
	c, err := parseURLCredentials(r.Query, now, paramKeyIDV2, paramLifetime, paramSignatureV2)
	if err != nil {
		return Identity{}, err
	}
	// The SDKs name the token as version 1 does, the documentation as version 4 does.
	if r.Query.Has(paramToken) && r.Query.Has(paramTokenV4) {
		return Identity{}, repeated(paramTokenV4)
	}
	token := r.Query.Get(paramToken) + r.Query.Get(paramTokenV4)
	claim := claimV2{c.keyID, c.expires, r.Query.Get(paramAdditional), token, c.signature}
	key, err := claim.verify(r, keys, now)
	if err != nil {
		return Identity{}, err
	}
	return c.identity(v2, key, r.Bucket), nil
}

// claimV2 is the claim of a request that is signed with version 2, as strictly
// read.
type claimV2 struct {
	keyID, date, additional, token, signature string
}

// verify returns the key that signed r.
func (c *claimV2) verify(r *Request, keys Keys, now time.Time) (Key, error) {
	if err := r.check(everyParameter); err != nil {
		return Key{}, err
	}
	additional, err := r.additionalHeaders(c.additional)
	if err != nil {
		return Key{}, err
	}
	key, err := keys.Find(c.keyID, c.token, now)
	if err != nil {
		return Key{}, err
	}
	return key, key.verifyV2(c.signature, r.stringToSignV2(c.date, additional))
}

// verifyV2 returns a *MismatchError unless the signature is that of the text.
func (k Key) verifyV2(signature, stringToSign string) error {
	if !hmac.Equal(k.macV2(stringToSign), decodeBase64(signature, sha256.Size)) {
		return &MismatchError{KeyID: k.ID, Provided: signature, StringToSign: stringToSign}
	}
	return nil
}

func (k Key) macV2(stringToSign string) []byte { return macSHA256([]byte(k.Secret), stringToSign) }

func (r *Request) stringToSignV2(date string, additional []string) string {
	return r.textV2(date, additional).String()
}
