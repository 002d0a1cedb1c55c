package rtmp

import "testing"

func TestMark(t *testing.T) {
	tests := []struct {
		name string
		rate int64 // bytes in paceEvery
		want int
	}{
		{"silence", 0, 1},
		{"a little audio", 300, 1},
		{"300 kb/s", 3_750, 4096},
		{"4 Mb/s", 52_000, 32 << 10},
		{"20 Mb/s", 250_000, 32 << 10},
		{"40 Mb/s", 500_000, 64 << 10},
		{"flat out", 50 << 20, 512 << 10},
	}
	for _, tt := range tests {
		if got := mark(tt.rate); got != tt.want {
			t.Errorf("%s, %d bytes: got a mark of %d, want %d", tt.name, tt.rate, got, tt.want)
		}
	}
}
