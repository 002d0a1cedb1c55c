// The flow with alibabacloud-oss-go-sdk-v2. It has no live channel API and no
// RTMP signer; its generic call reaches the operations, and a public-read-write
// bucket takes a push without a signature.
package main

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/xml"
	"errors"
	"fmt"
	"hash/crc64"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/signer"

	"flows/flow"
)

func main() {
	f := newFixture()
	flow.Step("bucket", f.makeBucket)
	flow.Step("channel", f.channel)
	flow.Step("list-channels", f.listChannels)
	flow.Step("status", f.status)
	flow.Step("sign-rtmp", func() { panic(flow.NotAvailable("the SDK has no RTMP signer")) })
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

var (
	ctx    = context.Background()
	bucket = &flow.Bucket
)

type fixture struct {
	client     *oss.Client
	publishURL string
	encoder    *flow.Encoder
}

func newFixture() *fixture {
	versions := map[string]oss.SignatureVersionType{"V1": oss.SignatureVersionV1, "V4": oss.SignatureVersionV4}
	return &fixture{client: oss.NewClient(oss.LoadDefaultConfig().
		WithRegion(flow.Region).WithEndpoint(flow.Endpoint).
		WithSignatureVersion(versions[flow.Signature]).WithUsePathStyle(flow.PathStyle).
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(flow.KeyID, flow.KeySecret, flow.Token)))}
}

func fails(code string, err error) {
	var refusal *oss.ServiceError
	if !errors.As(err, &refusal) {
		panic(fmt.Sprintf("got error %v, want %s", err, code))
	}
	flow.Expect("error code", refusal.Code, code)
}

// live calls an operation that the SDK has no name for. V1 signs the sub-resources that it is told of.
func (f *fixture) live(method, key string, parameters map[string]string, body []byte) ([]byte, error) {
	input := &oss.OperationInput{OpName: "LiveChannel", Method: method, Bucket: bucket, Parameters: parameters, Body: bytes.NewReader(body)}
	if key != "" {
		input.Key = &key
	}
	input.OpMetadata.Set(signer.SubResource, slices.DeleteFunc(slices.Collect(maps.Keys(parameters)), func(p string) bool {
		return p == "prefix" || p == "marker" || p == "max-keys"
	}))
	output, err := f.client.InvokeOperation(ctx, input)
	if err != nil {
		return nil, err
	}
	return flow.ReadAll(output.Body), nil
}

func parse[T any](text []byte, err error) T {
	flow.Check(err)
	var v T
	flow.Check(xml.Unmarshal(text, &v))
	return v
}

type configuration struct {
	XMLName     xml.Name `xml:"LiveChannelConfiguration"`
	Description string
	Status      string
	Target      target
}

type target struct {
	Type                    string
	FragDuration, FragCount int
	PlaylistName            string
}

var wanted = configuration{
	XMLName:     xml.Name{Local: "LiveChannelConfiguration"},
	Description: flow.Description,
	Status:      "enabled",
	Target:      target{"HLS", 1, 3, flow.Playlist},
}

type created struct {
	PublishURL string `xml:"PublishUrls>Url"`
	PlayURL    string `xml:"PlayUrls>Url"`
}

type listing struct {
	IsTruncated bool
	NextMarker  string
	Names       []string `xml:"LiveChannel>Name"`
}

type state struct {
	Status string
	Video  struct {
		Width, Height, FrameRate int
		Codec                    string
	}
	Audio struct {
		SampleRate int
		Codec      string
	}
}

type record struct{ StartTime, EndTime time.Time }

func (f *fixture) create(name string) created {
	return parse[created](f.live("PUT", name, map[string]string{"live": ""}, flow.Must(xml.Marshal(wanted))))
}

func (f *fixture) info() (configuration, error) {
	text, err := f.live("GET", flow.Channel, map[string]string{"live": ""}, nil)
	if err != nil {
		return configuration{}, err
	}
	return parse[configuration](text, nil), nil
}

func (f *fixture) state() state {
	return parse[state](f.live("GET", flow.Channel, map[string]string{"live": "", "comp": "stat"}, nil))
}

func (f *fixture) channelCount() int64 {
	return flow.Must(f.client.GetBucketStat(ctx, &oss.GetBucketStatRequest{Bucket: bucket})).LiveChannelCount
}

func (f *fixture) read(key string) []byte { return f.readRange(key, nil) }

func (f *fixture) readRange(key string, span *string) []byte {
	got := flow.Must(f.client.GetObject(ctx, &oss.GetObjectRequest{Bucket: bucket, Key: &key, Range: span}))
	return flow.ReadAll(got.Body) // compares the CRC of a whole object
}

func (f *fixture) makeBucket() {
	flow.Must(f.client.PutBucket(ctx, &oss.PutBucketRequest{Bucket: bucket, Acl: oss.BucketACLPublicReadWrite}))
	info := flow.Must(f.client.GetBucketInfo(ctx, &oss.GetBucketInfoRequest{Bucket: bucket})).BucketInfo
	flow.Expect("bucket", []string{*info.Name, *info.ACL}, []string{flow.Bucket, "public-read-write"})
	flow.Expect("acl", *flow.Must(f.client.GetBucketAcl(ctx, &oss.GetBucketAclRequest{Bucket: bucket})).ACL, "public-read-write")
	var found []string
	for p := f.client.NewListBucketsPaginator(&oss.ListBucketsRequest{Prefix: bucket}); p.HasNext(); {
		for _, b := range flow.Must(p.NextPage(ctx)).Buckets {
			found = append(found, *b.Name)
		}
	}
	flow.Expect("buckets", found, []string{flow.Bucket})
	flow.Expect("live channels", f.channelCount(), 0)
}

func (f *fixture) channel() {
	_, err := f.info()
	fails("NoSuchLiveChannel", err)
	made := f.create(flow.Channel)
	f.publishURL = made.PublishURL
	flow.Expect("publish URL", strings.HasPrefix(made.PublishURL, "rtmp://"), true)
	flow.Expect("play URL", strings.HasSuffix(made.PlayURL, "/"+flow.Playlist), true)
	flow.Expect("configuration", flow.Must(f.info()), wanted)
	for range 2 {
		flow.Must(f.live("DELETE", flow.Channel, map[string]string{"live": ""}, nil))
	}
	_, err = f.info()
	fails("NoSuchLiveChannel", err)
	f.create(flow.Channel)
}

func (f *fixture) page(parameters map[string]string) listing {
	parameters["live"] = ""
	return parse[listing](f.live("GET", "", parameters, nil))
}

func (f *fixture) allChannels(prefix string) []string {
	var all []string
	for marker := ""; ; {
		page := f.page(map[string]string{"prefix": prefix, "marker": marker})
		all = append(all, page.Names...)
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
	flow.Expect("first page", f.page(map[string]string{"prefix": "many-"}), listing{true, "many-099", want[:100]})
	flow.Expect("last page", f.page(map[string]string{"prefix": "many-", "marker": "many-199", "max-keys": "1000"}), listing{false, "", want[200:]})
	flow.Expect("all pages", f.allChannels("many-"), want)
	flow.Expect("live channels", f.channelCount(), flow.Many+1)
}

func (f *fixture) setStatus(status string) {
	flow.Must(f.live("PUT", flow.Channel, map[string]string{"live": "", "status": status}, nil))
}

func (f *fixture) status() {
	f.setStatus("disabled")
	flow.Expect("status", flow.Must(f.info()).Status, "disabled")
	flow.Expect("state", f.state().Status, "Disabled")
	f.setStatus("enabled")
	flow.Expect("state", f.state().Status, "Idle")
}

func (f *fixture) push() {
	f.encoder = flow.Push(f.publishURL)
	flow.Until("the channel is live", func() bool { return f.encoder.Running() && f.state().Status == "Live" })
}

func (f *fixture) stat() {
	var s state
	flow.Until("GetLiveChannelStat tells of picture and sound", func() bool {
		s = f.state()
		return s.Audio.Codec != "" && s.Video.FrameRate > 0
	})
	flow.Expect("video", []any{s.Video.Width, s.Video.Height, s.Video.FrameRate, s.Video.Codec}, []any{320, 180, 25, "H264"})
	flow.Expect("audio", []any{s.Audio.SampleRate, s.Audio.Codec}, []any{44100, "AAC"})
}

func (f *fixture) history() {
	f.encoder.Finish()
	flow.Until("the channel is idle", func() bool { return f.state().Status == "Idle" })
	h := parse[struct {
		Records []record `xml:"LiveRecord"`
	}](f.live("GET", flow.Channel, map[string]string{"live": "", "comp": "history"}, nil))
	flow.Expect("records", len(h.Records), 1)
	flow.Expect("start", h.Records[0].StartTime.Sub(f.encoder.Began).Abs() <= 20*time.Second, true)
	flow.Expect("end after start", h.Records[0].EndTime.After(h.Records[0].StartTime), true)
}

func span(from, to time.Time) map[string]string {
	return map[string]string{"vod": "", "startTime": strconv.FormatInt(from.Unix(), 10), "endTime": strconv.FormatInt(to.Unix(), 10)}
}

func (f *fixture) postVOD() {
	_, err := f.live("POST", flow.Channel+"/vod.m3u8", span(f.encoder.Began.Add(-2*time.Hour), f.encoder.Began.Add(-time.Hour)), nil)
	fails("InvalidArgument", err)
	flow.Must(f.live("POST", flow.Channel+"/vod.m3u8", span(f.encoder.Start(), f.encoder.End()), nil))
	flow.Expect("segments", bytes.Count(f.read(flow.Channel+"/vod.m3u8"), []byte("#EXTINF")) >= 2, true)
}

func (f *fixture) getVOD() {
	got := flow.Must(f.live("GET", flow.Channel, span(f.encoder.Start(), f.encoder.End()), nil))
	flow.Expect("playlist", string(got), string(f.read(flow.Channel+"/vod.m3u8")))
}

func (f *fixture) object() {
	key := oss.Ptr(flow.Key)
	put := flow.Must(f.client.PutObject(ctx, &oss.PutObjectRequest{Bucket: bucket, Key: key, Body: bytes.NewReader(flow.Data),
		ContentType: oss.Ptr("text/x-flow"), Metadata: map[string]string{"note": "kept"}}))
	crc := strconv.FormatUint(crc64.Checksum(flow.Data, crc64.MakeTable(crc64.ECMA)), 10)
	etag := fmt.Sprintf(`"%X"`, md5.Sum(flow.Data))
	flow.Expect("put", []string{*put.HashCRC64, *put.ETag}, []string{crc, etag})
	flow.Expect("bytes", bytes.Equal(f.read(flow.Key), flow.Data), true)
	head := flow.Must(f.client.HeadObject(ctx, &oss.HeadObjectRequest{Bucket: bucket, Key: key}))
	flow.Expect("head",
		[]any{head.ContentLength, *head.ContentType, head.Metadata["note"], *head.HashCRC64, *head.ETag},
		[]any{int64(len(flow.Data)), "text/x-flow", "kept", crc, etag})
	flow.Expect("range", f.readRange(flow.Key, oss.Ptr("bytes=1-299")), flow.Data[1:300])
	prefix := oss.Ptr("dir/")
	flow.Expect("key", *flow.Must(f.client.ListObjects(ctx, &oss.ListObjectsRequest{Bucket: bucket, Prefix: prefix})).Contents[0].Key, flow.Key)
	flow.Expect("key", *flow.Must(f.client.ListObjectsV2(ctx, &oss.ListObjectsV2Request{Bucket: bucket, Prefix: prefix})).Contents[0].Key, flow.Key)
	var folders []string
	for _, p := range flow.Must(f.client.ListObjectsV2(ctx, &oss.ListObjectsV2Request{Bucket: bucket, Delimiter: oss.Ptr("/")})).CommonPrefixes {
		folders = append(folders, *p.Prefix)
	}
	flow.Expect("folders", folders, []string{"dir/", flow.Channel + "/"})
	_, err := f.client.GetObject(ctx, &oss.GetObjectRequest{Bucket: bucket, Key: oss.Ptr("nothing")})
	fails("NoSuchKey", err)
}

func (f *fixture) signURL() {
	get := flow.Must(f.client.Presign(ctx, &oss.GetObjectRequest{Bucket: bucket, Key: oss.Ptr(flow.Key)}, oss.PresignExpires(time.Minute)))
	flow.Expect("bytes", bytes.Equal(flow.Fetch(get.URL), flow.Data), true)
	put := flow.Must(f.client.Presign(ctx, &oss.PutObjectRequest{Bucket: bucket, Key: oss.Ptr("signed"), ContentType: oss.Ptr("text/plain")},
		oss.PresignExpires(time.Minute)))
	flow.Upload(put.URL, put.SignedHeaders, "signed")
	flow.Expect("read", string(f.read("signed")), "signed")
}

func (f *fixture) copy() {
	flow.Must(f.client.CopyObject(ctx, &oss.CopyObjectRequest{Bucket: bucket, Key: oss.Ptr("copied"), SourceKey: oss.Ptr(flow.Key)}))
	flow.Expect("copy", bytes.Equal(f.read("copied"), flow.Data), true)
}

func (f *fixture) appendAt(position int64, data []byte) (*oss.AppendObjectResult, error) {
	return f.client.AppendObject(ctx, &oss.AppendObjectRequest{Bucket: bucket, Key: oss.Ptr("appended"), Position: &position, Body: bytes.NewReader(data)})
}

func (f *fixture) append() {
	first := flow.Must(f.appendAt(0, flow.Data[:1000]))
	second := flow.Must(f.appendAt(first.NextPosition, flow.Data[1000:]))
	flow.Expect("position", second.NextPosition, int64(len(flow.Data)))
	flow.Expect("appended", bytes.Equal(f.read("appended"), flow.Data), true)
	_, err := f.appendAt(5, []byte("x"))
	fails("PositionNotEqualToLength", err)
}

func (f *fixture) initiate(key string) *string {
	return flow.Must(f.client.InitiateMultipartUpload(ctx, &oss.InitiateMultipartUploadRequest{Bucket: bucket, Key: &key})).UploadId
}

func (f *fixture) uploads() []oss.Upload {
	return flow.Must(f.client.ListMultipartUploads(ctx, &oss.ListMultipartUploadsRequest{Bucket: bucket})).Uploads
}

func (f *fixture) multipart() {
	key := oss.Ptr("parts")
	upload := f.initiate(*key)
	var parts []oss.UploadPart
	for i := range 3 {
		number := int32(i + 1)
		sent := flow.Must(f.client.UploadPart(ctx, &oss.UploadPartRequest{Bucket: bucket, Key: key, UploadId: upload, PartNumber: number,
			Body: bytes.NewReader(flow.Data[i*flow.PartSize:][:flow.PartSize])}))
		parts = append(parts, oss.UploadPart{PartNumber: number, ETag: sent.ETag})
	}
	var listed []oss.UploadPart
	for _, p := range flow.Must(f.client.ListParts(ctx, &oss.ListPartsRequest{Bucket: bucket, Key: key, UploadId: upload})).Parts {
		flow.Expect("size of a part", p.Size, flow.PartSize)
		listed = append(listed, oss.UploadPart{PartNumber: p.PartNumber, ETag: p.ETag})
	}
	flow.Expect("parts", listed, parts)
	flow.Must(f.client.CompleteMultipartUpload(ctx, &oss.CompleteMultipartUploadRequest{Bucket: bucket, Key: key, UploadId: upload,
		CompleteMultipartUpload: &oss.CompleteMultipartUpload{Parts: parts}}))
	flow.Expect("bytes", bytes.Equal(f.read("parts"), flow.Data), true)
	f.initiate("never finished")
	pending := f.uploads()
	flow.Expect("uploads", []any{len(pending), *pending[0].Key}, []any{1, "never finished"})
}

func (f *fixture) cleanUp() {
	_, err := f.client.DeleteBucket(ctx, &oss.DeleteBucketRequest{Bucket: bucket})
	fails("BucketNotEmpty", err)
	for _, u := range f.uploads() {
		flow.Must(f.client.AbortMultipartUpload(ctx, &oss.AbortMultipartUploadRequest{Bucket: bucket, Key: u.Key, UploadId: u.UploadId}))
	}
	for p := f.client.NewListObjectsV2Paginator(&oss.ListObjectsV2Request{Bucket: bucket, MaxKeys: 1000}); p.HasNext(); {
		var objects []oss.DeleteObject
		for _, o := range flow.Must(p.NextPage(ctx)).Contents {
			objects = append(objects, oss.DeleteObject{Key: o.Key})
		}
		gone := flow.Must(f.client.DeleteMultipleObjects(ctx, &oss.DeleteMultipleObjectsRequest{Bucket: bucket, Objects: objects,
			EncodingType: oss.Ptr("url")})).DeletedObjects
		flow.Expect("deleted", len(gone), len(objects))
	}
	for _, name := range f.allChannels("") {
		flow.Must(f.live("DELETE", name, map[string]string{"live": ""}, nil))
	}
	flow.Must(f.client.DeleteBucket(ctx, &oss.DeleteBucketRequest{Bucket: bucket}))
	_, err = f.client.GetBucketInfo(ctx, &oss.GetBucketInfoRequest{Bucket: bucket})
	fails("NoSuchBucket", err)
}
