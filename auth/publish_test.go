package auth

import (
	"errors"
	"net/url"
	"testing"
)

func TestPublishRefusals(t *testing.T) {
	accepted, tried := 0, 0
	for _, c := range []struct {
		name    string
		publish Publish // signed as it is
		want    error
	}{
		{"playlistName twice", Publish{"b", "ch", url.Values{"playlistName": {"a.m3u8", "b.m3u8"}}}, ErrRepeated},
		{"any parameter twice", Publish{"b", "ch", url.Values{"x": {"1", "1"}}}, ErrRepeated},
		{"no bucket", Publish{"", "ch", nil}, ErrMalformed},
		{"no channel", Publish{"b", "", nil}, ErrMalformed},
		{"bucket with a slash", Publish{"b/live", "ch", nil}, ErrMalformed},
		{"channel with a slash", Publish{"b", "live/ch", nil}, ErrMalformed},
		{"channel with a line end", Publish{"b", "a\nb", nil}, ErrMalformed},
		{"name with a colon", Publish{"b", "ch", url.Values{"a:b": {"c"}}}, ErrMalformed},
		{"name with a slash", Publish{"b", "ch", url.Values{"/b/a": {"c"}}}, ErrMalformed},
		{"name with a line end", Publish{"b", "ch", url.Values{"a\n": {"c"}}}, ErrMalformed},
		{"value with a line end", Publish{"b", "ch", url.Values{"a": {"b\nplaylistName:c"}}}, ErrMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := c.publish
			p.Query = SignPublish(&c.publish, testKey, testNow)
			id, err := VerifyPublish(&p, testKeys, testNow)
			if tried++; err == nil {
				accepted++
			}
			checkRefused(t, id, err)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	if _, err := VerifyPublish(&Publish{"b", "ch", url.Values{"playlistName": {"a", "b"}}}, testKeys, testNow); !errors.Is(err, ErrRepeated) {
		t.Errorf("unsigned, playlistName twice: got %v, want %v", err, ErrRepeated)
	}
	t.Logf("P4: %d overrides, accepted %d", tried, accepted)
}

func TestPublishToken(t *testing.T) {
	verdicts, wrong := 0, 0
	for _, c := range []struct {
		name   string
		key    Key
		signed url.Values // before signing
		added  url.Values // after
		want   error
	}{
		{"signed", testSTS, url.Values{"security-token": {"ststoken"}}, nil, nil},
		{"not signed", testSTS, nil, url.Values{"security-token": {"ststoken"}}, nil},
		{"other name", testSTS, nil, url.Values{"SecurityToken": {"ststoken"}}, nil},
		{"missing", testSTS, nil, nil, ErrBadToken},
		{"wrong, signed", testSTS, url.Values{"security-token": {"x"}}, nil, ErrBadToken},
		{"wrong, not signed", testSTS, nil, url.Values{"security-token": {"ststoken2"}}, ErrBadToken},
		{"wrong, other name", testSTS, nil, url.Values{"SecurityToken": {"x"}}, ErrBadToken},
		{"both names", testSTS, nil, url.Values{"SecurityToken": {"ststoken"}, "security-token": {"ststoken"}}, ErrRepeated},
		{"no need", testKey, nil, url.Values{"SecurityToken": {"x"}}, ErrBadToken},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &Publish{Bucket: "b", Channel: "ch", Query: url.Values{"playlistName": {"p.m3u8"}}}
			for name, v := range c.signed {
				p.Query[name] = v
			}
			p.Query = SignPublish(p, Key{ID: c.key.ID, Secret: c.key.Secret, Token: c.signed.Get("security-token")}, testNow)
			for name, v := range c.added {
				p.Query[name] = v
			}
			id, err := VerifyPublish(p, testKeys, testNow)
			verdicts++
			if !errors.Is(err, c.want) || (c.want == nil) != (id.KeyID() == c.key.ID) {
				wrong++
				t.Errorf("got %+v, %v, want %v", id, err, c.want)
			}
		})
	}
	t.Logf("P7: %d verdicts on tokens, wrong %d", verdicts, wrong)
}
