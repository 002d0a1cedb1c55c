package amf0

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Errors of Unmarshal.
var (
	ErrTooDeep = fmt.Errorf("amf0: more than %d containers inside each other", MaxDepth)
	ErrTooMany = fmt.Errorf("amf0: more than %d values", MaxValues)
	ErrAMF3    = errors.New("amf0: AMF3 values are not supported")
)

// MarkerError is a type marker that AMF 0 does not define or reserves.
type MarkerError byte

func (e MarkerError) Error() string {
	return fmt.Sprintf("amf0: unknown type marker 0x%02x", byte(e))
}

// Unmarshal decodes the values that b consists of. On error it also returns the
// values before the one that failed. The error is io.ErrUnexpectedEOF if b ends
// inside a value, ErrTooDeep, ErrTooMany, ErrAMF3 or a MarkerError.
//
// b may end before the end marker of an object, as it does with some encoders. The values do
// not refer to b.
func Unmarshal(b []byte) ([]Value, error) {
	d := decoder{b: b}
	var values []Value
	for len(d.b) > 0 {
		v := d.value(0)
		if d.err != nil {
			return values, d.err
		}
		values = append(values, v)
	}
	return values, nil
}

// decoder keeps its first error; after it, every read returns zero values.
type decoder struct {
	b     []byte
	count int
	err   error
}

// next returns the following n bytes, or nil if there are fewer.
func (d *decoder) next(n uint32) []byte {
	if d.err == nil && uint64(n) > uint64(len(d.b)) {
		d.err = io.ErrUnexpectedEOF
	}
	if d.err != nil {
		return nil
	}
	p := d.b[:n]
	d.b = d.b[n:]
	return p
}

func (d *decoder) uint8() byte {
	if p := d.next(1); p != nil {
		return p[0]
	}
	return 0
}

func (d *decoder) uint16() uint16 {
	if p := d.next(2); p != nil {
		return binary.BigEndian.Uint16(p)
	}
	return 0
}

func (d *decoder) uint32() uint32 {
	if p := d.next(4); p != nil {
		return binary.BigEndian.Uint32(p)
	}
	return 0
}

func (d *decoder) float64() float64 {
	if p := d.next(8); p != nil {
		return math.Float64frombits(binary.BigEndian.Uint64(p))
	}
	return 0
}

// value decodes a value that stands inside depth containers.
func (d *decoder) value(depth int) Value {
	if d.count++; d.count > MaxValues {
		d.err = ErrTooMany
		return nil
	}
	switch marker := d.uint8(); marker {
	case numberMarker:
		return Number(d.float64())
	case booleanMarker:
		return Boolean(d.uint8() != 0)
	case stringMarker:
		return String(d.next(uint32(d.uint16())))
	case longStringMarker, xmlMarker:
		return String(d.next(d.uint32()))
	case nullMarker, unsupportedMarker:
		return Null{}
	case undefinedMarker:
		return Undefined{}
	case referenceMarker:
		d.uint16()
		return Null{}
	case objectMarker:
		return Object(d.properties(depth + 1))
	case typedObjectMarker:
		d.next(uint32(d.uint16())) // class name
		return Object(d.properties(depth + 1))
	case ecmaArrayMarker:
		d.uint32() // advisory count
		return ECMAArray(d.properties(depth + 1))
	case strictArrayMarker:
		return d.strictArray(depth + 1)
	case dateMarker:
		return Date{Millis: d.float64(), Zone: int16(d.uint16())}
	case avmPlusMarker:
		d.fail(ErrAMF3)
	default:
		d.fail(MarkerError(marker))
	}
	return nil
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// properties decodes up to and including the end marker.
func (d *decoder) properties(depth int) []Property {
	if depth > MaxDepth {
		d.fail(ErrTooDeep)
	}
	var properties []Property
	for d.err == nil && !d.end() {
		name := string(d.next(uint32(d.uint16())))
		v := d.value(depth)
		if d.err == nil {
			properties = append(properties, Property{name, v})
		}
	}
	return properties
}

// end skips the end marker of an object, or the part of it at the end of the message.
func (d *decoder) end() bool {
	const marker = "\x00\x00\x09"
	n := min(len(d.b), len(marker))
	if string(d.b[:n]) != marker[:n] {
		return false
	}
	d.b = d.b[n:]
	return true
}

func (d *decoder) strictArray(depth int) Value {
	if depth > MaxDepth {
		d.fail(ErrTooDeep)
	}
	n := d.uint32()
	var values StrictArray
	for ; n > 0 && d.err == nil; n-- {
		v := d.value(depth)
		if d.err == nil {
			values = append(values, v)
		}
	}
	return values
}
