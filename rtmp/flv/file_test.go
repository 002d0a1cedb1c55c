package flv

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"runtime"
	"testing"
)

const header = "FLV\x01\x05\x00\x00\x00\x09"

// readAll copies the tags of a file until its first error.
func readAll(r io.Reader) ([]Tag, error) {
	var tags []Tag
	fr := NewReader(r)
	for {
		t, err := fr.ReadTag()
		if err != nil {
			return tags, err
		}
		t.Data = bytes.Clone(t.Data)
		tags = append(tags, t)
	}
}

func TestReader(t *testing.T) {
	const tag = "\x09\x00\x00\x03\x00\x00\x01\x00\x00\x00\x00abc\x00\x00\x00\x0e"
	abc := Tag{Video, 1, []byte("abc")}
	tests := []struct {
		name string
		file string
		want []Tag
		err  error
	}{
		{"nothing", "", nil, io.EOF},
		{"not FLV", "RIFF\x01\x05\x00\x00\x00\x09", nil, ErrFormat},
		{"version 2", "FLV\x02\x05\x00\x00\x00\x09", nil, ErrFormat},
		{"header too short to be one", "FLV\x01\x05\x00\x00\x00\x08", nil, ErrFormat},
		{"header cut", "FLV\x01", nil, ErrFormat},
		{"header alone", header, nil, io.EOF},
		{"header and size", header + "\x00\x00\x00\x00", nil, io.EOF},
		{"longer header", "FLV\x01\x05\x00\x00\x00\x0bxx\x00\x00\x00\x00" + tag, []Tag{abc}, io.EOF},
		{"longer header cut", "FLV\x01\x05\x00\x00\x01\x00xx", nil, io.ErrUnexpectedEOF},
		{"one tag", header + "\x00\x00\x00\x00" + tag, []Tag{abc}, io.EOF},
		{"last size missing", header + "\x00\x00\x00\x00" + tag[:14], []Tag{abc}, io.EOF},
		{"last size cut", header + "\x00\x00\x00\x00" + tag[:16], []Tag{abc}, io.ErrUnexpectedEOF},
		{"size wrong", header + "\x00\x00\x00\x07" + tag, []Tag{abc}, io.EOF},
		{"tag header cut", header + "\x00\x00\x00\x00" + tag + tag[:5], []Tag{abc}, io.ErrUnexpectedEOF},
		{"data cut", header + "\x00\x00\x00\x00" + tag[:13], nil, io.ErrUnexpectedEOF},
		{"data missing", header + "\x00\x00\x00\x00" + tag[:11], nil, io.ErrUnexpectedEOF},
		{"time above 24 bits", header + "\x00\x00\x00\x00\x08\x00\x00\x00\x00\x00\x01\xff\x00\x00\x00", []Tag{{Audio, 0xff000001, []byte{}}}, io.EOF},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readAll(bytes.NewReader([]byte(tt.file)))
			if !errors.Is(err, tt.err) || len(got) != len(tt.want) {
				t.Fatalf("got %v, %v, want %v, %v", got, err, tt.want, tt.err)
			}
			for i := range got {
				if got[i].Type != tt.want[i].Type || got[i].Time != tt.want[i].Time || !bytes.Equal(got[i].Data, tt.want[i].Data) {
					t.Errorf("tag %d: got %v, want %v", i, got[i], tt.want[i])
				}
			}
		})
	}
}

func TestReaderRefusesEncryption(t *testing.T) {
	if _, err := readAll(bytes.NewReader([]byte(header + "\x00\x00\x00\x00\x29\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))); err == nil || err == io.EOF {
		t.Errorf("got %v, want an error", err)
	}
}

func TestReaderErrorSticks(t *testing.T) {
	r := NewReader(bytes.NewReader([]byte("no")))
	_, first := r.ReadTag()
	if _, second := r.ReadTag(); first != ErrFormat || second != first {
		t.Errorf("got %v, then %v, want %v twice", first, second, ErrFormat)
	}
}

// Data longer than the steps in which memory is taken arrives whole.
func TestWriterReader(t *testing.T) {
	want := []Tag{
		{Script, 0, []byte("meta")},
		{Video, 1 << 31, bytes.Repeat([]byte("0123456789"), 50_000)},
		{Audio, 0xffffffff, []byte{}},
		{Video, 3, bytes.Repeat([]byte{7}, growStep)},
	}
	var file bytes.Buffer
	w := NewWriter(&file)
	for _, tag := range want {
		if err := w.WriteTag(tag); err != nil {
			t.Fatal(err)
		}
	}
	got, err := readAll(&file)
	if err != io.EOF || !reflect.DeepEqual(got, want) {
		t.Errorf("got %d tags, %v, want the %d written", len(got), err, len(want))
	}
}

func TestWriterRefusesLongData(t *testing.T) {
	var file bytes.Buffer
	if err := NewWriter(&file).WriteTag(Tag{Data: make([]byte, MaxData+1)}); err == nil || file.Len() > 0 {
		t.Errorf("got %v and %d bytes written, want an error and none", err, file.Len())
	}
}

func TestReaderMemoryFollowsBytes(t *testing.T) {
	file := []byte(header + "\x00\x00\x00\x00\x09\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00short")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := readAll(bytes.NewReader(file))
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 2*growStep || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("16 MiB announced, 5 bytes sent: %d bytes allocated, %v, want at most %d", got, err, 2*growStep)
	}
}

func TestCutTag(t *testing.T) {
	a, b := Tag{Video, 5, []byte("aa")}, Tag{Audio, 6, []byte("b")}
	wire := AppendTag(AppendTag(nil, a), b)
	got, rest, err := CutTag(wire)
	if err != nil || !reflect.DeepEqual(got, a) {
		t.Fatalf("first: got %v, %v, want %v", got, err, a)
	}
	for _, missing := range []int{0, 1, 4} {
		got, end, err := CutTag(rest[:len(rest)-missing])
		if err != nil || !reflect.DeepEqual(got, b) || len(end) > 0 {
			t.Errorf("last, %d bytes missing: got %v, %d bytes left, %v, want %v", missing, got, len(end), err, b)
		}
	}
	for n := range len(rest) - 4 {
		if _, _, err := CutTag(rest[:n]); err != io.ErrUnexpectedEOF {
			t.Errorf("%d bytes: got %v, want %v", n, err, io.ErrUnexpectedEOF)
		}
	}
}

// What is read can be written, and reads back the same.
func FuzzReader(f *testing.F) {
	f.Add([]byte(header))
	var file bytes.Buffer
	w := NewWriter(&file)
	w.WriteTag(Tag{Script, 0, []byte("\x02\x00\x0aonMetaData\x05")})
	w.WriteTag(Tag{Video, 40, []byte("\x17\x01\x00\x00\x00")})
	w.WriteTag(Tag{Audio, 0x01000000, nil})
	f.Add(file.Bytes())
	f.Add(file.Bytes()[:file.Len()-7])
	f.Fuzz(func(t *testing.T, b []byte) {
		tags, err := readAll(bytes.NewReader(b))
		if err == nil {
			t.Fatal("no error at the end")
		}
		var file bytes.Buffer
		w := NewWriter(&file)
		for _, tag := range tags {
			if err := w.WriteTag(tag); err != nil {
				t.Fatal(err)
			}
		}
		again, err := readAll(&file)
		if err != io.EOF || !reflect.DeepEqual(again, tags) {
			t.Fatalf("got %v, %v, want %v", again, err, tags)
		}
	})
}
