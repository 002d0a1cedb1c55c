package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"osslive/auth"
)

// apiClient reads the OSS API of a server.
type apiClient struct {
	endpoint string // scheme and authority
	key      auth.Key
}

// apiTimeout bounds one request, apiAnswer the bytes of its answer.
const (
	apiTimeout = 10 * time.Second
	apiAnswer  = 4 << 20
)

// channelState is the answer of GetLiveChannelStat. A disabled channel has a status
// alone.
type channelState struct {
	bucket, name string
	stat         liveStat
}

type liveStat struct {
	Status        string
	ConnectedTime string
	RemoteAddr    string
	Video         *struct {
		Width, Height, FrameRate int
		Bandwidth                int // bytes per second
		Codec                    string
	}
	Audio *struct {
		Bandwidth  int // bytes per second
		SampleRate int
		Codec      string
	}
}

// channels returns the channels of a bucket, or of all buckets if it is "", by name.
func (c *apiClient) channels(ctx context.Context, bucket string) ([]channelState, error) {
	buckets := []string{bucket}
	if bucket == "" {
		var err error
		if buckets, err = c.buckets(ctx); err != nil {
			return nil, err
		}
	}
	var all []channelState
	for _, bucket := range buckets {
		names, err := c.channelNames(ctx, bucket)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			state := channelState{bucket: bucket, name: name}
			if err := c.get(ctx, bucket, name, url.Values{"live": {""}, "comp": {"stat"}}, &state.stat); err != nil {
				return nil, err
			}
			all = append(all, state)
		}
	}
	return all, nil
}

func (c *apiClient) buckets(ctx context.Context) (names []string, err error) {
	for marker := ""; ; {
		var page struct {
			IsTruncated bool
			NextMarker  string
			Names       []string `xml:"Buckets>Bucket>Name"`
		}
		if err := c.get(ctx, "", "", url.Values{"max-keys": {"1000"}, "marker": {marker}}, &page); err != nil {
			return nil, err
		}
		names = append(names, page.Names...)
		if !page.IsTruncated {
			return names, nil
		}
		marker = page.NextMarker
	}
}

func (c *apiClient) channelNames(ctx context.Context, bucket string) (names []string, err error) {
	for marker := ""; ; {
		var page struct {
			IsTruncated bool
			NextMarker  string
			Names       []string `xml:"LiveChannel>Name"`
		}
		if err := c.get(ctx, bucket, "", url.Values{"live": {""}, "max-keys": {"1000"}, "marker": {marker}}, &page); err != nil {
			return nil, err
		}
		names = append(names, page.Names...)
		if !page.IsTruncated {
			return names, nil
		}
		marker = page.NextMarker
	}
}

// get requests a signed URL and decodes the XML answer into v.
func (c *apiClient) get(ctx context.Context, bucket, key string, query url.Values, v any) error {
	r := auth.Request{Method: http.MethodGet, Header: http.Header{}, Bucket: bucket, Key: key, Query: query}
	u, err := url.Parse(c.endpoint)
	if err != nil {
		return fmt.Errorf("--endpoint %q: is not a URL", c.endpoint)
	}
	if bucket != "" {
		u = u.JoinPath(bucket, key)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	u.RawQuery = auth.SignURL(&r, c.key, time.Now().Add(time.Minute)).Encode()
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return fmt.Errorf("--endpoint %q: %w", c.endpoint, err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		if failed := (*url.Error)(nil); errors.As(err, &failed) {
			err = failed.Err // without the URL, which is signed
		}
		return fmt.Errorf("%s: %w; is the server running there?", c.endpoint, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, apiAnswer))
	if err != nil {
		return fmt.Errorf("%s: %w", c.endpoint, err)
	}
	if answer.StatusCode == http.StatusOK {
		if err := xml.Unmarshal(text, v); err != nil {
			return fmt.Errorf("%s does not answer as OSS does: %w", c.endpoint, err)
		}
		return nil
	}
	var refusal struct{ Code, Message, RequestId string }
	if xml.Unmarshal(text, &refusal) != nil || refusal.Code == "" {
		return fmt.Errorf("%s answers %s, which is not the API", c.endpoint, answer.Status)
	}
	return fmt.Errorf("%s: %s: %s (RequestId %s)", c.endpoint, refusal.Code, printable(refusal.Message), printable(refusal.RequestId))
}
