package auth

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// One changed byte on the wire either is refused or changes nothing that the
// signer meant. Names and values hold whatever HTTP can carry.
func TestWireMutations(t *testing.T) {
	const seed, rounds = 1, 10_000
	rnd := rand.New(rand.NewPCG(seed, seed))
	minted := testKey.mint("STS.wire", testNow.Add(time.Hour))
	accepted, refused, unreadable := 0, 0, 0
	for i := range rounds {
		key := []Key{testKey, testSTS, minted}[rnd.IntN(3)]
		s := signers[i%len(signers)]
		r := randomRequest(rnd)
		s.sign(r, key, testNow, slices.DeleteFunc([]string{"host", "if-match", "range"}, func(name string) bool {
			return rnd.IntN(2) == 0 || name != "host" && r.Header.Get(name) == ""
		})...)
		wire := writeWire(r)
		sent, err := readWire(wire)
		if err != nil {
			t.Fatalf("seed %d: %v in\n%s", seed, err, wire)
		}
		want, err := VerifyRequest(sent, testKeys, testNow)
		if err != nil || want.KeyID() != key.ID {
			t.Fatalf("seed %d, %s: got %+v, %v for\n%s", seed, s.name, want, err, wire)
		}

		at := rnd.IntN(len(wire) - len("\r\n\r\n"))
		changed := bytes.Clone(wire)
		changed[at] ^= byte(1 + rnd.IntN(255))
		got, err := readWire(changed)
		if err != nil {
			unreadable++
			continue
		}
		id, err := VerifyRequest(got, testKeys, testNow)
		if err != nil || id.Anonymous() {
			refused++
			continue
		}
		accepted++
		if a, b := meaning(sent, want), meaning(got, id); a != b {
			t.Errorf("seed %d, %s: accepted\n%s\n%s\nfor\n%s\n%s", seed, s.name, changed, b, wire, a)
		}
	}
	t.Logf("%d random requests accepted; of their mutations %d are no HTTP, %d refused, %d accepted that mean the same", rounds, unreadable, refused, accepted)
	if accepted == 0 || refused == 0 {
		t.Error("the mutations are all of one kind")
	}
}

// meaning is all that the signature of a request vouches for: who sends it,
// what it does to what, and until when it may.
func meaning(r *Request, id Identity) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %q %q %v %q", id.KeyID(), r.Method, r.Bucket, r.Key, id.Expires(), id.PayloadSHA256())
	later := r.Query.Has(paramVersion) || !strings.HasPrefix(r.Header.Get("Authorization"), "OSS ") && !r.Query.Has(paramSignature)
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range r.Query {
			if later || isSubresource(name) {
				if !yield(name) {
					return
				}
			}
		}
	}) {
		fmt.Fprintf(&b, " %q=%q", name, r.Query[name])
	}
	for _, line := range signedHeaders(r, "content-type", "content-md5") {
		b.WriteString(line + "\n")
	}
	return b.String()
}

func randomRequest(rnd *rand.Rand) *Request {
	text := func(alphabet string, least, most int) string {
		letters := []rune(alphabet)
		b := make([]rune, least+rnd.IntN(most-least+1))
		for i := range b {
			b[i] = letters[rnd.IntN(len(letters))]
		}
		return string(b)
	}
	const anything = "abcXYZ019-_.~ +&=?/:%*'()!,;@$#\"<>\\|\n\x00\u00e9播🎥"
	r := &Request{
		Method: []string{"GET", "PUT", "POST", "HEAD", "DELETE"}[rnd.IntN(5)],
		Host:   "b.localhost:9000",
		Header: http.Header{"User-Agent": {"test"}},
		Bucket: "bucket-" + text("ab0", 1, 3),
		Query:  url.Values{},
		Region: "cn-" + text("ab", 1, 3),
	}
	if rnd.IntN(8) > 0 {
		r.Key = text(anything, 1, 12)
	}
	for range rnd.IntN(4) {
		r.Query.Set([]string{"live", "acl", "comp", "prefix", "marker", "x-oss-process", text(anything, 1, 6)}[rnd.IntN(7)], text(anything, 0, 8))
	}
	r.Query.Del("")
	for range rnd.IntN(4) {
		name := []string{"Content-Type", "Content-Md5", "Range", "If-Match", "X-Oss-Meta-A", "X-Oss-Meta-A-B", "X-Oss-Acl"}[rnd.IntN(7)]
		r.Header.Set(name, "v"+text("abAB01 ,:;/=+", 0, 8)+"x")
	}
	return r
}

// writeWire writes r as a client does that puts the bucket into the path.
func writeWire(r *Request) []byte {
	var b strings.Builder
	b.WriteString(r.Method + " /" + r.Bucket + "/")
	b.WriteString(escape(r.Key, "/"))
	separator := "?"
	for name, values := range r.Query {
		b.WriteString(separator)
		separator = "&"
		b.WriteString(escape(name, ""))
		if values[0] != "" {
			b.WriteByte('=')
			b.WriteString(escape(values[0], "/"))
		}
	}
	b.WriteString(" HTTP/1.1\r\nHost: " + r.Host + "\r\n")
	for name, values := range r.Header {
		b.WriteString(name + ": " + values[0] + "\r\n")
	}
	return []byte(b.String() + "\r\n")
}

// readWire reads a request with net/http and takes its target apart, once.
func readWire(wire []byte) (*Request, error) {
	hr, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
	if err != nil {
		return nil, err
	}
	path, query, _ := strings.Cut(hr.RequestURI, "?")
	if path, err = url.PathUnescape(path); err != nil {
		return nil, err
	}
	r := &Request{Method: hr.Method, Host: hr.Host, Header: hr.Header, Query: url.Values{}}
	r.Bucket, r.Key, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		if name, err = url.PathUnescape(name); err != nil {
			return nil, err
		}
		if value, err = url.PathUnescape(value); err != nil {
			return nil, err
		}
		r.Query.Add(name, value)
	}
	return r, nil
}
