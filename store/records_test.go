package store_test

import (
	"context"
	"encoding/json"
	"strings"

	"osslive/store/seam"
)

// checkRecords reads the records themselves, with no help from the store: after a
// collection, all blobs and bodies are named by exactly one object, and whole.
func (e *env) checkRecords() {
	e.t.Helper()
	ctx := context.Background()
	if err := e.Collect(ctx); err != nil {
		e.t.Errorf("Collect: %v", err)
	}
	named := map[string]string{}
	name := func(key, what string) {
		if named[what] != "" {
			e.t.Errorf("%s names %s, and so does %s", key, what, named[what])
		}
		named[what] = key
	}
	uploads := map[string]bool{}
	for _, rec := range e.records("upload/") {
		uploads[rec.Key[strings.LastIndexByte(rec.Key, 0)+1:]] = true
	}
	for _, rec := range e.records("part/") {
		part := decodeRecord[contentRecord](e, rec)
		name(rec.Key, part.Blob)
		if size, _ := e.blobs.Size(ctx, seam.BlobID(part.Blob)); size != part.Size {
			e.t.Errorf("%s: %d bytes of %d", rec.Key, size, part.Size)
		}
		if upload, _, _ := strings.Cut(strings.TrimPrefix(rec.Key, "part/"), "/"); !uploads[upload] {
			e.t.Errorf("%s: of no upload", rec.Key)
		}
	}
	for _, rec := range e.records("object/") {
		o := decodeRecord[contentRecord](e, rec)
		names := o.Blob + o.Body + o.Extents
		if len(names) != 32 {
			e.t.Errorf("%s: content %+v, want it in one place", rec.Key, o)
		}
		name(rec.Key, names)
		size := int64(0)
		switch {
		case o.Blob != "":
			size, _ = e.blobs.Size(ctx, seam.BlobID(o.Blob))
		case o.Body != "":
			body, _ := e.kv.Get(ctx, "b/"+o.Body)
			size = int64(len(body.Value))
		default:
			list, _ := e.kv.Get(ctx, "b/"+o.Extents)
			for _, x := range decodeRecord[[]contentRecord](e, list) {
				name(rec.Key, x.Blob)
				if n, _ := e.blobs.Size(ctx, seam.BlobID(x.Blob)); n != x.Size {
					e.t.Errorf("%s: extent of %d bytes, want %d", rec.Key, n, x.Size)
				}
				size += x.Size
			}
		}
		if size != o.Size {
			e.t.Errorf("%s: %d bytes of %d", rec.Key, size, o.Size)
		}
		bucket, _, _ := strings.Cut(strings.TrimPrefix(rec.Key, "object/"), "/")
		if _, err := e.kv.Get(ctx, "bucket/"+bucket); err != nil {
			e.t.Errorf("%s: its bucket: %v", rec.Key, err)
		}
	}
	for _, rec := range e.records("b/") {
		if named[rec.Key[2:]] == "" {
			e.t.Errorf("%s: named by no object", rec.Key)
		}
	}
	for _, rec := range e.records("garbage/") {
		e.t.Errorf("%s: left after Collect", rec.Key)
	}
	err := e.blobs.List(ctx, func(id seam.BlobID) error {
		if named[string(id)] == "" {
			e.t.Errorf("blob %s: named by no object", id)
		}
		return nil
	})
	if err != nil {
		e.t.Error(err)
	}
	for _, prefix := range []string{"channel/", "position/", "history/", "upload/", "cors/"} {
		for _, rec := range e.records(prefix) {
			_, name, _ := strings.Cut(rec.Key, "/")
			bucket, _, _ := strings.Cut(name, "/")
			if _, err := e.kv.Get(ctx, "bucket/"+bucket); err != nil {
				e.t.Errorf("%s: its bucket: %v", rec.Key, err)
			}
			if prefix == "upload/" || prefix == "cors/" {
				continue
			}
			if _, err := e.kv.Get(ctx, "channel/"+name); err != nil {
				e.t.Errorf("%s: its channel: %v", rec.Key, err)
			}
		}
	}
}

// contentRecord is where a record says that bytes are.
type contentRecord struct {
	Size                int64
	Blob, Body, Extents string
}

func decodeRecord[T any](e *env, rec seam.Record) (v T) {
	e.t.Helper()
	if err := json.Unmarshal(rec.Value, &v); err != nil {
		e.t.Fatalf("%s: %v", rec.Key, err)
	}
	return v
}

func (e *env) records(prefix string) []seam.Record {
	e.t.Helper()
	var all []seam.Record
	after := ""
	for {
		recs, err := e.kv.List(context.Background(), prefix, after, 1000)
		if err != nil {
			e.t.Fatal(err)
		}
		if len(recs) == 0 {
			return all
		}
		all = append(all, recs...)
		after = recs[len(recs)-1].Key
	}
}
