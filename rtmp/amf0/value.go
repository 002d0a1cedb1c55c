// Package amf0 encodes and decodes Action Message Format 0, in which RTMP
// writes commands and metadata.
//
// Every value is a [Value]. [Append] writes values and [Unmarshal] reads them. What a peer
// can make it allocate is bounded by [MaxDepth], [MaxValues] and the bytes that it has sent.
//
// It owns the format and its bounds. It must not know which commands there are.
//
// Source: Adobe, Action Message Format – AMF 0 (2007).
package amf0

// Bounds of one Unmarshal.
const (
	MaxDepth  = 16   // containers inside each other
	MaxValues = 1024 // values in all, those inside containers included
)

// Value is one of Number, Boolean, String, Null, Undefined, Object, ECMAArray,
// StrictArray and Date.
type Value interface {
	append(b []byte) []byte
}

type (
	// Number is a double, the only number of AMF0. It may be infinite or NaN.
	Number float64

	// Boolean is one byte on the wire; each value but 0 is true.
	Boolean bool

	// String is a string, long string or XML document. Peers send bytes that
	// are not UTF-8 and control characters too; String has them unchanged.
	String string

	// Null also stands for a reference and for the "unsupported" marker.
	Null struct{}

	// Undefined is a value without a content.
	Undefined struct{}

	// Object keeps its properties in the order of the wire. The class name of
	// a typed object is dropped. Names are at most 65,535 bytes.
	Object []Property

	// ECMAArray differs from Object only on the wire: it announces a count,
	// which many writers get wrong and Unmarshal ignores.
	ECMAArray []Property

	// StrictArray is a list of values without names.
	StrictArray []Value
)

// Property is a named value. The name may be empty and may be repeated.
type Property struct {
	Name  string
	Value Value
}

// Date is a time in milliseconds since 1970 UTC. Zone, in minutes, is reserved
// and to be ignored. Millis may be fractional, infinite or NaN.
type Date struct {
	Millis float64
	Zone   int16
}

// Get returns the first property of that name, or nil.
func (o Object) Get(name string) Value {
	for _, p := range o {
		if p.Name == name {
			return p.Value
		}
	}
	return nil
}

// markers, AMF 0 §2.1
const (
	numberMarker      = 0x00
	booleanMarker     = 0x01
	stringMarker      = 0x02
	objectMarker      = 0x03
	nullMarker        = 0x05
	undefinedMarker   = 0x06
	referenceMarker   = 0x07
	ecmaArrayMarker   = 0x08
	objectEndMarker   = 0x09
	strictArrayMarker = 0x0a
	dateMarker        = 0x0b
	longStringMarker  = 0x0c
	unsupportedMarker = 0x0d
	xmlMarker         = 0x0f
	typedObjectMarker = 0x10
	avmPlusMarker     = 0x11
)
