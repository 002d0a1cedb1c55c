package boltkv

import (
	"sync"

	"osslive/store/seam"
)

// Bounds of a cache, in bytes: of one record that is kept, and of all together.
const (
	maxCachedValue = 64 << 10
	maxCached      = 1 << 20
)

// cachedOverhead is what a record takes besides its key and its value, roughly.
const cachedOverhead = 128

// cache keeps records that were read, also that there is none, so that what is read
// again and again needs no transaction; what nobody reads, such as most segments, is
// not kept. It never answers with what a commit has replaced: a record leaves it
// before a commit that changes it can be seen, its new value comes in behind that,
// and one that was read meanwhile does not get in.
type cache struct {
	mu      sync.RWMutex
	records map[string]seam.Record // Rev 0: there is none
	bytes   int                    // that the records take
	epoch   uint64                 // goes up where a commit begins and where it ends
	writing map[string]bool        // keys of the commit under way: was it here?
}

func newCache() *cache {
	return &cache{records: map[string]seam.Record{}, writing: map[string]bool{}}
}

// get returns what add needs to know if the record is not here.
func (c *cache) get(key string) (rec seam.Record, ok bool, epoch uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	rec, ok = c.records[key]
	return rec, ok, c.epoch
}

// add keeps a record that was read after get had said epoch.
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

// begin is called before a transaction that does what the group asks for.
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

// end is called when that transaction is over, and has happened or not.
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
