package integration

import (
	"bufio"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The SDKs for C, C++, PHP and C# are not run here. Their requests are, byte
// for byte in all that matters to a server: target, Host, framing, what is
// signed. Each was read from the SDK's source, the framing of the first two
// from libcurl as they set it up.

// call is an operation, before an SDK puts it on the wire.
type call struct {
	method, key string   // key "": of the bucket
	params      []string // name, value, …; in the order in which C and PHP add them
	body        string
	status      int
}

// dialect is how an SDK writes a call.
type dialect struct {
	name string
	// target of the request. path is set where the endpoint is an IP address: the bucket then is a part of it.
	target func(bucket string, c call, path bool) string
	// headers besides Host, Date and Authorization; a value that is empty leaves the header out.
	headers func(c call) []string
	// resource is what is signed of the address.
	resource func(bucket string, c call, path bool) string
	config   string
	// publish is the path of the RTMP URL, and the order of its query.
	publish func(bucket, channel string, path bool) string
	query   []string
}

const (
	configC   = `<?xml version="1.0" encoding="utf-8"?><LiveChannelConfiguration><Description>my test live channel,&lt;&gt;{}=?//&amp;</Description><Status>enabled</Status><Target><Type>HLS</Type><FragDuration>1</FragDuration><FragCount>3</FragCount><PlaylistName>list.m3u8</PlaylistName></Target></LiveChannelConfiguration>`
	configPHP = `<?xml version="1.0" encoding="utf-8"?>` + "\n" + `<LiveChannelConfiguration><Description>test</Description><Status>enabled</Status><Target><Type>HLS</Type><FragDuration>1</FragDuration><FragCount>3</FragCount><PlayListName>list.m3u8</PlayListName></Target></LiveChannelConfiguration>` + "\n"
)

var dialects = []dialect{
	{
		name: "C", config: configC,
		target: func(bucket string, c call, path bool) string {
			key := c.key
			if path { // the bucket alone has no slash after it
				key = strings.TrimSuffix(bucket+"/"+key, "/")
			}
			return "/" + url.PathEscape(key) + bare(c.params) // slashes too
		},
		headers: func(c call) []string {
			h := []string{"User-Agent", "aliyun-sdk-c/3.11.2(Compatible Linux)", "Accept", "*/*"}
			switch {
			case c.body != "": // libcurl is not told the size, and the header is
				h = append(h, "Transfer-Encoding", "chunked", "Content-Length", strconv.Itoa(len(c.body)), "Expect", "100-continue")
			case c.method == "PUT":
				h = append(h, "Content-Length", "0")
			case c.method == "POST":
				h = append(h, "Content-Length", "0", "Content-Type", "application/x-www-form-urlencoded")
			}
			return h
		},
		resource: func(bucket string, c call, path bool) string {
			if path && c.key == "" {
				return "/" + bucket
			}
			return "/" + bucket + "/" + c.key
		},
		publish: func(bucket, channel string, path bool) string {
			if path {
				return url.PathEscape(bucket + "/live/" + channel)
			}
			return url.PathEscape("live/" + channel)
		},
		query: []string{"playlistName", "OSSAccessKeyId", "Expires", "Signature"},
	},
	{
		name: "C++", config: configC,
		target: func(bucket string, c call, path bool) string { return plain(bucket, c, path) + sorted(c.params) },
		headers: func(c call) []string {
			h := []string{"Accept", "*/*", "User-Agent", "aliyun-sdk-cpp/1.10.0 (Linux/5.10;x86_64;GNU/10.2)"}
			switch c.method {
			case "PUT":
				h = append(h, "Transfer-Encoding", "chunked")
				if c.body != "" {
					h = append(h, "Content-Length", strconv.Itoa(len(c.body)))
				}
			case "GET", "POST":
				h = append(h, "Content-Length", "0")
			}
			return h
		},
		resource: whole,
		publish: func(bucket, channel string, path bool) string {
			if path {
				return "live/" + bucket + "/" + url.PathEscape(channel)
			}
			return "live/" + url.PathEscape(channel)
		},
		query: []string{"Expires", "OSSAccessKeyId", "Signature", "playlistName"},
	},
	{
		name: "PHP", config: configPHP,
		target: func(bucket string, c call, path bool) string { return plain(bucket, c, path) + bare(c.params) },
		headers: func(c call) []string {
			h := []string{"User-Agent", "aliyun-sdk-php/2.7.2 (Linux/5.10/x86_64;7.4.33)", "Accept", "*/*", "Accept-Encoding", ""}
			kind := "application/octet-stream"
			if c.body != "" {
				sum := md5.Sum([]byte(c.body))
				kind = "application/xml"
				h = append(h, "Content-MD5", base64.StdEncoding.EncodeToString(sum[:]))
			}
			h = append(h, "Content-Type", kind)
			if c.method == "PUT" || c.method == "POST" {
				h = append(h, "Content-Length", strconv.Itoa(len(c.body)))
			}
			return h
		},
		resource: whole,
		publish:  func(_, channel string, _ bool) string { return "live/" + url.PathEscape(channel) },
		query:    []string{"playlistName", "OSSAccessKeyId", "Expires", "Signature"},
	},
	{
		name: "C#", config: configC,
		target: func(bucket string, c call, path bool) string { return plain(bucket, c, path) + sorted(c.params) },
		headers: func(c call) []string {
			h := []string{"User-Agent", "aliyun-sdk-dotnet/2.14.1.0(Microsoft Windows NT 10.0/x64;4.0)"}
			if c.method == "PUT" || c.method == "POST" {
				h = append(h, "Content-Length", strconv.Itoa(len(c.body)))
			}
			if c.body != "" {
				h = append(h, "Content-Type", "application/octet-stream", "Expect", "100-continue")
			}
			return append(h, "Connection", "Keep-Alive")
		},
		resource: whole,
		publish: func(bucket, channel string, path bool) string {
			if path {
				return bucket + "/live/" + url.PathEscape(channel)
			}
			return "live/" + url.PathEscape(channel)
		},
		query: []string{"OSSAccessKeyId", "Expires", "Signature", "playlistName"},
	},
}

// whole is the resource as the API reference has it.
func whole(bucket string, c call, _ bool) string { return "/" + bucket + "/" + c.key }

// plain is a target's path with its slashes.
func plain(bucket string, c call, path bool) string {
	prefix := "/"
	if path {
		prefix += bucket + "/"
	}
	return prefix + strings.ReplaceAll(url.PathEscape(c.key), "%2F", "/")
}

// bare is a query in the order given, with names alone where there is no value.
func bare(params []string) string {
	var text []string
	for i := 0; i < len(params); i += 2 {
		pair := params[i]
		if params[i+1] != "" {
			pair += "=" + url.QueryEscape(params[i+1])
		}
		text = append(text, pair)
	}
	return "?" + strings.Join(text, "&")
}

// sorted is bare by name.
func sorted(params []string) string {
	query := strings.Split(strings.TrimPrefix(bare(params), "?"), "&")
	slices.Sort(query)
	return "?" + strings.Join(query, "&")
}

// request returns the head of a request, signed, and its body as framed.
func (d dialect) request(c call, bucket, host string, path bool) (head, body string) {
	date := time.Now().UTC().Format(http.TimeFormat)
	var lines strings.Builder
	signed := map[string]string{}
	framing := ""
	headers := d.headers(c)
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] != "" {
			fmt.Fprintf(&lines, "%s: %s\r\n", headers[i], headers[i+1])
		}
		signed[headers[i]] = headers[i+1]
		if headers[i] == "Transfer-Encoding" {
			framing = headers[i+1]
		}
	}
	var subresources []string
	for i := 0; i < len(c.params); i += 2 {
		if slices.Contains(signedParams, c.params[i]) {
			subresources = append(subresources, c.params[i], c.params[i+1])
		}
	}
	resource := d.resource(bucket, c, path) + strings.ReplaceAll(sorted(subresources), "%2F", "/")
	text := c.method + "\n" + signed["Content-MD5"] + "\n" + signed["Content-Type"] + "\n" + date + "\n" + resource
	head = fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\n%sDate: %s\r\nAuthorization: OSS %s:%s\r\n\r\n",
		c.method, d.target(bucket, c, path), host, lines.String(), date, owner.ID, owner.signature(text))
	body = c.body
	if framing == "chunked" {
		body = "0\r\n\r\n"
		if c.body != "" {
			body = fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(c.body), c.body)
		}
	}
	return head, body
}

// publishURL signs as the SDK does, and writes the URL in its form.
func (d dialect) publishURL(bucket, channel, host string, path bool) string {
	expires := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	values := map[string]string{
		"playlistName": "list.m3u8", "OSSAccessKeyId": owner.ID, "Expires": expires,
		"Signature": owner.signature(expires + "\nplaylistName:list.m3u8\n/" + bucket + "/" + channel),
	}
	var query []string
	for _, name := range d.query {
		query = append(query, name+"="+url.QueryEscape(values[name]))
	}
	return "rtmp://" + host + "/" + d.publish(bucket, channel, path) + "?" + strings.Join(query, "&")
}

// replay sends a request over a socket of its own, as the client does that
// waits with its body for leave to send it, and returns the answer.
func replay(t testing.TB, address, head, body string) (status int, answer string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	reader := bufio.NewReader(conn)
	io.WriteString(conn, head)
	if strings.Contains(head, "Expect: 100-continue") {
		leave, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		if leave.StatusCode != http.StatusContinue {
			text, _ := io.ReadAll(leave.Body)
			return leave.StatusCode, string(text)
		}
	}
	io.WriteString(conn, body)
	resp, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// Every live channel operation and a push, as the four SDKs write them, by IP
// address and by host name. All buckets have a channel of the same name: a URL
// that leaves the bucket out finds it by the signature.
func TestDialects(t *testing.T) {
	source := small(t)
	const channel = "live channel"
	type run struct {
		dialect
		bucket, host, style string
		path                bool
	}
	var runs []run
	flags := []string{"serve", "--rtmp", "127.0.0.1:0", "--key", owner.ID + ":" + owner.Secret}
	for _, d := range dialects {
		for _, style := range []string{"ip", "localhost"} {
			r := run{dialect: d, style: style, path: style == "ip"}
			r.bucket = strings.NewReplacer("+", "p", "#", "s").Replace(strings.ToLower(d.name)) + "-" + style
			flags = append(flags, "--bucket", r.bucket)
			runs = append(runs, r)
		}
	}
	s := launch(t, "memory", flags...)
	_, port, _ := strings.Cut(s.HTTP, ":")
	for i, r := range runs {
		switch {
		case !r.path:
			runs[i].host = r.bucket + ".localhost:" + port
		case r.name == "C": // takes an address with a port for a name
			runs[i].host = "127.0.0.1"
		default:
			runs[i].host = s.HTTP
		}
	}
	expect := func(t *testing.T, r run, c call, want ...string) {
		t.Helper()
		head, body := r.request(c, r.bucket, r.host, r.path)
		status, answer := replay(t, s.HTTP, head, body)
		if status != c.status {
			t.Errorf("got %d, want %d\n%s%s\n%s", status, c.status, head, body, answer)
		}
		for _, part := range want {
			if !strings.Contains(answer, part) {
				t.Errorf("%s %s: no %q in the answer:\n%s", c.method, c.key, part, answer)
			}
		}
	}
	each := func(t *testing.T, step func(*testing.T, run)) {
		t.Helper()
		for _, r := range runs {
			t.Run(r.name+" "+r.style, func(t *testing.T) { step(t, r) })
		}
	}
	live := []string{"live", ""}

	each(t, func(t *testing.T, r run) {
		expect(t, r, call{"PUT", channel, live, r.config, 200}, "<PublishUrls>")
		info := "<PlaylistName>list.m3u8</PlaylistName>"
		if r.name == "PHP" { // its PlayListName is another element
			info = "<PlaylistName>playlist.m3u8</PlaylistName>"
		}
		expect(t, r, call{"GET", channel, live, "", 200}, info)
		expect(t, r, call{"PUT", channel, []string{"live", "", "status", "disabled"}, "", 200})
		expect(t, r, call{"GET", channel, []string{"live", "", "comp", "stat"}, "", 200}, "<Status>Disabled</Status>")
		expect(t, r, call{"PUT", channel, []string{"live", "", "status", "enabled"}, "", 200})
		expect(t, r, call{"GET", "", []string{"live", "", "prefix", "live", "marker", "", "max-keys", "3"}, "", 200},
			"<Name>"+channel+"</Name>", "<NextMarker></NextMarker>")
	})
	if t.Failed() {
		return
	}
	began := time.Now()
	pushes := map[string]*process{}
	for _, r := range runs {
		host := r.host
		if r.path {
			host = s.HTTP
		}
		pushes[r.bucket] = push(t, source, r.publishURL(r.bucket, channel, host, r.path))
	}
	for _, r := range runs {
		s.client(r.bucket).waitStatus(t, channel, "Live", 20*time.Second)
	}
	for _, r := range runs {
		eventually(t, 20*time.Second, r.bucket+" has recorded", func() error {
			for _, object := range s.client(r.bucket).list(t, channel+"/") {
				if strings.HasSuffix(object.Key, ".ts") {
					return nil
				}
			}
			return errNotYet
		})
		pushes[r.bucket].signal(syscall.SIGTERM)
		if _, gone := pushes[r.bucket].wait(10 * time.Second); !gone {
			t.Fatalf("%s: ffmpeg survived SIGTERM", r.bucket)
		}
	}
	each(t, func(t *testing.T, r run) {
		s.client(r.bucket).waitStatus(t, channel, "Idle", 10*time.Second)
		expect(t, r, call{"GET", channel, []string{"live", "", "comp", "history"}, "", 200}, "<LiveRecord>", ".000Z</EndTime>")
		span := []string{"vod", "", "startTime", strconv.FormatInt(began.Unix()-1, 10), "endTime", strconv.FormatInt(time.Now().Unix()+1, 10)}
		expect(t, r, call{"POST", channel + "/vod.m3u8", span, "", 200})
		expect(t, r, call{"GET", channel, span, "", 200}, "#EXT-X-ENDLIST")
		expect(t, r, call{"DELETE", channel, live, "", 204})
		expect(t, r, call{"GET", channel, live, "", 404}, "NoSuchLiveChannel")
	})
}
