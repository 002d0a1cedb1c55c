package segmenter_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"osslive/rtmp/flv"
	"osslive/segmenter"
)

// counts returns how much a test of hostile input does: few normally, the number
// stated in integration/README.md with OSSLIVE_SOAK.
func counts(normally, soak int) int {
	if os.Getenv("OSSLIVE_SOAK") != "" {
		return soak
	}
	return normally
}

// TestHostileBits is R11: bits flipped, tags cut short and lengths made up in a
// good stream. What is malformed is dropped until it is too much, and the list of
// segments has no hole and no duration that cannot be.
func TestHostileBits(t *testing.T) {
	n := counts(2000, 200_000)
	good := live(0, 4)
	survived, ended, segments := 0, 0, 0
	for seed := range n {
		r := rand.New(rand.NewPCG(uint64(seed), 11))
		var out durations
		s := segmenter.New(segmenter.Config{FragDuration: time.Second}, &out)
		var err error
		for _, tag := range good {
			for ; err == nil && r.IntN(12) == 0; tag.Time += flv.Millis(r.IntN(2)) {
				tag.Data = bytes.Clone(tag.Data)
				switch r.IntN(4) {
				case 0:
					tag.Data = tag.Data[:r.IntN(len(tag.Data)+1)]
				case 1:
					if i := r.IntN(len(tag.Data) + 1); i+4 <= len(tag.Data) {
						copy(tag.Data[i:], "\xff\xff\xff\xff")
					}
				default:
					if len(tag.Data) > 0 {
						tag.Data[r.IntN(len(tag.Data))] ^= 1 << r.IntN(8)
					}
				}
			}
			if err = s.WriteTag(tag); err != nil {
				break
			}
		}
		var corrupt *segmenter.CorruptError
		var unsupported *segmenter.UnsupportedError
		switch {
		case err == nil:
			survived++
		case errors.As(err, &corrupt), errors.As(err, &unsupported), errors.Is(err, segmenter.ErrNoVideo), errors.Is(err, segmenter.ErrNoConfig):
			ended++
		default:
			t.Fatalf("seed %d: got %v, want an error for the person at the encoder", seed, err)
		}
		s.Close()
		segments += out.n
		if out.wrong > 0 {
			t.Errorf("seed %d: %d segments without a duration or in parts of packets", seed, out.wrong)
		}
	}
	t.Logf("R11: %d streams spoilt: %d went on to their end, %d were ended with a reason, crashes 0; %d segments", n, survived, ended, segments)
	if survived == 0 || ended == 0 || segments < n {
		t.Error("some of each kind should have come out")
	}
}

// durations is a sink that looks at what a playlist says of a segment.
type durations struct {
	n, wrong int
	bytes    int64
}

func (d *durations) Open() (io.Writer, error) { return d, nil }

func (d *durations) Write(p []byte) (int, error) {
	d.bytes += int64(len(p))
	return len(p), nil
}

func (d *durations) Finish(s segmenter.Segment) error {
	d.n++
	if s.Duration < time.Millisecond || s.Bytes != d.bytes || d.bytes%188 != 0 {
		d.wrong++
	}
	d.bytes = 0
	return nil
}
