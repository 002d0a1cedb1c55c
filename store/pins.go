package store

import (
	"sync"

	"osslive/store/seam"
)

// pins counts, for each blob, the readers that will open it later: readers of objects of
// several blobs, which have one of them open at a time. The collector does not remove a
// pinned blob. It does not know the readers of other processes: they may end early, but
// never read other bytes.
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
