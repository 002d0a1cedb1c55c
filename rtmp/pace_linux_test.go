package rtmp

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"osslive/rtmp/flv"
)

// counter is a Handler and a Stream that reports the tags it gets.
type counter struct{ sizes chan int }

func (c *counter) Publish(context.Context, *PublishRequest) (Stream, error) { return c, nil }
func (c *counter) Close(error)                                              { close(c.sizes) }
func (c *counter) WriteTag(t flv.Tag) error {
	c.sizes <- len(t.Data)
	return nil
}

// A publisher whose bytes come fast is woken for many at once, yet what is less
// than that does not wait for more that never comes, nor does the end.
func TestPacedPublisher(t *testing.T) {
	h := &counter{make(chan int, 1000)}
	s := startServer(t, h, Limits{})
	c, err := Dial(context.Background(), "rtmp://"+s.addr+"/live/ch")
	if err != nil {
		t.Fatal(err)
	}
	send := func(size int) {
		t.Helper()
		if err := c.WriteTag(flv.Tag{Type: flv.Video, Data: make([]byte, size)}); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-h.sizes:
			if got != size {
				t.Fatalf("got a tag of %d bytes, want %d", got, size)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("a tag of %d bytes did not arrive", size)
		}
	}
	mark := func() (mark int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for c := range s.conns {
			c.arrival.mu.Lock()
			mark = c.arrival.mark
			c.arrival.mu.Unlock()
		}
		return mark
	}
	for deadline := time.Now().Add(10 * time.Second); mark() < maxMark; {
		if time.Now().After(deadline) {
			t.Fatalf("after 10 s of 40 KB tags: low-water mark %d, want %d", mark(), maxMark)
		}
		send(40_000)
	}
	send(100)
	send(60_000)
	began := time.Now()
	c.Close()
	select {
	case _, more := <-h.sizes:
		if more {
			t.Error("got a tag that was not sent")
		}
	case <-time.After(5 * time.Second):
		t.Error("the end did not arrive")
	}
	t.Logf("the end was seen after %v", time.Since(began))
}

// A client that pushes as fast as it goes, and stops until it has an acknowledgement,
// gets it at once: its window is less than the mark.
func TestPacedAcknowledgements(t *testing.T) {
	const window, span = 64 << 10, 15 * paceEvery
	h := &counter{make(chan int)}
	go func() {
		for range h.sizes {
		}
	}()
	p := publishingPeer(t, startServer(t, h, Limits{}).addr)
	p.w.message(2, typeWindowSize, 0, binary.BigEndian.AppendUint32(nil, window))
	p.w.setSize(window)
	count, slow := 0, 0
	for began := time.Now(); time.Since(began) < span; count++ {
		p.tag(flv.Tag{Type: flv.Video, Data: make([]byte, window)})
		sent := time.Now()
		p.send()
		for typ := typeVideo; typ != typeAcknowledgement; {
			m, err := p.next()
			if err != nil {
				t.Fatal(err)
			}
			typ = m.typ
		}
		if time.Since(sent) > paceEvery/2 {
			slow++
		}
	}
	t.Logf("%d acknowledgements in %v, %d of them late", count, span, slow)
	if slow > 3 {
		t.Errorf("%d of %d acknowledgements took over %v, want none but for a busy machine", slow, count, paceEvery/2)
	}
}
