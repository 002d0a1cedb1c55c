package integration

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// signerMistakes are those of signers that are written by hand: it returns the
// request IDs of the refusals by mistake.
func signerMistakes(t *testing.T, s *server) map[string]string {
	const path = "/media/signed.txt"
	at := time.Now().UTC()
	send := func(method, path string, header map[string]string) string {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.HTTP+path, nil)
		if err != nil {
			t.Error(err)
			return ""
		}
		for name, value := range header {
			r.Header.Set(name, value)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Error(err)
			return ""
		}
		answer.Body.Close()
		if answer.StatusCode < 400 {
			return ""
		}
		return answer.Header.Get("x-oss-request-id")
	}
	date, earlier := at.Format(http.TimeFormat), at.Add(-2*time.Second).Format(http.TimeFormat)
	v1 := func(text string) string { return "OSS " + owner.ID + ":" + owner.signature(text) }
	stamp := at.Format("20060102T150405Z")
	scope := stamp[:8] + "/cn-hangzhou/oss/aliyun_v4_request"
	return map[string]string{
		"date-twice": send("GET", path, map[string]string{"Date": date, "Authorization": v1("GET\n\n\n" + earlier + "\n" + path)}),
		"headers-unsorted": send("PUT", path, map[string]string{"Date": date, "X-Oss-Object-Acl": "private", "X-Oss-Meta-Author": "li", "X-Oss-Forbid-Overwrite": "false",
			"Authorization": v1("PUT\n\n\n" + date + "\nx-oss-object-acl:private\nx-oss-meta-author:li\nx-oss-forbid-overwrite:false\n" + path)}),
		"v4-without-bucket": send("GET", path, map[string]string{"X-Oss-Date": stamp, "X-Oss-Content-Sha256": "UNSIGNED-PAYLOAD",
			"Authorization": "OSS4-HMAC-SHA256 Credential=" + owner.ID + "/" + scope + ",Signature=" +
				owner.signature4(stamp, scope, "GET\n/signed.txt\n\nx-oss-content-sha256:UNSIGNED-PAYLOAD\nx-oss-date:"+stamp+"\n\n\nUNSIGNED-PAYLOAD")}),
		"thirty-days": send("GET", path+"?"+url.Values{"x-oss-signature-version": {"OSS4-HMAC-SHA256"}, "x-oss-date": {stamp}, "x-oss-expires": {"2592000"},
			"x-oss-credential": {owner.ID + "/" + scope}, "x-oss-signature": {strings.Repeat("ab", 32)}}.Encode(), nil),
	}
}

// signature4 is the version 4 signature of a canonical request, as "Add signatures
// to the header (version 4)" says.
func (c credentials) signature4(stamp, scope, canonical string) string {
	sum := sha256.Sum256([]byte(canonical))
	key := "aliyun_v4" + c.Secret
	for _, part := range append(strings.Split(scope, "/"), "OSS4-HMAC-SHA256\n"+stamp+"\n"+scope+"\n"+hex.EncodeToString(sum[:])) {
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(part))
		key = string(mac.Sum(nil))
	}
	return hex.EncodeToString([]byte(key))
}

// batchURL is a publish URL out of a Windows batch file, which takes %2 and %3 for
// arguments that it was not given.
func batchURL(s *server) string {
	for i := 0; ; i++ {
		right := owner.publishURL(s.HTTP, "media", "lecture", time.Now().Add(time.Hour+time.Duration(i)*time.Second), nil)
		if strings.Contains(right, "%2B") && strings.Contains(right, "%2F") {
			return regexp.MustCompile(`%[0-9]`).ReplaceAllString(right, "")
		}
	}
}

// livePathURL is a publish URL that was signed with the path for the resource.
func livePathURL(s *server) string {
	expires := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	query := url.Values{"OSSAccessKeyId": {owner.ID}, "Expires": {expires}, "Signature": {owner.signature(expires + "\n/media/live/lecture")}}
	return unsignedPublishURL(s.HTTP, "media", "lecture") + "?" + query.Encode()
}
