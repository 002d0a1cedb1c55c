package store

import (
	"context"
	"io"
	"strings"

	"osslive/store/seam"
)

// Content types of what a publish leaves behind.
const (
	segmentType  = "video/MP2T"
	playlistType = "application/x-mpegURL"
)

// SegmentWriter takes the bytes of a segment. Seal or Abort ends it; Abort after
// Seal does nothing. Not safe for concurrent use.
type SegmentWriter struct {
	name string
	blob seam.BlobWriter
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
		if o.at == seam.Absent {
			x.lastMS = ms
			return name, nil
		}
	}
}

// Seal makes the segment's bytes durable: the first half of recording it, to be
// followed by CommitSegments. After an error there is nothing to commit.
func (w *SegmentWriter) Seal() error {
	err := w.blob.Commit()
	if err != nil {
		w.blob.Abort()
	}
	return err
}

// SealedSegment is a segment that nobody can see yet.
type SealedSegment struct {
	Writer *SegmentWriter
	Segment
}

// CommitSegments makes sealed segments visible, at once with the playlist that lists
// them and the position next, whose window ends with them. Their Name and Session
// are set here. If it fails their bytes are removed. There may be none, where only
// the playlist is another one.
//
// ErrSessionLost says that the channel has another publisher or is gone; nothing
// has been written.
func (x *Session) CommitSegments(ctx context.Context, segs []SealedSegment, next Position, playlist []byte) error {
	blobs := make([]seam.BlobID, len(segs))
	for i := range segs {
		segs[i].Name, segs[i].Session = segs[i].Writer.name, x.id
		blobs[i] = segs[i].Writer.blob.ID()
	}
	return x.store.commitBlobs(ctx, blobs, func() ([]seam.Op, error) {
		return x.segmentOps(ctx, segs, next, playlist)
	})
}

func (x *Session) segmentOps(ctx context.Context, segs []SealedSegment, next Position, playlist []byte) ([]seam.Op, error) {
	if len(playlist) > maxBody {
		return nil, invalid("Playlist", "", "length", "a live playlist has at most 64 KiB")
	}
	s, bucket, channel := x.store, x.channel.Bucket, x.channel.Name
	// The one guard of it all: doc.go, "What guards what".
	before, at, err := x.position(ctx)
	if err != nil {
		return nil, err
	}
	pos := next.advanced(x.id, segs, before)
	ops := []seam.Op{seam.Put(positionKey(bucket, channel), encode(pos), at)}
	s.positions.keep(ops[0].Key, ops[0].Value, pos)

	modified := toTime(s.now().UnixMilli())
	for i := range segs {
		media := Object{
			Bucket: bucket, Key: channel + "/" + segs[i].Name,
			Size:        segs[i].Writer.size,
			ETag:        strings.ToUpper(newID()) + "-1", // the form that clients do not take for an MD5
			Modified:    modified,
			ContentType: segmentType,
			Segment:     &segs[i].Segment,
			content:     content{blob: segs[i].Writer.blob.ID()},
		}
		old, err := s.object(ctx, bucket, media.Key)
		if err != nil {
			return nil, err
		}
		ops = append(ops, seam.Put(objectKey(bucket, media.Key), encode(media.record()), old.at))
		ops = append(ops, old.release()...)
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
	old, err := s.object(ctx, bucket, list.Key)
	if err != nil {
		return nil, err
	}
	record := list.record()
	put := seam.Put(objectKey(bucket, list.Key), encode(record), old.at)
	s.objects.keep(put.Key, put.Value, record)
	ops = append(ops, put, seam.Put(bodyKey(list.body), playlist, seam.Absent))
	ops = append(ops, old.release()...)
	return ops, nil
}
