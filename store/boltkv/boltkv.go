// Package boltkv is a seam.KV in one file, on go.etcd.io/bbolt. It is the default.
//
// It owns the file, the cache over it and the goroutine that commits. A record is a key of
// one bbolt bucket; its value begins with its revision, eight bytes, big-endian, taken
// from the bucket's sequence. Commits that wait at the same time share one transaction,
// and so one sync of the file; no commit waits for others to come (bbolt's own Batch waits
// 10 ms). Records that are read often stay in memory, up to 1 MiB.
//
// It must not know what a record means. One process has the file: bbolt locks it.
package boltkv

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"

	"osslive/store/seam"
)

var recordsBucket = []byte("records")

const revBytes = 8

// Options of Open. The zero value is that of a server.
type Options struct {
	// LockWait is how long another process may hold the file; 0 means 900 ms.
	LockWait time.Duration
}

// KV is a seam.KV. It belongs to one process.
type KV struct {
	path     string
	db       *bolt.DB
	requests chan *request
	quit     chan struct{}
	done     chan struct{} // closed when the committer has returned
	close    sync.Once
	failed   atomic.Pointer[error]
	cache    *cache
	// update runs one transaction; a test can make it fail.
	update func(func(*bolt.Tx) error) error
}

var _ seam.KV = (*KV)(nil)

var errClosed = errors.New("metadata store is closed")

// Close waits for commits under way.
func (kv *KV) Close() error {
	var err error
	kv.close.Do(func() {
		close(kv.quit)
		<-kv.done
		// The id goes first, while this process still holds the lock.
		err = errors.Join(removePID(kv.path), kv.db.Close())
	})
	return err
}

// Err returns why the file is read-only, or nil. After a write that failed half-way the
// content of the disk is unknown, so the file is not written again until it is reopened.
func (kv *KV) Err() error {
	if err := kv.failed.Load(); err != nil {
		return *err
	}
	return nil
}

func (kv *KV) Get(ctx context.Context, key string) (seam.Record, error) {
	if err := ctx.Err(); err != nil {
		return seam.Record{}, err
	}
	rec, known, epoch := kv.cache.get(key)
	if !known {
		err := kv.db.View(func(tx *bolt.Tx) error {
			rec.Key = key
			if v := tx.Bucket(recordsBucket).Get([]byte(key)); v != nil {
				rec = record(key, v)
			}
			return nil
		})
		if err != nil {
			return seam.Record{}, err
		}
		kv.cache.add(rec, epoch)
	}
	if rec.Rev == 0 {
		return seam.Record{}, seam.ErrNotFound
	}
	return rec, nil
}

func (kv *KV) List(ctx context.Context, prefix, after string, limit int) ([]seam.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var out []seam.Record
	err := kv.db.View(func(tx *bolt.Tx) error {
		c := tx.Bucket(recordsBucket).Cursor()
		k, v := c.Seek([]byte(max(prefix, after)))
		if string(k) == after {
			k, v = c.Next()
		}
		for ; k != nil && len(out) < limit && bytes.HasPrefix(k, []byte(prefix)); k, v = c.Next() {
			out = append(out, record(string(k), v))
		}
		return nil
	})
	return out, err
}

// record copies what belongs to the transaction.
func record(key string, v []byte) seam.Record {
	return seam.Record{Key: key, Value: bytes.Clone(v[revBytes:]), Rev: binary.BigEndian.Uint64(v)}
}

func rev(v []byte) uint64 {
	if v == nil {
		return 0
	}
	return binary.BigEndian.Uint64(v)
}

// request is a Commit in the queue of the committer.
type request struct {
	ops     []seam.Op
	written []seam.Record // what the transaction has made of them
	err     error
	done    chan struct{}
}

// Commit ends with ctx only while it waits in the queue: once its transaction has begun, it
// waits for the outcome.
func (kv *KV) Commit(ctx context.Context, ops ...seam.Op) error {
	if err := seam.CheckCommit(ops); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, op := range ops {
		if len(op.Key) > bolt.MaxKeySize {
			return fmt.Errorf("commit: key of %d bytes, at most %d", len(op.Key), bolt.MaxKeySize)
		}
	}
	r := &request{ops: ops, done: make(chan struct{})}
	select {
	case kv.requests <- r:
		<-r.done
		return r.err
	case <-kv.quit:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// maxGroup bounds the number of commits that share a transaction.
const maxGroup = 256

func (kv *KV) commitLoop() {
	defer close(kv.done)
	for {
		select {
		case r := <-kv.requests:
			kv.commit(kv.gather(r))
		case <-kv.quit:
			return
		}
	}
}

// gather returns first and all other commits in the queue. It yields once, so that
// goroutines which are about to commit can join.
func (kv *KV) gather(first *request) []*request {
	runtime.Gosched()
	group := []*request{first}
	for len(group) < maxGroup {
		select {
		case r := <-kv.requests:
			group = append(group, r)
		default:
			return group
		}
	}
	return group
}

func (kv *KV) commit(group []*request) {
	err := kv.Err()
	if err == nil {
		kv.cache.begin(group)
		err = kv.update(func(tx *bolt.Tx) error {
			for _, r := range group {
				if r.err = r.apply(tx.Bucket(recordsBucket)); r.err != nil && !errors.Is(r.err, seam.ErrConflict) {
					return r.err
				}
			}
			return nil
		})
		err = kv.judge(err)
		kv.cache.end(group, err == nil)
	}
	for _, r := range group {
		// The transaction has failed, so a conflict in it may be with a commit that has
		// failed too: the caller reads again.
		if err != nil && !errors.Is(r.err, seam.ErrConflict) {
			r.err = err
		}
		close(r.done)
	}
}

// apply applies all ops, or none and returns ErrConflict.
func (r *request) apply(b *bolt.Bucket) error {
	for _, op := range r.ops {
		if !op.Expect.Holds(rev(b.Get([]byte(op.Key)))) {
			return seam.ErrConflict
		}
	}
	seq, err := b.NextSequence()
	if err != nil {
		return err
	}
	for _, op := range r.ops {
		switch op.Kind {
		case seam.OpPut:
			v := binary.BigEndian.AppendUint64(make([]byte, 0, revBytes+len(op.Value)), seq)
			v = append(v, op.Value...)
			r.written = append(r.written, seam.Record{Key: op.Key, Value: v[revBytes:], Rev: seq})
			err = b.Put([]byte(op.Key), v)
		case seam.OpDelete:
			r.written = append(r.written, seam.Record{Key: op.Key})
			err = b.Delete([]byte(op.Key))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// judge decides what a failed transaction means. On a full disk the pages that could not be
// written are not referred to yet, so that the next attempt may succeed. Every other failure
// is final.
func (kv *KV) judge(err error) error {
	if err == nil {
		return nil
	}
	if isFull(err) {
		return fmt.Errorf("%w: %v", seam.ErrFull, err)
	}
	err = fmt.Errorf("metadata store %s is read-only until the next start, because writing to it failed: %w", kv.path, err)
	kv.failed.Store(&err)
	return err
}
