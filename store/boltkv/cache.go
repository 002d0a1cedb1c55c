package boltkv

import (
	"sync"

	"osslive/store/seam"
)

// Bounds of a cache, in bytes: of one record, and of all records together.
const (
	maxCachedValue = 64 << 10
	maxCached      = 1 << 20
)

// cachedOverhead is the memory of a record besides its key and its value, roughly.
const cachedOverhead = 128

// cache holds records that were read, and keys without a record, so that repeated reads need
// no transaction. Records that nobody reads, such as most segments, are not cached. The cache
// is never stale: the keys of a commit are evicted before its transaction starts and filled
// again after it; a read that overlapped a commit (its epoch has changed) is not cached.
type cache struct {
	mu      sync.RWMutex
	records map[string]seam.Record // Rev 0: no record
	bytes   int                    // of memory that the records take
	epoch   uint64                 // changes when a commit begins and when it ends
	writing map[string]bool        // keys of the running commit: whether it was cached
}

func newCache() *cache {
	return &cache{records: map[string]seam.Record{}, writing: map[string]bool{}}
}

// get returns a cached record, or the epoch for add.
func (c *cache) get(key string) (rec seam.Record, ok bool, epoch uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	rec, ok = c.records[key]
	return rec, ok, c.epoch
}

// add caches a record that was read after get had returned epoch.
func (c *cache) add(rec seam.Record, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, changing := c.writing[rec.Key]; !changing && c.epoch == epoch {
		c.keep(rec)
	}
}

func (c *cache) keep(rec seam.Record) {
	c.remove(rec.Key)
	if len(rec.Value) > maxCachedValue {
		return
	}
	c.records[rec.Key] = rec
	c.bytes += cost(rec)
	for other := range c.records { // in no order
		if c.bytes <= maxCached {
			break
		}
		c.remove(other)
	}
}

func cost(rec seam.Record) int { return cachedOverhead + len(rec.Key) + len(rec.Value) }

func (c *cache) remove(key string) {
	if rec, ok := c.records[key]; ok {
		c.bytes -= cost(rec)
		delete(c.records, key)
	}
}

// begin is called before the transaction of a group of commits.
func (c *cache) begin(group []*request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	for _, r := range group {
		for _, op := range r.ops {
			if op.Kind != seam.OpCheck {
				_, here := c.records[op.Key]
				c.writing[op.Key] = here || c.writing[op.Key]
				c.remove(op.Key)
			}
		}
	}
}

// end is called after that transaction, with whether it was committed.
func (c *cache) end(group []*request, happened bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer clear(c.writing)
	c.epoch++
	if !happened {
		return
	}
	for _, r := range group {
		if r.err == nil {
			for _, rec := range r.written {
				if c.writing[rec.Key] {
					c.keep(rec)
				}
			}
		}
	}
}
