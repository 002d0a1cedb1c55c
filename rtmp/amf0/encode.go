package amf0

import (
	"encoding/binary"
	"math"
)

const maxShort = math.MaxUint16

// Append appends the encoding of values to b, one after another. A nil Value is
// written as Null.
func Append(b []byte, values ...Value) []byte {
	for _, v := range values {
		if v == nil {
			v = Null{}
		}
		b = v.append(b)
	}
	return b
}

func (n Number) append(b []byte) []byte {
	b = append(b, numberMarker)
	return binary.BigEndian.AppendUint64(b, math.Float64bits(float64(n)))
}

func (v Boolean) append(b []byte) []byte {
	if v {
		return append(b, booleanMarker, 1)
	}
	return append(b, booleanMarker, 0)
}

func (s String) append(b []byte) []byte {
	if len(s) > maxShort {
		b = append(b, longStringMarker)
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		return append(b, s...)
	}
	return appendName(append(b, stringMarker), string(s))
}

func (Null) append(b []byte) []byte      { return append(b, nullMarker) }
func (Undefined) append(b []byte) []byte { return append(b, undefinedMarker) }

func (o Object) append(b []byte) []byte {
	return appendProperties(append(b, objectMarker), o)
}

func (a ECMAArray) append(b []byte) []byte {
	b = append(b, ecmaArrayMarker)
	b = binary.BigEndian.AppendUint32(b, uint32(len(a)))
	return appendProperties(b, a)
}

func (a StrictArray) append(b []byte) []byte {
	b = append(b, strictArrayMarker)
	b = binary.BigEndian.AppendUint32(b, uint32(len(a)))
	return Append(b, a...)
}

func (d Date) append(b []byte) []byte {
	b = append(b, dateMarker)
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(d.Millis))
	return binary.BigEndian.AppendUint16(b, uint16(d.Zone))
}

func appendProperties(b []byte, properties []Property) []byte {
	for _, p := range properties {
		b = Append(appendName(b, p.Name), p.Value)
	}
	return append(b, 0, 0, objectEndMarker)
}

func appendName(b []byte, s string) []byte {
	s = s[:min(len(s), maxShort)]
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}
