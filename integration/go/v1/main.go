// The flow with aliyun-oss-go-sdk.
package main

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"hash/crc64"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"flows/flow"
)

func main() {
	f := newFixture()
	flow.Step("bucket", f.makeBucket)
	flow.Step("channel", f.channel)
	flow.Step("list-channels", f.listChannels)
	flow.Step("status", f.status)
	flow.Step("sign-rtmp", f.signRTMP)
	flow.Step("push", f.push)
	flow.Step("stat", f.stat)
	flow.Step("history", f.history)
	flow.Step("post-vod", f.postVOD)
	flow.Step("get-vod", f.getVOD)
	flow.Step("object", f.object)
	flow.Step("sign-url", f.signURL)
	flow.Step("copy", f.copy)
	flow.Step("append", f.append)
	flow.Step("multipart", f.multipart)
	flow.Step("clean-up", f.cleanUp)
}

type fixture struct {
	client  *oss.Client
	bucket  *oss.Bucket
	signed  string
	encoder *flow.Encoder
}

func newFixture() *fixture {
	versions := map[string]oss.AuthVersionType{"V1": oss.AuthV1, "V2": oss.AuthV2, "V4": oss.AuthV4}
	options := []oss.ClientOption{oss.AuthVersion(versions[flow.Signature]), oss.Region(flow.Region), oss.SecurityToken(flow.Token)}
	if flow.PathStyle {
		options = append(options, oss.ForcePathStyle(true))
	}
	client := flow.Must(oss.New(flow.Endpoint, flow.KeyID, flow.KeySecret, options...))
	return &fixture{client: client, bucket: flow.Must(client.Bucket(flow.Bucket))}
}

func fails(code string, err error) {
	var refusal oss.ServiceError
	if !errors.As(err, &refusal) {
		panic(fmt.Sprintf("got error %v, want %s", err, code))
	}
	flow.Expect("error code", refusal.Code, code)
}

func (f *fixture) create(name string) oss.CreateLiveChannelResult {
	return flow.Must(f.bucket.CreateLiveChannel(name, oss.LiveChannelConfiguration{
		Description: flow.Description,
		Status:      "enabled",
		Target:      oss.LiveChannelTarget{Type: "HLS", FragDuration: 1, FragCount: 3, PlaylistName: flow.Playlist},
	}))
}

func (f *fixture) makeBucket() {
	flow.Check(f.client.CreateBucket(flow.Bucket, oss.ACL(oss.ACLPrivate)))
	flow.Expect("name", flow.Must(f.client.GetBucketInfo(flow.Bucket)).BucketInfo.Name, flow.Bucket)
	flow.Expect("acl", flow.Must(f.client.GetBucketACL(flow.Bucket)).ACL, string(oss.ACLPrivate))
	buckets := flow.Must(f.client.ListBuckets(oss.Prefix(flow.Bucket))).Buckets
	flow.Expect("buckets", len(buckets), 1)
	flow.Expect("live channels", flow.Must(f.client.GetBucketStat(flow.Bucket)).LiveChannelCount, 0)
}

func (f *fixture) channel() {
	_, err := f.bucket.GetLiveChannelInfo(flow.Channel)
	fails("NoSuchLiveChannel", err)
	made := f.create(flow.Channel)
	flow.Expect("publish URL", strings.HasPrefix(made.PublishUrls[0], "rtmp://"), true)
	flow.Expect("play URL", strings.HasSuffix(made.PlayUrls[0], "/"+flow.Playlist), true)
	info := flow.Must(f.bucket.GetLiveChannelInfo(flow.Channel))
	flow.Expect("configuration",
		[]any{info.Status, info.Description, info.Target.Type, info.Target.FragDuration, info.Target.FragCount, info.Target.PlaylistName},
		[]any{"enabled", flow.Description, "HLS", 1, 3, flow.Playlist})
	flow.Check(f.bucket.DeleteLiveChannel(flow.Channel))
	flow.Check(f.bucket.DeleteLiveChannel(flow.Channel))
	_, err = f.bucket.GetLiveChannelInfo(flow.Channel)
	fails("NoSuchLiveChannel", err)
	f.create(flow.Channel)
}

func names(page oss.ListLiveChannelResult) []string {
	var all []string
	for _, c := range page.LiveChannel {
		all = append(all, c.Name)
	}
	return all
}

func (f *fixture) allChannels(prefix string) []string {
	var all []string
	for marker := ""; ; {
		page := flow.Must(f.bucket.ListLiveChannel(oss.Prefix(prefix), oss.Marker(marker)))
		all = append(all, names(page)...)
		if !page.IsTruncated {
			return all
		}
		marker = page.NextMarker
	}
}

func (f *fixture) listChannels() {
	want := flow.Names()
	for _, name := range want {
		f.create(name)
	}
	page := flow.Must(f.bucket.ListLiveChannel(oss.Prefix("many-")))
	flow.Expect("first page", []any{names(page), page.IsTruncated, page.NextMarker}, []any{want[:100], true, "many-099"})
	page = flow.Must(f.bucket.ListLiveChannel(oss.Prefix("many-"), oss.Marker("many-199"), oss.MaxKeys(1000)))
	flow.Expect("last page", []any{names(page), page.IsTruncated, page.NextMarker}, []any{want[200:], false, ""})
	flow.Expect("all pages", f.allChannels("many-"), want)
	flow.Expect("live channels", flow.Must(f.client.GetBucketStat(flow.Bucket)).LiveChannelCount, flow.Many+1)
}

func (f *fixture) state() oss.LiveChannelStat {
	return flow.Must(f.bucket.GetLiveChannelStat(flow.Channel))
}

func (f *fixture) status() {
	flow.Check(f.bucket.PutLiveChannelStatus(flow.Channel, "disabled"))
	flow.Expect("status", flow.Must(f.bucket.GetLiveChannelInfo(flow.Channel)).Status, "disabled")
	flow.Expect("state", f.state().Status, "Disabled")
	flow.Check(f.bucket.PutLiveChannelStatus(flow.Channel, "enabled"))
	flow.Expect("state", f.state().Status, "Idle")
}

func (f *fixture) signRTMP() {
	f.signed = flow.Must(f.bucket.SignRtmpURL(flow.Channel, flow.Playlist, 3600))
}

func (f *fixture) push() {
	f.encoder = flow.Push(f.signed)
	flow.Until("the channel is live", func() bool { return f.encoder.Running() && f.state().Status == "Live" })
}

func (f *fixture) stat() {
	var s oss.LiveChannelStat
	flow.Until("GetLiveChannelStat tells of picture and sound", func() bool {
		s = f.state()
		return s.Audio.Codec != "" && s.Video.FrameRate > 0
	})
	flow.Expect("video", []int{s.Video.Width, s.Video.Height, s.Video.FrameRate}, []int{320, 180, 25})
	flow.Expect("audio", []any{s.Audio.SampleRate, s.Audio.Codec}, []any{44100, "AAC"})
}

func (f *fixture) history() {
	f.encoder.Finish()
	flow.Until("the channel is idle", func() bool { return f.state().Status == "Idle" })
	records := flow.Must(f.bucket.GetLiveChannelHistory(flow.Channel)).Record
	flow.Expect("records", len(records), 1)
	flow.Expect("start", records[0].StartTime.Sub(f.encoder.Began).Abs() <= 20*time.Second, true)
	flow.Expect("end after start", records[0].EndTime.After(records[0].StartTime), true)
}

func (f *fixture) read(key string, options ...oss.Option) []byte {
	return flow.ReadAll(flow.Must(f.bucket.GetObject(key, options...)))
}

func (f *fixture) postVOD() {
	fails("InvalidArgument", f.bucket.PostVodPlaylist(flow.Channel, "vod.m3u8", f.encoder.Began.Add(-2*time.Hour), f.encoder.Began.Add(-time.Hour)))
	flow.Check(f.bucket.PostVodPlaylist(flow.Channel, "vod.m3u8", f.encoder.Start(), f.encoder.End()))
	flow.Expect("segments", bytes.Count(f.read(flow.Channel+"/vod.m3u8"), []byte("#EXTINF")) >= 2, true)
}

func (f *fixture) getVOD() {
	got := flow.ReadAll(flow.Must(f.bucket.GetVodPlaylist(flow.Channel, f.encoder.Start(), f.encoder.End())))
	flow.Expect("playlist", string(got), string(f.read(flow.Channel+"/vod.m3u8")))
}

func (f *fixture) object() {
	put := flow.Must(f.bucket.DoPutObject(&oss.PutObjectRequest{ObjectKey: flow.Key, Reader: bytes.NewReader(flow.Data)},
		[]oss.Option{oss.ContentType("text/x-flow"), oss.Meta("note", "kept")}))
	put.Body.Close()
	crc := crc64.Checksum(flow.Data, crc64.MakeTable(crc64.ECMA))
	etag := fmt.Sprintf(`"%X"`, md5.Sum(flow.Data))
	flow.Expect("CRC", []uint64{put.ServerCRC, put.ClientCRC}, []uint64{crc, crc})
	flow.Expect("ETag", put.Headers.Get("ETag"), etag)
	flow.Expect("bytes", bytes.Equal(f.read(flow.Key), flow.Data), true)
	head := flow.Must(f.bucket.GetObjectDetailedMeta(flow.Key))
	flow.Expect("head",
		[]string{head.Get("Content-Length"), head.Get("Content-Type"), head.Get("X-Oss-Meta-Note"), head.Get("X-Oss-Hash-Crc64ecma"), head.Get("ETag")},
		[]string{strconv.Itoa(len(flow.Data)), "text/x-flow", "kept", strconv.FormatUint(crc, 10), etag})
	flow.Expect("range", f.read(flow.Key, oss.Range(1, 299)), flow.Data[1:300])
	flow.Expect("keys", flow.Must(f.bucket.ListObjects(oss.Prefix("dir/"))).Objects[0].Key, flow.Key)
	flow.Expect("keys", flow.Must(f.bucket.ListObjectsV2(oss.Prefix("dir/"))).Objects[0].Key, flow.Key)
	flow.Expect("folders", flow.Must(f.bucket.ListObjects(oss.Delimiter("/"))).CommonPrefixes, []string{"dir/", flow.Channel + "/"})
	_, err := f.bucket.GetObject("nothing")
	fails("NoSuchKey", err)
}

func (f *fixture) signURL() {
	flow.Expect("bytes", bytes.Equal(flow.Fetch(flow.Must(f.bucket.SignURL(flow.Key, oss.HTTPGet, 60))), flow.Data), true)
	flow.Upload(flow.Must(f.bucket.SignURL("signed", oss.HTTPPut, 60)), nil, "signed")
	flow.Expect("read", string(f.read("signed")), "signed")
}

func (f *fixture) copy() {
	flow.Must(f.bucket.CopyObject(flow.Key, "copied"))
	flow.Expect("copy", bytes.Equal(f.read("copied"), flow.Data), true)
}

func (f *fixture) append() {
	next := flow.Must(f.bucket.AppendObject("appended", bytes.NewReader(flow.Data[:1000]), 0))
	next = flow.Must(f.bucket.AppendObject("appended", bytes.NewReader(flow.Data[1000:]), next))
	flow.Expect("position", next, int64(len(flow.Data)))
	flow.Expect("appended", bytes.Equal(f.read("appended"), flow.Data), true)
	_, err := f.bucket.AppendObject("appended", strings.NewReader("x"), 5)
	fails("PositionNotEqualToLength", err)
}

func (f *fixture) multipart() {
	upload := flow.Must(f.bucket.InitiateMultipartUpload("parts"))
	var parts []oss.UploadPart
	for i := range 3 {
		parts = append(parts, flow.Must(f.bucket.UploadPart(upload, bytes.NewReader(flow.Data[i*flow.PartSize:][:flow.PartSize]), flow.PartSize, i+1)))
	}
	var listed []oss.UploadPart
	for _, p := range flow.Must(f.bucket.ListUploadedParts(upload)).UploadedParts {
		flow.Expect("size of a part", p.Size, flow.PartSize)
		listed = append(listed, oss.UploadPart{XMLName: parts[0].XMLName, PartNumber: p.PartNumber, ETag: p.ETag})
	}
	flow.Expect("parts", listed, parts)
	flow.Must(f.bucket.CompleteMultipartUpload(upload, parts))
	flow.Expect("bytes", bytes.Equal(f.read("parts"), flow.Data), true)
	flow.Must(f.bucket.InitiateMultipartUpload("never finished"))
	uploads := flow.Must(f.bucket.ListMultipartUploads()).Uploads
	flow.Expect("uploads", []any{len(uploads), uploads[0].Key}, []any{1, "never finished"})
}

func (f *fixture) cleanUp() {
	fails("BucketNotEmpty", f.client.DeleteBucket(flow.Bucket))
	for _, u := range flow.Must(f.bucket.ListMultipartUploads()).Uploads {
		flow.Check(f.bucket.AbortMultipartUpload(oss.InitiateMultipartUploadResult{Bucket: flow.Bucket, Key: u.Key, UploadID: u.UploadID}))
	}
	for {
		var keys []string
		for _, o := range flow.Must(f.bucket.ListObjects(oss.MaxKeys(1000))).Objects {
			keys = append(keys, o.Key)
		}
		if len(keys) == 0 {
			break
		}
		gone := flow.Must(f.bucket.DeleteObjects(keys)).DeletedObjects
		slices.Sort(gone)
		flow.Expect("deleted", gone, keys)
	}
	for _, name := range f.allChannels("") {
		flow.Check(f.bucket.DeleteLiveChannel(name))
	}
	flow.Check(f.client.DeleteBucket(flow.Bucket))
	_, err := f.client.GetBucketInfo(flow.Bucket)
	fails("NoSuchBucket", err)
}
