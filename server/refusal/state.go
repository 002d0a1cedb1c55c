package refusal

import (
	"errors"
	"slices"
	"strings"

	"osslive/server/address"
	"osslive/store"
)

// What is missing, has another name, or is in a state that forbids what was asked.

// hostUnknown is a name that only its owner knows to be an endpoint or a CNAME.
func hostUnknown(q *question) (Cause, bool) {
	var invalid *store.InvalidError
	misnamed := errors.As(q.r.Err, &invalid) && invalid.Field == "BucketName"
	if !q.is(store.ErrNoSuchBucket) && !misnamed || q.Domains.Host(q.r.Host).Kind != address.Unknown {
		return no()
	}
	label, _, _ := strings.Cut(address.Hostname(q.r.Host), ".")
	if slices.Contains(q.buckets(), label) || nearest(q.r.Bucket, q.buckets()) == "" {
		return q.perhaps("The host name %s is not known here, so that the bucket was taken from the path.",
			"Start the server with --base-domain DOMAIN for names like BUCKET.DOMAIN, or with --cname HOST=BUCKET.", q.quote(q.r.Host))
	}
	return no()
}

func noSuchBucket(q *question) (Cause, bool) {
	if !q.is(store.ErrNoSuchBucket) {
		return no()
	}
	names := q.buckets()
	if near := nearest(q.r.Bucket, names); near != "" {
		return q.perhaps("There is no bucket %s. Is %s meant?", "Use the name of the bucket as it was created, or create it: --bucket NAME, or PutBucket.", q.quote(q.r.Bucket), near)
	}
	return q.perhaps("There is no bucket %s.", "Create it: --bucket NAME, or PutBucket. Where it was taken from: the host name if that is BUCKET.HOST, else the first part of the path.", q.quote(q.r.Bucket))
}

func channelEncoded(q *question) (Cause, bool) {
	if name := unescaped(q.r.Name); q.is(store.ErrNoSuchChannel) && name != q.r.Name && slices.Contains(q.channels(q.r.Bucket), name) {
		return q.perhaps("There is a live channel %s; the one asked for is %s: its name was percent-encoded twice.", "Encode the name once.", q.quote(name), q.quote(q.r.Name))
	}
	return no()
}

func noSuchChannel(q *question) (Cause, bool) {
	if !q.is(store.ErrNoSuchChannel) {
		return no()
	}
	name := q.r.Name
	if q.r.Publish() && name == "" && len(q.r.Path) > 0 {
		name = q.r.Path[len(q.r.Path)-1]
	}
	for _, bucket := range q.buckets() {
		if bucket != q.r.Bucket && q.r.Bucket != "" && slices.Contains(q.channels(bucket), name) {
			return q.perhaps("The bucket %s has no live channel %s; %s has one.", "Name the bucket that has the channel.", q.quote(q.r.Bucket), q.quote(name), bucket)
		}
	}
	var names []string
	for _, bucket := range q.buckets() {
		if q.r.Bucket == "" || bucket == q.r.Bucket {
			names = append(names, q.channels(bucket)...)
		}
	}
	if near := nearest(name, names); near != "" {
		return q.perhaps("There is no live channel %s. Is %s meant?", "Use the name of the channel as it was created, or create it: --channel BUCKET/NAME, or PutLiveChannel.", q.quote(name), q.quote(near))
	}
	return q.perhaps("There is no live channel %s.", "Create it first: --channel BUCKET/NAME, or PutLiveChannel.", q.quote(name))
}

func disabled(q *question) (Cause, bool) {
	if q.is(store.ErrChannelDisabled) {
		return q.perhaps("The live channel is disabled.", "Enable it: PutLiveChannelStatus with enabled (bucket.put_live_channel_status('NAME', 'enabled')), or in the console.")
	}
	return no()
}

func busy(q *question) (Cause, bool) {
	switch {
	case q.is(store.ErrChannelLive) && q.r.Publish():
		return q.perhaps("Another encoder is publishing to this live channel.", "Stop that one, or publish to another channel. One that vanished without a word is given up after some seconds (--publisher-idle).")
	case q.is(store.ErrChannelLive):
		return q.perhaps("The live channel is live, and cannot be changed or deleted now.", "Stop the publisher first: disable the channel (PutLiveChannelStatus), or end the push.")
	case q.is(store.ErrSessionLost):
		return q.perhaps("The channel went to another publisher, or was deleted or made anew.", "Publish again.")
	}
	return no()
}

func objectUnderDecodedKey(q *question) (Cause, bool) {
	if key := unescaped(q.r.Name); q.is(store.ErrNoSuchKey) && key != q.r.Name && q.object(q.r.Bucket, key) {
		return q.perhaps("There is an object %s; the one asked for is %s: the key was percent-encoded twice.", "Give the SDK the key as it is, not encoded.", q.quote(key), q.quote(q.r.Name))
	}
	return no()
}

func bucketInKey(q *question) (Cause, bool) {
	if key, found := strings.CutPrefix(q.r.Name, q.r.Bucket+"/"); found && q.is(store.ErrNoSuchKey) && q.object(q.r.Bucket, key) {
		return q.perhaps("There is an object %s; the key that was asked for begins with the bucket's name.", "Leave the bucket out of the key. An endpoint that has the bucket in it may be the reason.", q.quote(key))
	}
	return no()
}

func neverPublished(q *question) (Cause, bool) {
	channel, file, found := strings.Cut(q.r.Name, "/")
	if !q.is(store.ErrNoSuchKey) || !found {
		return no()
	}
	c, err := q.Store.Channel(q.ctx, q.r.Bucket, channel)
	if err != nil {
		return no()
	}
	if file != c.Target.PlaylistName && q.object(q.r.Bucket, channel+"/"+c.Target.PlaylistName) {
		return q.perhaps("The channel %s has no %s; its playlist is %s.", "Use the name of the playlist that the channel, or playlistName in the publish URL, gives.", q.quote(channel), q.quote(file), q.quote(c.Target.PlaylistName))
	}
	return q.perhaps("Nothing has been published to the channel %s yet, or not for long enough.", "Publish first; the playlist appears with the first whole segment, after FragDuration.", q.quote(channel))
}

func invalidKey(q *question) (Cause, bool) {
	var invalid *store.InvalidError
	if errors.As(q.r.Err, &invalid) && invalid.Field == "Key" && strings.HasPrefix(q.r.Name, "/") {
		return q.perhaps("The key begins with a slash: %s.", "Leave the first slash out of the key; the URL has one before it.", q.quote(q.r.Name))
	}
	return no()
}

func noSuchKey(q *question) (Cause, bool) {
	if !q.is(store.ErrNoSuchKey) {
		return no()
	}
	if near := nearest(q.r.Name, q.keys()); near != "" {
		return q.perhaps("There is no object %s. Is %s meant?", "Compare the keys: case, slashes and spaces count.", q.quote(q.r.Name), q.quote(near))
	}
	return q.perhaps("There is no object %s.", "List the bucket to see its keys.", q.quote(q.r.Name))
}

func bucketName(q *question) (Cause, bool) {
	var invalid *store.InvalidError
	if errors.As(q.r.Err, &invalid) && invalid.Field == "BucketName" {
		return q.perhaps("%s was taken for the bucket, and cannot be one.", "A bucket has 3 to 63 lower-case letters, digits and hyphens. In path style it is the first part of the path; else it is in the host name, BUCKET.HOST.", q.quote(q.r.Bucket))
	}
	return no()
}

func noSegments(q *question) (Cause, bool) {
	if strings.Contains(q.r.Message, "No ts file") {
		return q.perhaps("No segment of the channel begins in the span from %s to %s.", "startTime and endTime are seconds since 1970, in UTC; look at the channel's history. Segments that were deleted do not count.",
			q.quote(q.r.Query.Get("startTime")), q.quote(q.r.Query.Get("endTime")))
	}
	return no()
}
