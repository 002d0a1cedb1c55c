// Package memstore has the three seams in memory: all of them for a server that stores
// nothing, and the leases of a server that is one process.
//
// It owns its maps, which end with the process. It must not know what a record, a lease or
// a blob means.
package memstore

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"

	"osslive/store/seam"
)

// KV is a seam.KV that lasts as long as the process.
type KV struct {
	mu      sync.RWMutex
	records map[string]record
	keys    []string // of records, sorted
	rev     uint64
}

type record struct {
	value []byte
	rev   uint64
}

var _ seam.KV = (*KV)(nil)

// NewKV returns an empty KV.
func NewKV() *KV { return &KV{records: map[string]record{}} }

func (kv *KV) Get(ctx context.Context, key string) (seam.Record, error) {
	if err := ctx.Err(); err != nil {
		return seam.Record{}, err
	}
	kv.mu.RLock()
	defer kv.mu.RUnlock()
	r, ok := kv.records[key]
	if !ok {
		return seam.Record{}, seam.ErrNotFound
	}
	return r.export(key), nil
}

func (r record) export(key string) seam.Record {
	return seam.Record{Key: key, Value: r.value, Rev: r.rev}
}

func (kv *KV) List(ctx context.Context, prefix, after string, limit int) ([]seam.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	kv.mu.RLock()
	defer kv.mu.RUnlock()
	var out []seam.Record
	for _, key := range page(kv.keys, prefix, after, limit) {
		out = append(out, kv.records[key].export(key))
	}
	return out, nil
}

// page returns the part of sorted keys that KV.List asks for.
func page(keys []string, prefix, after string, limit int) []string {
	i, _ := slices.BinarySearch(keys, max(prefix, after))
	if i < len(keys) && keys[i] == after {
		i++
	}
	keys = keys[i:]
	n := 0
	for n < len(keys) && n < limit && strings.HasPrefix(keys[n], prefix) {
		n++
	}
	return keys[:n]
}

func (kv *KV) Commit(ctx context.Context, ops ...seam.Op) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := seam.CheckCommit(ops); err != nil {
		return err
	}
	kv.mu.Lock()
	defer kv.mu.Unlock()
	for _, op := range ops {
		if !op.Expect.Holds(kv.records[op.Key].rev) {
			return seam.ErrConflict
		}
	}
	kv.rev++
	for _, op := range ops {
		switch op.Kind {
		case seam.OpPut:
			kv.put(op.Key, record{value: bytes.Clone(op.Value), rev: kv.rev})
		case seam.OpDelete:
			kv.delete(op.Key)
		}
	}
	return nil
}

func (kv *KV) put(key string, r record) {
	if i, ok := slices.BinarySearch(kv.keys, key); !ok {
		kv.keys = slices.Insert(kv.keys, i, key)
	}
	kv.records[key] = r
}

func (kv *KV) delete(key string) {
	if i, ok := slices.BinarySearch(kv.keys, key); ok {
		kv.keys = slices.Delete(kv.keys, i, i+1)
	}
	delete(kv.records, key)
}
