package auth

import (
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Changing one byte of anything that is signed must not leave a request with
// an identity.
func TestMutations(t *testing.T) {
	tried := 0
	for _, v := range loadVectors(t) {
		keys, now := NewKeys(v.signingKey()), v.now(t)
		v.Authorization = "" // made from the fields that change
		refused := func(what string, m vector) {
			t.Helper()
			tried++
			if id, err := m.verify(keys, now); err == nil {
				t.Errorf("%s: changed %s, got identity %+v, want an error", v.Name, what, id)
			}
		}
		each := func(what, s string, set func(m *vector, changed string)) {
			for i := range len(s) {
				b := []byte(s)
				b[i] ^= 1
				m := v
				set(&m, string(b))
				refused(what+" to "+strconv.Quote(string(b)), m)
			}
		}
		each("signature", v.Signature, func(m *vector, s string) { m.Signature = s })
		each("ID", v.ID, func(m *vector, s string) { m.ID = s })
		each("token", v.Token, func(m *vector, s string) { m.Token = s })
		each("method", v.Method, func(m *vector, s string) { m.Method = s })
		each("bucket", v.Bucket, func(m *vector, s string) { m.Bucket = s })
		each("key", v.Key, func(m *vector, s string) { m.Key = s })
		each("date", v.Date, func(m *vector, s string) { m.Date = s })
		if v.Version == "v4" {
			each("region", v.Region, func(m *vector, s string) { m.Region = s })
		}
		for i, name := range v.Additional {
			each("additional header", name, func(m *vector, s string) {
				m.Additional = slices.Clone(v.Additional)
				m.Additional[i] = s
			})
		}
		if v.Kind != "header" {
			m := v
			m.Expires++
			refused("Expires", m)
		}
		for name, value := range v.Query {
			if v.Version == "" && v.Kind != "publish" && !isSubresource(name) {
				continue
			}
			each("value of "+name, value, func(m *vector, s string) { m.Query = with(v.Query, name, name, s) })
			each("name "+name, name, func(m *vector, s string) { m.Query = with(v.Query, name, s, value) })
		}
		for name, value := range v.Header {
			if !v.signsHeader(name) {
				continue
			}
			each("value of "+name, value, func(m *vector, s string) { m.Header = with(v.Header, name, name, s) })
			each("name "+name, name, func(m *vector, s string) { m.Header = with(v.Header, name, s, value) })
		}
	}
	t.Logf("%d mutations", tried)
}

// signsHeader tells whether changing the header must be noticed.
func (v *vector) signsHeader(name string) bool {
	switch name = strings.ToLower(name); {
	case strings.HasPrefix(name, "x-oss-"), name == "content-type", name == "content-md5", slices.Contains(v.Additional, name):
		return true
	case name == "date":
		return v.Kind == "header" && (v.Version == "v2" || v.header("x-oss-date") == "")
	}
	return false
}

// with returns m with one entry replaced.
func with(m map[string]string, oldName, name, value string) map[string]string {
	m = maps.Clone(m)
	delete(m, oldName)
	m[name] = value
	return m
}

// Adding anything that changes what a request does must not leave it with an
// identity; what is not signed must not take the identity away.
func TestAdditions(t *testing.T) {
	for _, v := range loadVectors(t) {
		keys, now := NewKeys(v.signingKey()), v.now(t)
		check := func(what string, m vector, wantRefused bool) {
			t.Helper()
			if _, err := m.verify(keys, now); (err != nil) != wantRefused {
				t.Errorf("%s: added %s: got error %v, want refused: %t", v.Name, what, err, wantRefused)
			}
		}
		for _, name := range append([]string{"x-oss-process", "x-oss-ac-source-ip"}, append(subresources[:], parameters[:]...)...) {
			if _, there := v.Query[name]; there || name == paramToken || v.Version != "" {
				continue
			}
			m := v
			m.addQueryValues = map[string]string{name: ""}
			check(name, m, true)
		}
		m := v
		m.addQueryValues = map[string]string{"prefix": "a", "x_oss_process": "b"}
		check("other parameters", m, v.Kind == "publish" || v.Version != "")
		if v.Kind == "publish" {
			continue
		}
		m = v
		m.addHeaders = map[string]string{"x-oss-object-acl": "public-read"}
		check("an x-oss- header", m, true)
		m.addHeaders = map[string]string{"If-None-Match": "1", "x-osss": "1"}
		check("unsigned headers", m, false)
	}
}

// A signature for one target must never be good for another, nor for other
// parameters. The alphabet is made of the characters that could move the
// border between two fields, and b often is a with such a border moved.
func TestPublishTarget(t *testing.T) {
	const seed, rounds = 1, 50_000
	rnd := rand.New(rand.NewPCG(seed, seed))
	text := func() string {
		b := make([]byte, 1+rnd.IntN(4))
		for i := range b {
			b[i] = "aaabbb/:\n"[rnd.IntN(9)]
		}
		return string(b)
	}
	publish := func() *Publish {
		p := &Publish{Bucket: text(), Channel: text(), Query: url.Values{}}
		for range rnd.IntN(3) {
			p.Query.Set(text(), text())
		}
		return p
	}
	// recut joins two texts and cuts them at any of the separators.
	recut := func(a, b, separator string) (string, string) {
		parts := strings.Split(a+separator+b, separator)
		n := 1 + rnd.IntN(len(parts)-1)
		return strings.Join(parts[:n], separator), strings.Join(parts[n:], separator)
	}
	key := Key{ID: "ak", Secret: "sk"}
	keys, now := NewKeys(key), time.Unix(1_700_000_000, 0)
	accepted, ambiguous := 0, 0
	for range rounds {
		a, b := publish(), publish()
		switch rnd.IntN(5) {
		case 0:
			b = a
		case 3: // a channel that ends like the target of b, with the rest as a parameter
			a.Query = url.Values{}
			b.Query = url.Values{"/" + a.Bucket + "/x": {"y"}}
			a.Channel = "x:y\n/" + b.Bucket + "/" + b.Channel
		case 1:
			b.Bucket, b.Channel = recut(a.Bucket, a.Channel, "/")
			b.Query = a.Query
		case 2:
			b.Bucket, b.Channel, b.Query = a.Bucket, a.Channel, url.Values{}
			for name := range a.Query {
				name, value := recut(name, a.Query.Get(name), ":")
				b.Query.Set(name, value)
			}
		}
		signed := SignPublish(a, key, now)
		sent := &Publish{Bucket: b.Bucket, Channel: b.Channel, Query: maps.Clone(b.Query)}
		for _, name := range []string{paramKeyID, paramExpires, paramSignature} {
			sent.Query.Set(name, signed.Get(name))
		}
		_, err := VerifyPublish(sent, keys, now)
		sameTarget := a.Bucket == b.Bucket && a.Channel == b.Channel
		equal := sameTarget && a.Query.Encode() == b.Query.Encode()
		ok := err == nil
		// Whatever was signed, it opens no other target. Other parameters it
		// opens only if it was signed for a publish that is itself refused.
		if ok && !sameTarget || ok && signable(a) && !equal || !ok && equal && signable(b) {
			t.Fatalf("seed %d: signed %+v, sent %+v: got error %v", seed, a, b, err)
		}
		if ok {
			accepted++
		} else if !equal && a.stringToSign("0", true) == b.stringToSign("0", true) {
			ambiguous++
		}
	}
	t.Logf("P3: %d rounds: %d accepted, 0 of them for something else; %d refused whose text was that of something else", rounds, accepted, ambiguous)
	if accepted == 0 || ambiguous == 0 {
		t.Error("the generator no longer makes both equal and ambiguous publishes")
	}
}

// signable tells whether p has none of the characters that move a border.
func signable(p *Publish) bool {
	clean := !strings.ContainsAny(p.Bucket+p.Channel, "/\n")
	for name, values := range p.Query {
		clean = clean && !strings.ContainsAny(name, "/:\n") && !strings.Contains(values[0], "\n")
	}
	return clean
}
