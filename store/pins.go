package store

import (
	"sync"

	"osslive/store/seam"
)

// pins counts, for each blob, the readers that will open it later. They are those
// of objects in several blobs, of which only one is open at a time. The collector
// leaves a pinned blob alone, as it does with one that is open on a system that
// cannot unlink it. Readers in other processes are not known here: theirs may end
// early, and never with other bytes.
type pins struct {
	mu    sync.Mutex
	count map[seam.BlobID]int
}

func (p *pins) add(list []extent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count == nil {
		p.count = map[seam.BlobID]int{}
	}
	for _, e := range list {
		p.count[e.Blob]++
	}
}

func (p *pins) drop(list []extent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range list {
		if p.count[e.Blob]--; p.count[e.Blob] == 0 {
			delete(p.count, e.Blob)
		}
	}
}

func (p *pins) held(id seam.BlobID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count[id] > 0
}
