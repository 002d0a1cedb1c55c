package store

import (
	"context"
	"io"
	"strings"
)

// Content types of what a publish leaves behind.
const (
	segmentType  = "video/MP2T"
	playlistType = "application/x-mpegURL"
)

// SegmentWriter takes the bytes of a segment. CommitSegment or Abort ends it;
// Abort after CommitSegment does nothing. Not safe for concurrent use.
type SegmentWriter struct {
	name string
	blob BlobWriter
	size int64
}

var _ io.Writer = (*SegmentWriter)(nil)

// Name is the segment's name, as it will be in playlists.
func (w *SegmentWriter) Name() string { return w.name }

func (w *SegmentWriter) Write(p []byte) (int, error) {
	n, err := w.blob.Write(p)
	w.size += int64(n)
	return n, err
}

// Abort drops the segment.
func (w *SegmentWriter) Abort() { w.blob.Abort() }

// NewSegment begins a segment and gives it its name: the time, raised past every
// name that this channel has used and every object that exists. Errors are
// ErrFull and those of the seams.
func (x *Session) NewSegment(ctx context.Context) (*SegmentWriter, error) {
	name, err := x.nextName(ctx)
	if err != nil {
		return nil, err
	}
	blob, err := x.store.blobs.Create(ctx)
	if err != nil {
		return nil, err
	}
	return &SegmentWriter{name: name, blob: blob}, nil
}

func (x *Session) nextName(ctx context.Context) (string, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for ms := max(x.store.now().UnixMilli(), x.lastMS+1); ; ms++ {
		name := segmentName(ms)
		o, err := x.store.object(ctx, x.channel.Bucket, x.channel.Name+"/"+name)
		if err != nil {
			return "", err
		}
		if o.at == Absent {
			x.lastMS = ms
			return name, nil
		}
	}
}

// CommitSegment makes a segment durable and then visible, at once with the
// playlist that lists it and the position next, whose window ends with it. Name and
// Session of seg are set here. Afterwards w is spent, whatever the outcome.
//
// ErrSessionLost says that the channel has another publisher or is gone; nothing
// has been written.
func (x *Session) CommitSegment(ctx context.Context, w *SegmentWriter, seg Segment, next Position, playlist []byte) error {
	defer w.Abort()
	if len(playlist) > maxBody {
		return invalid("Playlist", "", "length", "a live playlist has at most 64 KiB")
	}
	if err := w.blob.Commit(); err != nil {
		return err
	}
	seg.Name, seg.Session = w.name, x.id
	return x.store.commitBlob(ctx, w.blob.ID(), func() ([]Op, error) {
		return x.segmentOps(ctx, w, seg, next, playlist)
	})
}

func (x *Session) segmentOps(ctx context.Context, w *SegmentWriter, seg Segment, next Position, playlist []byte) ([]Op, error) {
	s, bucket, channel := x.store, x.channel.Bucket, x.channel.Name
	// The one guard of it all: doc.go, "What guards what".
	_, at, err := x.position(ctx)
	if err != nil {
		return nil, err
	}
	modified := toTime(s.now().UnixMilli())
	media := Object{
		Bucket: bucket, Key: channel + "/" + seg.Name,
		Size:        w.size,
		ETag:        strings.ToUpper(newID()) + "-1", // the form that clients do not take for an MD5
		Modified:    modified,
		ContentType: segmentType,
		Segment:     &seg,
		content:     content{blob: w.blob.ID()},
	}
	in := newIncoming()
	in.write(playlist)
	list := Object{
		Bucket: bucket, Key: channel + "/" + x.start.Playlist,
		Size:        in.size,
		ETag:        in.etag(),
		CRC64:       in.crc64.Sum64(),
		HasCRC64:    true,
		Modified:    modified,
		ContentType: playlistType,
		content:     content{body: newID()},
	}
	ops := []Op{
		Put(positionKey(bucket, channel), encode(next.advanced(x.id, seg)), at),
		Put(bodyKey(list.body), playlist, Absent),
	}
	for _, o := range []Object{media, list} {
		old, err := s.object(ctx, o.Bucket, o.Key)
		if err != nil {
			return nil, err
		}
		ops = append(ops, old.release()...)
		ops = append(ops, Put(objectKey(o.Bucket, o.Key), encode(o.record()), old.at))
	}
	return ops, nil
}
