// Prints requests signed with version 4 by the official SDK for Go, second
// generation, as test cases.
//
//	go mod init sign && go get github.com/aliyun/alibabacloud-oss-go-sdk-v2@v1.2.3
//	go run sign_go_v2.go [COUNT] > go_v2.json
//
// The SDK signs; a URL is then read back, so that its escaping is part of the
// test. Names, values and dates come from a fixed seed, but a signed URL has
// the date of the run.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/signer"
)

type testCase struct {
	Name          string            `json:"name"`
	Version       string            `json:"version"`
	Kind          string            `json:"kind"`
	Method        string            `json:"method"`
	Bucket        string            `json:"bucket"`
	Key           string            `json:"key"`
	Region        string            `json:"region"`
	ID            string            `json:"id"`
	Secret        string            `json:"secret"`
	Token         string            `json:"token,omitempty"`
	Header        map[string]string `json:"header"`
	Query         map[string]string `json:"query"`
	Additional    []string          `json:"additional,omitempty"`
	Date          string            `json:"date,omitempty"`
	Expires       int64             `json:"expires,omitempty"`
	Authorization string            `json:"authorization,omitempty"`
	Signature     string            `json:"signature"`
}

var rnd = rand.New(rand.NewPCG(1, 1))

func text(least, most int, alphabet string) string {
	letters := []rune(alphabet)
	b := make([]rune, least+rnd.IntN(most-least+1))
	for i := range b {
		b[i] = letters[rnd.IntN(len(letters))]
	}
	return string(b)
}

func main() {
	const anything, printable = "abcXYZ019-_.~ +&=?/:%*'()!,;@$#é播🎥", "abcXYZ019-_.~+&=?/:%*'()!,;@$#"
	count := 20
	if len(os.Args) > 1 {
		var err error
		count, err = strconv.Atoi(os.Args[1])
		check(err)
	}
	var cases []string
	for i := range count {
		c := testCase{Version: "v4", Kind: []string{"header", "url"}[i%2], Method: []string{"GET", "PUT", "POST", "HEAD", "DELETE"}[rnd.IntN(5)],
			Bucket: fmt.Sprint("bucket-", i), Key: text(1, 20, anything), Region: "cn-hangzhou", ID: fmt.Sprint("id", i), Secret: text(8, 30, printable),
			Header: map[string]string{}, Query: map[string]string{}}
		c.Name = fmt.Sprintf("go-sdk-v2 v4 %s %d", c.Kind, i)
		if rnd.IntN(3) == 0 {
			c.Token = text(10, 40, printable)
		}
		for name, value := range map[string]string{"Content-Type": "text/plain; charset=utf-8", "Content-Md5": "1B2M2Y8AsgTpgAmY7PhCfg==", "X-Oss-Meta-A": "v" + text(0, 8, printable), "Range": "bytes=0-1"} {
			if rnd.IntN(2) == 0 {
				c.Header[name] = value
			}
		}
		if c.Header["Range"] != "" {
			c.Additional = []string{"range"}
		}
		query := url.Values{}
		for _, name := range []string{"live", "comp", "x-oss-process", "prefix", text(1, 6, anything)} {
			if rnd.IntN(2) == 0 {
				c.Query[name] = text(0, 12, anything)
				query.Set(name, c.Query[name])
			}
		}
		request, err := http.NewRequest(c.Method, "http://127.0.0.1:9000/?"+strings.ReplaceAll(query.Encode(), "+", "%20"), nil)
		check(err)
		for name, value := range c.Header {
			request.Header.Set(name, value)
		}
		product := "oss"
		ctx := &signer.SigningContext{Product: &product, Region: &c.Region, Bucket: &c.Bucket, Key: &c.Key, Request: request,
			AdditionalHeaders: c.Additional, AuthMethodQuery: c.Kind == "url",
			Credentials: &credentials.Credentials{AccessKeyID: c.ID, AccessKeySecret: c.Secret, SecurityToken: c.Token}}
		if c.Kind == "url" {
			ctx.Time = time.Now().Add(time.Hour)
		} else {
			ctx.Time = time.Unix(1702743657+rnd.Int64N(1e8), 0)
		}
		check((&signer.SignerV4{}).Sign(context.Background(), ctx))
		if c.Kind == "header" {
			c.Authorization = request.Header.Get("Authorization")
			_, c.Signature, _ = strings.Cut(c.Authorization, "Signature=")
			c.Header["X-Oss-Date"] = request.Header.Get("X-Oss-Date")
			c.Header["X-Oss-Content-Sha256"] = request.Header.Get("X-Oss-Content-Sha256")
			c.Header["Date"] = request.Header.Get("Date")
		} else {
			q := request.URL.Query()
			c.Signature, c.Date = q.Get("x-oss-signature"), q.Get("x-oss-date")
			c.Expires, err = strconv.ParseInt(q.Get("x-oss-expires"), 10, 64)
			check(err)
			for name := range q {
				switch name {
				case "x-oss-signature", "x-oss-date", "x-oss-expires", "x-oss-credential", "x-oss-signature-version", "x-oss-additional-headers", "x-oss-security-token":
				default:
					c.Query[name] = q.Get(name)
				}
			}
		}
		line, err := json.Marshal(c)
		check(err)
		cases = append(cases, string(line))
	}
	fmt.Printf("[\n%s\n]\n", strings.Join(cases, ",\n"))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
