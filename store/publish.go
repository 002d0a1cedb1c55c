package store

import (
	"context"
	"io"
	"strings"

	"osslive/store/seam"
)

// Content types of the objects that a publish stores.
const (
	segmentType  = "video/MP2T"
	playlistType = "application/x-mpegURL"
)

// SegmentWriter takes the bytes of a segment. Seal or Abort ends it; Abort after Seal
// does nothing. Not safe for concurrent use.
type SegmentWriter struct {
	blob    seam.BlobWriter
	size    int64
	segment Segment
}

var _ io.Writer = (*SegmentWriter)(nil)

// Name returns the segment's name, as playlists list it.
func (w *SegmentWriter) Name() string { return w.segment.Name }

// Write adds bytes to the segment. Errors are ErrFull and those of the backend.
func (w *SegmentWriter) Write(p []byte) (int, error) {
	n, err := w.blob.Write(p)
	w.size += int64(n)
	return n, err
}

// Abort drops the segment.
func (w *SegmentWriter) Abort() { w.blob.Abort() }

// NewSegment begins a segment. Its name is the time in Unix milliseconds, raised past every
// name that this channel has used and every object that exists. ctx bounds the call, not the
// writer. Errors are ErrFull and those of the seams.
func (x *Session) NewSegment(ctx context.Context) (*SegmentWriter, error) {
	name, err := x.nextName(ctx)
	if err != nil {
		return nil, err
	}
	blob, err := x.store.blobs.Create(ctx)
	if err != nil {
		return nil, err
	}
	return &SegmentWriter{blob: blob, segment: Segment{Name: name, Session: x.id}}, nil
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

// Seal makes the segment's bytes durable and stores seg for CommitSegments, which is to
// follow; Name and Session are the writer's. After an error there is nothing to commit.
func (w *SegmentWriter) Seal(seg Segment) error {
	seg.Name, seg.Session = w.segment.Name, w.segment.Session
	w.segment = seg
	err := w.blob.Commit()
	if err != nil {
		w.blob.Abort()
	}
	return err
}

// CommitSegments makes sealed segments visible in one commit with the playlist that
// lists them and the channel's position. The window of the position slides: it ends with
// segs and keeps the channel's FragCount. render returns the playlist's text for the
// position, of at most 64 KiB, and may raise its TargetDuration; it is called again if
// another change comes first. If the commit fails, the bytes of segs are removed. segs
// may be empty, to write another text of the same list.
//
// The first segment of a session begins with a discontinuity if the channel has listed
// segments before: the media clock starts anew with each session.
//
// ErrSessionLost says that the channel has another publisher or is gone; nothing has
// been written. Not safe for concurrent use.
func (x *Session) CommitSegments(ctx context.Context, segs []*SegmentWriter, render func(*Position) []byte) error {
	blobs := make([]seam.BlobID, len(segs))
	for i, w := range segs {
		blobs[i] = w.blob.ID()
	}
	again := false
	err := x.store.commitBlobs(ctx, blobs, func() ([]seam.Op, error) {
		ops, err := x.segmentOps(ctx, segs, render, again)
		again = true
		return ops, err
	})
	x.listed = x.listed || err == nil && len(segs) > 0
	return err
}

// segmentOps returns the ops of CommitSegments. NewSegment has found no object under the
// names of segs; with again, after a conflict, they are looked up anew.
func (x *Session) segmentOps(ctx context.Context, segs []*SegmentWriter, render func(*Position) []byte, again bool) ([]seam.Op, error) {
	s, bucket, channel := x.store, x.channel.Bucket, x.channel.Name
	// The position guards the whole commit: doc.go, "What guards what".
	stored, at, err := x.position(ctx)
	if err != nil {
		return nil, err
	}
	if len(segs) > 0 && !x.listed {
		segs[0].segment.Discontinuity = segs[0].segment.Discontinuity || stored.Sequence+uint64(len(stored.Window)) > 0
	}
	pos := stored.advanced(segs, x.channel.Target.FragCount)
	text := pos.position()
	playlist := render(&text)
	if len(playlist) > maxBody {
		return nil, invalid("Playlist", "", "length", "a live playlist has at most 64 KiB")
	}
	pos.TargetDuration = max(pos.TargetDuration, text.TargetDuration)
	ops := []seam.Op{seam.Put(positionKey(bucket, channel), encode(pos), at)}
	s.positions.keep(ops[0].Key, ops[0].Value, pos)

	modified := toTime(s.now().UnixMilli())
	for _, w := range segs {
		media := Object{
			Bucket: bucket, Key: channel + "/" + w.segment.Name,
			Size:        w.size,
			ETag:        strings.ToUpper(newID()) + "-1", // the form that clients do not take for an MD5
			Modified:    modified,
			ContentType: segmentType,
			Segment:     &w.segment,
			content:     content{blob: w.blob.ID()},
		}
		old := Object{at: seam.Absent}
		if again {
			if old, err = s.object(ctx, bucket, media.Key); err != nil {
				return nil, err
			}
		}
		ops = append(ops, seam.Put(objectKey(bucket, media.Key), encode(media.record()), old.at))
		ops = append(ops, old.release()...)
	}

	in := newIncoming()
	in.write(playlist)
	list := Object{
		Bucket: bucket, Key: channel + "/" + pos.Playlist,
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
