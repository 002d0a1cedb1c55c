package server

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"osslive/auth"
	"osslive/store"
	"osslive/store/boltkv"
	"osslive/store/fileblobs"
	"osslive/store/memstore"
	"osslive/store/seam"
)

// soak returns the size that a test has: small normally, as stated with
// OSSLIVE_SOAK. What grows is measured at a quarter of it and at all of it.
func soak(normally, stated int) int {
	if os.Getenv("OSSLIVE_SOAK") != "" {
		return stated
	}
	return normally
}

// recordedFrom is when the first segment of fill begins.
const recordedFrom = 1_700_000_000_000

// fill makes a data directory with n segments of the channel demo/ch, step apart.
// One goes the way of all segments; the others are copies of its records, each
// with a file of its own if files is set.
func fill(t *testing.T, n int, step time.Duration, files bool) (dir string) {
	t.Helper()
	dir = t.TempDir()
	ctx := t.Context()
	kv, err := boltkv.Open(filepath.Join(dir, "records.db"), boltkv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := fileblobs.Open(filepath.Join(dir, "blobs"), fileblobs.Options{Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	now := time.UnixMilli(recordedFrom)
	s := store.New(store.Config{KV: kv, Blobs: blobs, Leases: memstore.NewLeases(), Now: func() time.Time { return now }})
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.Recover(ctx)
	ok(err)
	_, err = s.PutBucket(ctx, "demo", store.PublicRead)
	ok(err)
	_, err = s.PutChannel(ctx, store.Channel{Bucket: "demo", Name: "ch"})
	ok(err)
	session, err := s.StartSession(ctx, "demo", "ch", store.SessionStart{RemoteAddr: "192.0.2.1:1"})
	ok(err)
	w, err := session.NewSegment(ctx)
	ok(err)
	_, err = w.Write(make([]byte, 188))
	ok(err)
	ok(w.Seal(store.Segment{Duration: step}))
	ok(session.CommitSegments(ctx, []*store.SegmentWriter{w}, func(*store.Position) []byte { return []byte("#EXTM3U\n") }))
	ok(session.End(ctx))

	first, err := kv.Get(ctx, "object/demo/ch/"+w.Name())
	ok(err)
	var record struct{ Blob string }
	ok(json.Unmarshal(first.Value, &record))
	var ops []seam.Op
	for i := 1; i < n; i++ {
		name := strconv.FormatInt(recordedFrom+int64(i)*step.Milliseconds(), 10) + ".ts"
		value := bytes.ReplaceAll(first.Value, []byte(w.Name()), []byte(name))
		if files {
			b, err := blobs.Create(ctx)
			ok(err)
			_, err = b.Write(make([]byte, 188))
			ok(err)
			ok(b.Commit())
			value = bytes.ReplaceAll(value, []byte(record.Blob), []byte(b.ID()))
		}
		if ops = append(ops, seam.Put("object/demo/ch/"+name, value, seam.Absent)); len(ops) == 64 || i == n-1 {
			ok(kv.Commit(ctx, ops...))
			ops = ops[:0]
		}
	}
	ok(kv.Close())
	ok(blobs.Close())
	return dir
}

// growth is what something of a size has cost.
type growth struct {
	size   int
	first  time.Duration // until the first byte
	took   time.Duration
	memory uint64 // of the heap, at most more than before
	bytes  int64
}

func (g growth) String() string {
	return fmt.Sprintf("%d: first byte after %.1f ms, all %d KiB after %.1f ms, heap +%.1f MiB",
		g.size, ms(g.first), g.bytes>>10, ms(g.took), float64(g.memory)/(1<<20))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// Time that grows as the size does may be off by this factor and this much: what a
// busy machine adds. At four times the size, what is quadratic takes sixteen times.
const (
	mayVary  = 2.5
	mayPause = 100 * time.Millisecond
)

// linear prints what a quarter and the whole have cost. The time must grow no faster
// than the size does; the heap must not go beyond a bound.
func linear(t *testing.T, what string, quarter, whole growth, heap uint64) {
	t.Helper()
	larger := float64(whole.size) / float64(quarter.size)
	t.Logf("%s: %v; %v; time × %.1f for × %.1f", what, quarter, whole,
		float64(whole.took)/float64(quarter.took), larger)
	if most := mayPause + time.Duration(mayVary*larger*float64(quarter.took)); whole.took > most {
		t.Errorf("%s: the whole took %v, want at most %v, for it is %.1f times as large", what, whole.took, most, larger)
	}
	if whole.memory > heap {
		t.Errorf("%s: the heap grew by %d KiB, want at most %d", what, whole.memory>>10, heap>>10)
	}
}

// heapWatch returns a function that returns by how much the heap was larger, at
// its largest, than when heapWatch was called.
func heapWatch() func() uint64 {
	heap := func() uint64 {
		s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	runtime.GC()
	debug.FreeOSMemory()
	before, peak := heap(), uint64(0)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			peak = max(peak, heap())
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-stopped
		return max(peak, before) - before
	}
}

// call makes a signed request and reads the answer without keeping it.
func call(t *testing.T, n *Server, method, key string, query url.Values, size int) growth {
	t.Helper()
	header := http.Header{}
	auth.SignRequest(&auth.Request{Method: method, Header: header, Bucket: "demo", Key: key, Query: query}, n.Key, time.Now())
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+n.Listen+"/demo/"+key+"?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	watched := heapWatch()
	began := time.Now()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var one [1]byte
	read, _ := res.Body.Read(one[:]) // what went wrong, Copy tells
	first := time.Since(began)
	rest, err := io.Copy(io.Discard, res.Body)
	took := time.Since(began)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s, %v", method, req.URL, res.Status, err)
	}
	return growth{size, first, took, watched(), int64(read) + rest}
}

// listHeap is what a list may take of the heap, whatever its length.
const listHeap = 16 << 20

// TestGrowthVOD: a day of one-second segments, and (L4) a million of them
// in a day.
func TestGrowthVOD(t *testing.T) {
	for _, c := range []struct {
		name             string
		normally, stated int
		step             time.Duration
	}{
		{"one-second segments", 4000, 86_400, time.Second},
		{"segments of 80 ms", 4000, 1_000_000, 80 * time.Millisecond},
	} {
		var get, post [2]growth
		for i, size := range []int{soak(c.normally, c.stated) / 4, soak(c.normally, c.stated)} {
			n := start(t, func(config *Config) { config.Data = fill(t, size, c.step, false) })
			span := func() url.Values {
				return url.Values{"vod": {""}, "startTime": {strconv.Itoa(recordedFrom / 1000)}, "endTime": {strconv.Itoa(recordedFrom/1000 + 86_400)}}
			}
			call(t, n, "GET", "ch", span(), size) // makes what is made once
			get[i] = call(t, n, "GET", "ch", span(), size)
			post[i] = call(t, n, "POST", "ch/vod.m3u8", span(), size)
			_, stored := getFrom(t, n, "ch/vod.m3u8")
			if lines := strings.Count(stored, "#EXTINF"); lines != size || int64(len(stored)) != get[i].bytes {
				t.Errorf("%d segments: %d in the stored list of %d bytes, %d bytes answered", size, lines, len(stored), get[i].bytes)
			}
			n.Stop()
		}
		linear(t, "L4: GetVodPlaylist over "+c.name, get[0], get[1], listHeap)
		linear(t, "L4: PostVodPlaylist over "+c.name, post[0], post[1], listHeap)
	}
}

func getFrom(t *testing.T, n *Server, key string) (int, string) {
	return get(t, "http://"+n.Listen+"/demo/"+key)
}

// TestGrowthVODRange: spans that are absurd are refused at once, however much was
// recorded.
func TestGrowthVODRange(t *testing.T) {
	n := start(t, func(c *Config) { c.Data = fill(t, soak(1000, 100_000), time.Second, false) })
	const from = recordedFrom / 1000
	slowest := time.Duration(0)
	for _, span := range [][2]string{
		{"0", "9999999999"}, {strconv.Itoa(from), strconv.Itoa(from + 86_401)}, {strconv.Itoa(from + 1), strconv.Itoa(from)},
		{"-1", strconv.Itoa(from)}, {strconv.Itoa(from), "18446744073709551616"}, {strconv.Itoa(from), "1e9"}, {"", ""},
		{strconv.Itoa(from) + ".5", strconv.Itoa(from + 9)}, {"0", "86400"},
	} {
		query := url.Values{"vod": {""}, "startTime": {span[0]}, "endTime": {span[1]}}
		header := http.Header{}
		auth.SignRequest(&auth.Request{Method: "GET", Header: header, Bucket: "demo", Key: "ch", Query: query}, n.Key, time.Now())
		req, err := http.NewRequest("GET", "http://"+n.Listen+"/demo/ch?"+query.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = header
		began := time.Now()
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		slowest = max(slowest, time.Since(began))
		if res.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "<Code>InvalidArgument</Code>") {
			t.Errorf("%v: got %s %s, want 400 InvalidArgument", span, res.Status, body)
		}
	}
	t.Logf("L4: refused after at most %.1f ms", ms(slowest))
}

// TestGrowthChannels: a list of channels, page by page.
func TestGrowthChannels(t *testing.T) {
	var cost [2]growth
	for i, size := range []int{soak(1000, 10_000) / 4, soak(1000, 10_000)} {
		n := start(t, func(c *Config) { c.Data = t.TempDir() })
		var all sync.WaitGroup
		for worker := range 64 {
			all.Go(func() {
				for j := worker; j < size; j += 64 {
					if _, err := n.store.PutChannel(context.Background(), store.Channel{Bucket: "demo", Name: fmt.Sprintf("channel-%06d", j)}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		sum := growth{size: size}
		for marker := ""; marker != "" || sum.bytes == 0; {
			page := call(t, n, "GET", "", url.Values{"live": {""}, "max-keys": {"1000"}, "marker": {marker}}, size)
			sum.first = cmp.Or(sum.first, page.first)
			sum.took += page.took
			sum.memory = max(sum.memory, page.memory)
			sum.bytes += page.bytes
			next, err := n.store.Channels(t.Context(), "demo", "", marker, 1000)
			if err != nil {
				t.Fatal(err)
			}
			marker = next.Next
		}
		cost[i] = sum
		n.Stop()
	}
	linear(t, "ListLiveChannel", cost[0], cost[1], listHeap)
}

// TestGrowthStart: a start looks at every record and file there is. 10,000 small
// and large objects are in package store.
func TestGrowthStart(t *testing.T) {
	var cost [2]growth
	for i, size := range []int{soak(4000, 100_000) / 4, soak(4000, 100_000)} {
		dir := fill(t, size, time.Second, true)
		watched := heapWatch()
		began := time.Now()
		n := start(t, func(c *Config) { c.Data = dir })
		took := time.Since(began)
		cost[i] = growth{size: size, first: took, took: took, memory: watched()}
		n.Stop()
	}
	linear(t, "start with segments", cost[0], cost[1], uint64(listHeap+cost[1].size*512))
}
