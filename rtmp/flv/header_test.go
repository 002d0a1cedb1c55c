package flv

import (
	"errors"
	"testing"
)

func TestParseVideo(t *testing.T) {
	tests := []struct {
		name string
		data string
		want VideoHeader
		body string
		err  error
	}{
		{"empty", "", VideoHeader{}, "", nil},
		{"AVC config", "\x17\x00\x00\x00\x00avcC", VideoHeader{KeyFrame, AVC, Config, 0}, "avcC", nil},
		{"AVC key frame, +80 ms", "\x17\x01\x00\x00\x50nal", VideoHeader{KeyFrame, AVC, Coded, 80}, "nal", nil},
		{"AVC frame, -40 ms", "\x27\x01\xff\xff\xd8nal", VideoHeader{InterFrame, AVC, Coded, -40}, "nal", nil},
		{"AVC lowest composition time", "\x27\x01\x80\x00\x00", VideoHeader{InterFrame, AVC, Coded, -1 << 23}, "", nil},
		{"AVC disposable", "\x37\x01\x00\x00\x00n", VideoHeader{DisposableFrame, AVC, Coded, 0}, "n", nil},
		{"AVC generated key", "\x47\x01\x00\x00\x00n", VideoHeader{GeneratedKey, AVC, Coded, 0}, "n", nil},
		{"AVC end of sequence", "\x17\x02\x00\x00\x00", VideoHeader{KeyFrame, AVC, End, 0}, "", nil},
		{"AVC unknown packet", "\x17\x07\x00\x00\x00", VideoHeader{FrameType: KeyFrame}, "", nil},
		{"AVC cut", "\x17\x01\x00\x00", VideoHeader{}, "", ErrTruncated},
		{"AVC first byte alone", "\x17", VideoHeader{}, "", ErrTruncated},
		{"command", "\x57\x00", VideoHeader{FrameType: CommandFrame}, "", nil},
		{"H.263", "\x12abc", VideoHeader{KeyFrame, SorensonH263, Coded, 0}, "abc", nil},
		{"HEVC under ID 12", "\x1c\x00\x00\x00\x00hvcC", VideoHeader{KeyFrame, HEVC, Config, 0}, "hvcC", nil},

		{"enhanced HEVC config", "\x90hvc1hvcC", VideoHeader{KeyFrame, HEVC, Config, 0}, "hvcC", nil},
		{"enhanced HEVC key frame", "\x91hvc1\x00\x00\x28nal", VideoHeader{KeyFrame, HEVC, Coded, 40}, "nal", nil},
		{"enhanced HEVC without composition time", "\xa3hvc1nal", VideoHeader{InterFrame, HEVC, Coded, 0}, "nal", nil},
		{"enhanced HEVC composition time cut", "\xa1hvc1\x00\x00", VideoHeader{}, "", ErrTruncated},
		{"enhanced AVC", "\x91avc1\xff\xff\xffnal", VideoHeader{KeyFrame, AVC, Coded, -1}, "nal", nil},
		{"enhanced AV1 has no composition time", "\x91av01obu", VideoHeader{KeyFrame, AV1, Coded, 0}, "obu", nil},
		{"enhanced end", "\x92hvc1", VideoHeader{KeyFrame, HEVC, End, 0}, "", nil},
		{"metadata of OBS", "\x84hvc1\x02", VideoHeader{}, "", nil},
		{"AV1 in MPEG-2 TS", "\x95av01x", VideoHeader{FrameType: KeyFrame}, "", nil},
		{"enhanced command", "\xd0\x01", VideoHeader{FrameType: CommandFrame}, "", nil},
		{"FourCC cut", "\x90hvc", VideoHeader{}, "", ErrTruncated},

		{"one track", "\x96\x00hvc1\x00hvcC", VideoHeader{KeyFrame, HEVC, Config, 0}, "hvcC", nil},
		{"one track, not the first", "\x96\x00hvc1\x01hvcC", VideoHeader{FrameType: KeyFrame}, "", nil},
		{"many tracks", "\x96\x11avc1\x01\x00\x00\x02xx\x00\x00\x00\x05\x00\x00\x01na\x02\x00\x00\x01y",
			VideoHeader{KeyFrame, AVC, Coded, 1}, "na", nil},
		{"many codecs", "\x96\x20av01\x01\x00\x00\x01xhvc1\x00\x00\x00\x02ok", VideoHeader{KeyFrame, HEVC, Config, 0}, "ok", nil},
		{"track size lies", "\x96\x10avc1\x00\x00\x00\x09x", VideoHeader{}, "", ErrTruncated},
		{"tracks inside tracks", "\x96\x06avc1\x00abc", VideoHeader{FrameType: KeyFrame}, "", nil},

		{"modifier", "\x97\x02abc\x01avc1\x00\x00\x02nal", VideoHeader{KeyFrame, AVC, Coded, 2}, "nal", nil},
		{"two modifiers", "\x97\x00a\x07\x00b\x00avc1cfg", VideoHeader{KeyFrame, AVC, Config, 0}, "cfg", nil},
		{"modifier of 256 bytes", "\x97\xff\x00\xff" + string(make([]byte, 256)) + "\x00avc1cfg",
			VideoHeader{KeyFrame, AVC, Config, 0}, "cfg", nil},
		{"modifier cut", "\x97\x02ab", VideoHeader{}, "", ErrTruncated},
		{"modifier without an end", "\x97\x00a\x07", VideoHeader{}, "", ErrTruncated},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, body, err := ParseVideo([]byte(tt.data))
			if got != tt.want || string(body) != tt.body || !errors.Is(err, tt.err) {
				t.Errorf("got %+v %q %v, want %+v %q %v", got, body, err, tt.want, tt.body, tt.err)
			}
		})
	}
}

func TestParseAudio(t *testing.T) {
	tests := []struct {
		name string
		data string
		want AudioHeader
		body string
		err  error
	}{
		{"empty means silence", "", AudioHeader{}, "", nil},
		{"AAC config", "\xaf\x00\x12\x08", AudioHeader{AAC, Config}, "\x12\x08", nil},
		{"AAC frame", "\xaf\x01raw", AudioHeader{AAC, Coded}, "raw", nil},
		{"AAC unknown packet", "\xaf\x05raw", AudioHeader{}, "", nil},
		{"AAC cut", "\xaf", AudioHeader{}, "", ErrTruncated},
		{"MP3", "\x2fabc", AudioHeader{MP3, Coded}, "abc", nil},
		{"MP3 8 kHz", "\xe2abc", AudioHeader{MP3, Coded}, "abc", nil},
		{"PCM", "\x0eabc", AudioHeader{LinearPCM, Coded}, "abc", nil},
		{"A-law", "\x7eabc", AudioHeader{G711ALaw, Coded}, "abc", nil},
		{"Speex", "\xb2abc", AudioHeader{Speex, Coded}, "abc", nil},
		{"enhanced AAC config", "\x90mp4a\x12\x08", AudioHeader{AAC, Config}, "\x12\x08", nil},
		{"enhanced Opus", "\x91Opusabc", AudioHeader{Opus, Coded}, "abc", nil},
		{"enhanced end", "\x92mp4a", AudioHeader{AAC, End}, "", nil},
		{"channel layout", "\x94mp4a\x01", AudioHeader{}, "", nil},
		{"one track", "\x95\x01mp4a\x00raw", AudioHeader{AAC, Coded}, "raw", nil},
		{"second track", "\x95\x01mp4a\x01raw", AudioHeader{}, "", nil},
		{"modifier", "\x97\x00a\x01mp4araw", AudioHeader{AAC, Coded}, "raw", nil},
		{"FourCC cut", "\x91mp4", AudioHeader{}, "", ErrTruncated},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, body, err := ParseAudio([]byte(tt.data))
			if got != tt.want || string(body) != tt.body || !errors.Is(err, tt.err) {
				t.Errorf("got %+v %q %v, want %+v %q %v", got, body, err, tt.want, tt.body, tt.err)
			}
		})
	}
}

func TestCodecNames(t *testing.T) {
	tests := []struct{ got, want string }{
		{AVC.String(), "H264"},
		{SorensonH263.String(), "H263"},
		{VideoCodec(9).String(), "codec 9"},
		{VideoCodec('x'<<24 | 'y'<<16 | 'z'<<8 | 1).String(), `"xyz\x01"`},
		{AAC.String(), "AAC"},
		{MP3.String(), "MP3"},
		{AudioCodec(16).String(), "codec 15"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %s, want %s", tt.got, tt.want)
		}
	}
}

func FuzzParseVideo(f *testing.F) {
	for _, s := range []string{
		"\x17\x00\x00\x00\x00avcC", "\x27\x01\xff\xff\xd8nal", "\x91hvc1\x00\x00\x28nal", "\x96\x11avc1\x01\x00\x00\x02xx\x00\x00\x00\x05\x00\x00\x01na",
		"\x96\x20av01\x01\x00\x00\x01xhvc1\x00\x00\x00\x02ok", "\x97\xff\x00\x00a\x01avc1\x00\x00\x02nal", "\x84",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, body, err := ParseVideo(b)
		if err != nil && (h != VideoHeader{} || body != nil) {
			t.Fatalf("got %+v %q beside %v", h, body, err)
		}
		if h.Packet == Ignored && (h.Codec != 0 || len(body) > 0) {
			t.Fatalf("ignored tag has codec %v, body %q", h.Codec, body)
		}
		if len(body) >= len(b) && len(b) > 0 {
			t.Fatalf("body has %d of %d bytes", len(body), len(b))
		}
	})
}

func FuzzParseAudio(f *testing.F) {
	for _, s := range []string{
		"\xaf\x00\x12\x08", "\xaf\x01raw", "\x2fabc", "\x95\x01mp4a\x00raw", "\x97\x00a\x01mp4araw", "\x95\x11mp4a\x00\x00\x00\x01x",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, body, err := ParseAudio(b)
		if err != nil && (h != AudioHeader{} || body != nil) {
			t.Fatalf("got %+v %q beside %v", h, body, err)
		}
		if h.Packet == Ignored && (h.Codec != 0 || len(body) > 0) {
			t.Fatalf("ignored tag has codec %v, body %q", h.Codec, body)
		}
	})
}
