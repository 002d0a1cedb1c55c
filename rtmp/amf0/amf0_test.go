package amf0

import (
	"bytes"
	"errors"
	"io"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// Both directions share this table.
var encodings = []struct {
	name  string
	value Value
	wire  string
}{
	{"number", Number(1), "\x00\x3f\xf0\x00\x00\x00\x00\x00\x00"},
	{"infinity", Number(math.Inf(-1)), "\x00\xff\xf0\x00\x00\x00\x00\x00\x00"},
	{"true", Boolean(true), "\x01\x01"},
	{"false", Boolean(false), "\x01\x00"},
	{"string", String("live"), "\x02\x00\x04live"},
	{"empty string", String(""), "\x02\x00\x00"},
	{"string that is not UTF-8", String("\xff\x00"), "\x02\x00\x02\xff\x00"},
	{"longest short string", String(strings.Repeat("x", 65535)), "\x02\xff\xff" + strings.Repeat("x", 65535)},
	{"long string", String(strings.Repeat("x", 65536)), "\x0c\x00\x01\x00\x00" + strings.Repeat("x", 65536)},
	{"null", Null{}, "\x05"},
	{"undefined", Undefined{}, "\x06"},
	{"empty object", Object(nil), "\x03\x00\x00\x09"},
	{"object in order", Object{{"b", Null{}}, {"a", Boolean(true)}}, "\x03\x00\x01b\x05\x00\x01a\x01\x01\x00\x00\x09"},
	{"property without a name", Object{{"", Null{}}}, "\x03\x00\x00\x05\x00\x00\x09"},
	{"ecma array", ECMAArray{{"a", Null{}}}, "\x08\x00\x00\x00\x01\x00\x01a\x05\x00\x00\x09"},
	{"strict array", StrictArray{Null{}, Boolean(true)}, "\x0a\x00\x00\x00\x02\x05\x01\x01"},
	{"date", Date{Millis: 1, Zone: -60}, "\x0b\x3f\xf0\x00\x00\x00\x00\x00\x00\xff\xc4"},
}

func TestEncodings(t *testing.T) {
	for _, tt := range encodings {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(Append(nil, tt.value)); got != tt.wire {
				t.Errorf("Append: got % x, want % x", got, tt.wire)
			}
			got, err := Unmarshal([]byte(tt.wire))
			if want := []Value{tt.value}; err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("Unmarshal: got %#v, %v, want %#v", got, err, want)
			}
		})
	}
}

func TestUnmarshalOnly(t *testing.T) {
	tests := []struct {
		name string
		wire string
		want []Value
	}{
		{"nothing", "", nil},
		{"boolean of another number", "\x01\x7f", []Value{Boolean(true)}},
		{"reference", "\x07\x00\x01", []Value{Null{}}},
		{"unsupported", "\x0d", []Value{Null{}}},
		{"XML", "\x0f\x00\x00\x00\x01<", []Value{String("<")}},
		{"typed object", "\x10\x00\x01C\x00\x01a\x05\x00\x00\x09", []Value{Object{{"a", Null{}}}}},
		{"ecma array that announces none", "\x08\x00\x00\x00\x00\x00\x01a\x05\x00\x00\x09", []Value{ECMAArray{{"a", Null{}}}}},
		{"ecma array that announces 4 G", "\x08\xff\xff\xff\xff\x00\x00\x09", []Value{ECMAArray(nil)}},
		{"object without an end", "\x03\x00\x01a\x05", []Value{Object{{"a", Null{}}}}},
		{"object with half an end", "\x03\x00\x01a\x05\x00\x00", []Value{Object{{"a", Null{}}}}},
		{"several", "\x05\x06", []Value{Null{}, Undefined{}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Unmarshal([]byte(tt.wire))
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %#v, %v, want %#v", got, err, tt.want)
			}
		})
	}
}

func TestUnmarshalErrors(t *testing.T) {
	nested := func(open string, n int) string { return strings.Repeat(open, n) }
	tests := []struct {
		name   string
		wire   string
		values int // before the error
		want   error
	}{
		{"number cut", "\x00\x3f", 0, io.ErrUnexpectedEOF},
		{"string longer than the message", "\x05\x02\x00\x05abc", 1, io.ErrUnexpectedEOF},
		{"long string of 4 GiB", "\x0c\xff\xff\xff\xffabc", 0, io.ErrUnexpectedEOF},
		{"strict array of 4 G", "\x0a\xff\xff\xff\xff", 0, io.ErrUnexpectedEOF},
		{"name cut", "\x03\x00\x05ab", 0, io.ErrUnexpectedEOF},
		{"property without a value", "\x03\x00\x01a", 0, io.ErrUnexpectedEOF},
		{"movie clip", "\x04", 0, MarkerError(0x04)},
		{"record set", "\x0e", 0, MarkerError(0x0e)},
		{"no such marker", "\x05\x12", 1, MarkerError(0x12)},
		{"stray end of object", "\x09", 0, MarkerError(0x09)},
		{"AMF3", "\x11\x01", 0, ErrAMF3},
		{"objects 17 deep", nested("\x03\x00\x01a", 17), 0, ErrTooDeep},
		{"objects 70,000 deep", nested("\x03\x00\x01a", 70000), 0, ErrTooDeep},
		{"typed objects 17 deep", nested("\x10\x00\x00\x00\x01a", 17), 0, ErrTooDeep},
		{"ecma arrays 17 deep", nested("\x08\x00\x00\x00\x00\x00\x01a", 17), 0, ErrTooDeep},
		{"strict arrays 17 deep", nested("\x0a\x00\x00\x00\x01", 17), 0, ErrTooDeep},
		{"strict arrays 70,000 deep", nested("\x0a\x00\x00\x00\x01", 70000), 0, ErrTooDeep},
		{"1,025 values", strings.Repeat("\x05", 1025), 1024, ErrTooMany},
		{"1,024 values in an array", "\x0a\x00\x00\x04\x00" + strings.Repeat("\x05", 1024), 0, ErrTooMany},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Unmarshal([]byte(tt.wire))
			if !errors.Is(err, tt.want) || len(got) != tt.values {
				t.Errorf("got %d values, %v, want %d, %v", len(got), err, tt.values, tt.want)
			}
		})
	}
}

func TestUnmarshalAtTheLimits(t *testing.T) {
	tests := []struct{ name, wire string }{
		{"objects 16 deep", strings.Repeat("\x03\x00\x01a", 16) + "\x05"},
		{"ecma arrays 16 deep", strings.Repeat("\x08\x00\x00\x00\x00\x00\x01a", 16) + "\x05"},
		{"strict arrays 16 deep", strings.Repeat("\x0a\x00\x00\x00\x01", 16) + "\x05"},
		{"1,024 values", strings.Repeat("\x05", 1024)},
		{"1,023 values in an array", "\x0a\x00\x00\x03\xff" + strings.Repeat("\x05", 1023)},
	}
	for _, tt := range tests {
		if _, err := Unmarshal([]byte(tt.wire)); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// A length is a claim: memory follows the bytes that are there.
func TestMemoryOfLies(t *testing.T) {
	lies := []string{
		"\x0a\xff\xff\xff\xff\x05",
		"\x08\xff\xff\xff\xff\x00\x01a\x05",
		"\x0c\xff\xff\xff\xff",
		strings.Repeat("\x0a\xff\xff\xff\xff", 16),
	}
	for _, wire := range lies {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 100 {
			Unmarshal([]byte(wire))
		}
		runtime.ReadMemStats(&after)
		got := (after.TotalAlloc - before.TotalAlloc) / 100
		t.Logf("R8: %d bytes received, %d allocated", len(wire), got)
		if got > 1024 {
			t.Errorf("% x: %d bytes allocated, want at most 1024", wire, got)
		}
	}
}

func TestGet(t *testing.T) {
	o := Object{{"a", Number(1)}, {"a", Number(2)}}
	if got := o.Get("a"); got != Number(1) {
		t.Errorf("a: got %v, want the first", got)
	}
	if got := o.Get("b"); got != nil {
		t.Errorf("b: got %v, want nil", got)
	}
}

// What is decoded can be written, and reads back the same.
func FuzzUnmarshal(f *testing.F) {
	for _, tt := range encodings {
		if len(tt.wire) < 1000 {
			f.Add([]byte(tt.wire))
		}
	}
	f.Add(Append(nil, String("connect"), Number(1), Object{
		{"app", String("live")}, {"list", StrictArray{String("hvc1"), ECMAArray{{"n", Number(2)}}}},
	}))
	f.Add([]byte("\x10\x00\x01C\x00\x01a\x05\x00\x00\x09\x07\x00\x00\x0d\x0f\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		values, err := Unmarshal(b)
		if err != nil && len(values) == 0 {
			return
		}
		wire := Append(nil, values...)
		again, err := Unmarshal(wire)
		if err != nil {
			t.Fatalf("% x does not read back: %v", wire, err)
		}
		// Bytes, because NaN is not equal to itself.
		if got := Append(nil, again...); !bytes.Equal(got, wire) {
			t.Fatalf("got % x, want % x", got, wire)
		}
	})
}
