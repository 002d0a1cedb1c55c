package integration

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// credentials sign as "Add a signature to the header" (V1) and "RTMP ingest
// URLs and signatures" say; written from those pages, not from our own code.
type credentials struct{ ID, Secret string }

func (c credentials) signature(text string) string {
	mac := hmac.New(sha1.New, []byte(c.Secret))
	io.WriteString(mac, text)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// publishURL returns a signed push URL of the form that the Python SDK makes
// for an endpoint that is an address.
func (c credentials) publishURL(host, bucket, channel string, expires time.Time, params map[string]string) string {
	text := strconv.FormatInt(expires.Unix(), 10) + "\n"
	query := url.Values{}
	for _, name := range sortedKeys(params) {
		text += name + ":" + params[name] + "\n"
		query.Set(name, params[name])
	}
	query.Set("OSSAccessKeyId", c.ID)
	query.Set("Expires", strconv.FormatInt(expires.Unix(), 10))
	query.Set("Signature", c.signature(text+"/"+bucket+"/"+channel))
	return unsignedPublishURL(host, bucket, channel) + "?" + query.Encode()
}

func unsignedPublishURL(host, bucket, channel string) string {
	return "rtmp://" + host + "/" + bucket + "/live/" + channel
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// client calls the API of one bucket, path style.
type client struct {
	host, bucket string
	key          credentials
}

func (s *server) client(bucket string) *client { return &client{s.HTTP, bucket, owner} }

// signedParams are the sub-resources among the query parameters used here.
var signedParams = []string{"acl", "comp", "endTime", "live", "startTime", "status", "vod"}

// do sends a signed request. err is only for a request that got no whole
// answer; a refusal is an answer.
func (c *client) do(method, key string, query url.Values, body []byte) (status int, answer []byte, err error) {
	u := url.URL{Scheme: "http", Host: c.host, Path: "/" + c.bucket + "/" + key, RawQuery: query.Encode()}
	req, err := http.NewRequest(method, u.String(), bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	resource := "/" + c.bucket + "/" + key
	separator := "?"
	for _, name := range signedParams {
		if query.Has(name) {
			resource += separator + name
			if v := query.Get(name); v != "" {
				resource += "=" + v
			}
			separator = "&"
		}
	}
	req.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	text := method + "\n\n\n" + req.Header.Get("Date") + "\n" + resource
	req.Header.Set("Authorization", "OSS "+c.key.ID+":"+c.key.signature(text))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// must is do for a call that is expected to work.
func (c *client) must(t testing.TB, method, key string, query url.Values, body []byte) []byte {
	t.Helper()
	status, answer, err := c.do(method, key, query, body)
	if err != nil || status/100 != 2 {
		t.Fatalf("%s /%s/%s?%s: got %d, %v, want 2xx\n%s", method, c.bucket, key, query.Encode(), status, err, answer)
	}
	return answer
}

// code returns the error code of a refusal.
func code(answer []byte) string {
	var e struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
	}
	if err := xml.Unmarshal(answer, &e); err != nil {
		return fmt.Sprintf("not an error document: %v: %s", err, answer)
	}
	return e.Code
}

func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func (c *client) putChannel(t testing.TB, channel string, fragDuration, fragCount int) {
	t.Helper()
	c.must(t, "PUT", channel, values("live", ""), fmt.Appendf(nil,
		`<LiveChannelConfiguration><Target><Type>HLS</Type><FragDuration>%d</FragDuration><FragCount>%d</FragCount></Target></LiveChannelConfiguration>`,
		fragDuration, fragCount))
}

func (c *client) setStatus(t testing.TB, channel, status string) {
	t.Helper()
	c.must(t, "PUT", channel, values("live", "", "status", status), nil)
}

// channelStat is the answer of GetLiveChannelStat.
type channelStat struct {
	XMLName       xml.Name `xml:"LiveChannelStat"`
	Status        string
	ConnectedTime string
	RemoteAddr    string
	Video         *struct {
		Width, Height, FrameRate, Bandwidth int
		Codec                               string
	}
	Audio *struct {
		Bandwidth, SampleRate int
		Codec                 string
	}
}

func (c *client) stat(t testing.TB, channel string) channelStat {
	t.Helper()
	var s channelStat
	decode(t, c.must(t, "GET", channel, values("live", "", "comp", "stat"), nil), &s)
	return s
}

// waitStatus waits until the channel is Live, Idle or Disabled.
func (c *client) waitStatus(t testing.TB, channel, want string, limit time.Duration) {
	t.Helper()
	eventually(t, limit, channel+" is "+want, func() error {
		if got := c.stat(t, channel).Status; got != want {
			return fmt.Errorf("it is %s", got)
		}
		return nil
	})
}

type liveRecord struct {
	StartTime, EndTime time.Time
	RemoteAddr         string
}

// history returns the finished sessions, oldest first, after checking that
// each is closed and that they are in order.
func (c *client) history(t testing.TB, channel string) []liveRecord {
	t.Helper()
	var h struct {
		XMLName xml.Name     `xml:"LiveChannelHistory"`
		Records []liveRecord `xml:"LiveRecord"`
	}
	decode(t, c.must(t, "GET", channel, values("live", "", "comp", "history"), nil), &h)
	for i, r := range h.Records {
		if r.EndTime.IsZero() || r.EndTime.Before(r.StartTime) {
			t.Errorf("history record %d of %s: start %v, end %v: not a finished session", i, channel, r.StartTime, r.EndTime)
		}
		if i > 0 && r.StartTime.Before(h.Records[i-1].StartTime) {
			t.Errorf("history of %s: record %d starts before record %d", channel, i, i-1)
		}
	}
	if len(h.Records) > 10 {
		t.Errorf("history of %s: got %d records, want at most 10", channel, len(h.Records))
	}
	return h.Records
}

// listed is one object of ListObjects.
type listed struct {
	Key, ETag string
	Size      int64
}

// list returns every object under prefix, in order, page by page.
func (c *client) list(t testing.TB, prefix string) []listed {
	t.Helper()
	var all []listed
	marker := ""
	for {
		var page struct {
			XMLName     xml.Name `xml:"ListBucketResult"`
			IsTruncated bool
			NextMarker  string
			Contents    []listed
		}
		decode(t, c.must(t, "GET", "", values("prefix", prefix, "marker", marker, "max-keys", "1000"), nil), &page)
		all = append(all, page.Contents...)
		if !page.IsTruncated {
			break
		}
		marker = page.NextMarker
	}
	if !slices.IsSortedFunc(all, func(a, b listed) int { return strings.Compare(a.Key, b.Key) }) {
		t.Errorf("ListObjects: keys are not in byte order: %v", all)
	}
	return all
}

// postVOD writes a list of everything recorded between the times, and returns its URL.
func (c *client) postVOD(t testing.TB, channel, name string, from, to time.Time) string {
	t.Helper()
	c.must(t, "POST", channel+"/"+name, values("vod", "",
		"startTime", strconv.FormatInt(from.Unix(), 10), "endTime", strconv.FormatInt(to.Unix(), 10)), nil)
	return c.url(channel + "/" + name)
}

// url is where anyone reads an object of the public bucket.
func (c *client) url(key string) string { return "http://" + c.host + "/" + c.bucket + "/" + key }

func decode(t testing.TB, text []byte, into any) {
	t.Helper()
	if err := xml.Unmarshal(text, into); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}
