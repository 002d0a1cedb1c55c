package flv

import (
	"bytes"
	"testing"
)

// What is taken off is a tag that stands there, and each step takes something.
func FuzzCutTag(f *testing.F) {
	two := AppendTag(AppendTag(nil, Tag{Video, 0x12345678, []byte("abc")}), Tag{Audio, 1, nil})
	f.Add(two)
	f.Add(two[:len(two)-3])
	f.Add(append(bytes.Clone(two), 9, 0xff, 0xff, 0xff))
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			tag, rest, err := CutTag(b)
			if err != nil {
				if tag.Data != nil || rest != nil {
					t.Fatalf("got %v and %d bytes beside %v", tag, len(rest), err)
				}
				return
			}
			if len(rest) > len(b)-tagHeaderSize-len(tag.Data) {
				t.Fatalf("%d of %d bytes are left after a tag of %d", len(rest), len(b), len(tag.Data))
			}
			if again, _, err := CutTag(AppendTag(nil, tag)); err != nil || again.Type != tag.Type || again.Time != tag.Time || !bytes.Equal(again.Data, tag.Data) {
				t.Fatalf("%v reads back as %v, %v", tag, again, err)
			}
			b = rest
		}
	})
}
