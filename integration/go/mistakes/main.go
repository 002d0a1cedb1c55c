// Mistakes with both SDKs for Go; see ../../testdata/mistakes.txt. Prints
// MISTAKE <name> <x-oss-request-id of the refusal>.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/aliyun/aliyun-oss-go-sdk/oss"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
)

var (
	endpoint = os.Getenv("OSS_TEST_ENDPOINT")
	id       = os.Getenv("OSS_TEST_ACCESS_KEY_ID")
	secret   = os.Getenv("OSS_TEST_ACCESS_KEY_SECRET")
)

func main() {
	file := filepath.Join(os.TempDir(), fmt.Sprint("secret-", os.Getpid()))
	must(os.WriteFile(file, []byte(secret+"\n"), 0o600))
	fromFile, err := os.ReadFile(file)
	must(errors.Join(err, os.Remove(file)))
	get("secret-newline", id, string(fromFile))
	get("id-space", id+" ", secret)

	client := oss.NewClient(oss.LoadDefaultConfig().WithRegion("cn-hangzhou").WithEndpoint(endpoint).
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(id, secret)))
	put := presign(client, &oss.PutObjectRequest{Bucket: oss.Ptr("vault"), Key: oss.Ptr("picture.png")})
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", "picture.png")
	must(err)
	_, err = io.WriteString(part, "pixels")
	must(errors.Join(err, w.Close()))
	send("form-upload", "PUT", put, &form, w.FormDataContentType())

	put = presign(client, &oss.PutObjectRequest{Bucket: oss.Ptr("vault"), Key: oss.Ptr("picture.png"), Metadata: map[string]string{"author": "me"}})
	send("signed-metadata", "PUT", put, strings.NewReader("pixels"), "")

	url := presign(client, &oss.GetObjectRequest{Bucket: oss.Ptr("vault"), Key: oss.Ptr("picture.png")})
	send("region-edited", "GET", strings.Replace(url, "cn-hangzhou", "cn-shanghai", 1), nil, "")
}

func get(name, id, secret string) {
	client, err := v1.New(endpoint, id, secret)
	must(err)
	bucket, err := client.Bucket("vault")
	must(err)
	var refused v1.ServiceError
	if _, err = bucket.GetObject("a b.txt"); !errors.As(err, &refused) {
		log.Fatalf("%s: %v", name, err)
	}
	fmt.Println("MISTAKE", name, refused.RequestID)
}

func presign(c *oss.Client, request any) string {
	r, err := c.Presign(context.Background(), request, oss.PresignExpires(time.Minute))
	must(err)
	return r.URL
}

func send(name, method, url string, body io.Reader, contentType string) {
	r, err := http.NewRequest(method, url, body)
	must(err)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	answer, err := http.DefaultClient.Do(r)
	must(err)
	answer.Body.Close()
	outcome := "MISTAKE"
	if answer.StatusCode < 400 {
		outcome = "WORKED"
	}
	fmt.Println(outcome, name, answer.Header.Get("x-oss-request-id"))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
