package refusal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"osslive/auth"
	"osslive/server/address"
	"osslive/server/refusal/proof"
	"osslive/store"
)

// question is a refusal that is being explained.
type question struct {
	*proof.Case
	log *Log
	ctx context.Context
	r   *Refusal
}

func (l *Log) question(ctx context.Context, r *Refusal) *question {
	q := &question{log: l, ctx: ctx, r: r, Case: proof.New(r.request(), l.config.Keys)}
	q.RawPath, q.Path, q.Size, q.Region = r.RawPath, r.Path, r.size(), l.config.Region
	q.Hostname, q.BucketInHost = address.Hostname(r.Host), l.config.Domains.Host(r.Host).Kind == address.Label
	q.Buckets, q.Objects, q.Channels, q.Playlist = sync.OnceValue(q.buckets), sync.OnceValue(q.objects), q.channels, q.playlist
	return q
}

// request returns the part of r that is signed.
func (r *Refusal) request() *auth.Request {
	return &auth.Request{Method: r.Method, Host: r.Host, Header: r.Header, Bucket: r.Bucket, Key: r.Name, Query: r.Query}
}

// maxNames limits how many buckets, channels of a bucket, and objects are compared.
const maxNames = 1000

// The explanation leaves out what the store fails to list.

func (q *question) buckets() (names []string) {
	page, _ := q.log.config.Store.Buckets(q.ctx, "", "", maxNames)
	for _, b := range page.Items {
		names = append(names, b.Name)
	}
	return names
}

func (q *question) channels(bucket string) (names []string) {
	page, _ := q.log.config.Store.Channels(q.ctx, bucket, "", "", maxNames)
	for _, c := range page.Items {
		names = append(names, c.Name)
	}
	return names
}

func (q *question) objects() (keys []string) {
	page, _ := q.log.config.Store.ListObjects(q.ctx, q.r.Bucket, store.ListQuery{Limit: maxNames})
	for _, o := range page.Items {
		keys = append(keys, o.Key)
	}
	return keys
}

func (q *question) playlist() string { return q.playlistOf(q.r.Name) }

// playlistOf returns the name of a channel's playlist, "" if there is no such channel.
func (q *question) playlistOf(channel string) string {
	c, _ := q.log.config.Store.Channel(q.ctx, q.r.Bucket, channel)
	return c.Target.PlaylistName
}

// has reports whether the bucket of the request has an object.
func (q *question) has(key string) bool {
	if store.CheckKey(key) != nil || store.CheckBucketName(q.r.Bucket) != nil {
		return false
	}
	_, err := q.log.config.Store.Object(q.ctx, q.r.Bucket, key)
	return err == nil
}

// is reports whether the request was refused for one of these errors.
func (q *question) is(errs ...error) bool {
	return slices.ContainsFunc(errs, func(e error) bool { return errors.Is(q.r.Err, e) })
}

// is is a condition: the request was refused for one of these errors.
func is(errs ...error) func(*question) bool { return func(q *question) bool { return q.is(errs...) } }

func code(code string) func(*question) bool {
	return func(q *question) bool { return q.r.Code == code }
}

func (q *question) mismatch() bool {
	var mismatch *auth.MismatchError
	return errors.As(q.r.Err, &mismatch)
}

// unsigned reports whether something of a signature is missing.
func (q *question) unsigned() bool {
	return q.is(auth.ErrMissingParam) || q.Claim.Version == "" && q.r.Code == "AccessDenied" && q.r.Header.Get("Authorization") == ""
}

// invalid returns the value that the store refused; an empty one for other errors.
func (q *question) invalid() store.InvalidError {
	var invalid *store.InvalidError
	if errors.As(q.r.Err, &invalid) {
		return *invalid
	}
	return store.InvalidError{}
}

// Values of titles.

type value = func(*question) string

func keyID(q *question) string       { return q.Claim.KeyID }
func bucket(q *question) string      { return q.r.Bucket }
func name(q *question) string        { return q.r.Name }
func host(q *question) string        { return q.r.Host }
func message(q *question) string     { return q.r.Message }
func decodedName(q *question) string { return proof.Unescaped(q.r.Name) }
func path(q *question) string        { return "/" + strings.Join(q.r.Path, "/") }
func parameters(q *question) string  { return strings.Join(q.names(), ", ") }
func query(name string) value        { return func(q *question) string { return q.r.Query.Get(name) } }

// meant asks whether a near name is meant; it is "" if none is near.
func meant(near value) value {
	return func(q *question) string {
		if name := near(q); name != "" {
			return ` Is "` + name + `" meant?`
		}
		return ""
	}
}

func signatureLength(q *question) string { return fmt.Sprint(len(q.Claim.Signature)) }
