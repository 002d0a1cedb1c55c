package pusher

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Object is an AMF0 object; it keeps the order of its properties.
type Object []Property

// Property is one entry of an Object.
type Property struct {
	Name  string
	Value any
}

// ECMAArray is an Object with the marker of an array, as metadata has it.
type ECMAArray Object

// StrictArray is an AMF0 array without names.
type StrictArray []any

// AMF is encoded AMF0, for values that are malformed on purpose.
type AMF []byte

// AppendAMF appends the AMF0 encoding of values of the types float64, int, bool, string,
// nil, Object, ECMAArray, StrictArray and AMF. It panics at any other type. Strings
// beyond 64 KiB take the long form.
func AppendAMF(b []byte, values ...any) []byte {
	for _, value := range values {
		switch v := value.(type) {
		case AMF:
			b = append(b, v...)
		case float64:
			b = binary.BigEndian.AppendUint64(append(b, 0), math.Float64bits(v))
		case int:
			b = AppendAMF(b, float64(v))
		case bool:
			b = append(b, 1, 0)
			if v {
				b[len(b)-1] = 1
			}
		case string:
			if len(v) > math.MaxUint16 {
				b = binary.BigEndian.AppendUint32(append(b, 12), uint32(len(v)))
			} else {
				b = binary.BigEndian.AppendUint16(append(b, 2), uint16(len(v)))
			}
			b = append(b, v...)
		case nil:
			b = append(b, 5)
		case Object:
			b = appendProperties(append(b, 3), v)
		case ECMAArray:
			b = binary.BigEndian.AppendUint32(append(b, 8), uint32(len(v)))
			b = appendProperties(b, Object(v))
		case StrictArray:
			b = binary.BigEndian.AppendUint32(append(b, 10), uint32(len(v)))
			b = AppendAMF(b, v...)
		default:
			panic(fmt.Sprintf("pusher: %T has no AMF0 form here", value))
		}
	}
	return b
}

func appendProperties(b []byte, o Object) []byte {
	for _, p := range o {
		b = binary.BigEndian.AppendUint16(b, uint16(len(p.Name)))
		b = append(b, p.Name...)
		b = AppendAMF(b, p.Value)
	}
	return append(b, 0, 0, 9)
}

var errAMF = errors.New("pusher: the server sent malformed AMF0")

// decode returns all values of a command, as float64, bool, string, nil and Object.
func decode(b []byte) (values []any, err error) {
	for len(b) > 0 {
		var v any
		if v, b, err = cutValue(b); err != nil {
			return values, err
		}
		values = append(values, v)
	}
	return values, nil
}

func cutValue(b []byte) (any, []byte, error) {
	marker, b := b[0], b[1:]
	switch {
	case marker == 0 && len(b) >= 8:
		return math.Float64frombits(binary.BigEndian.Uint64(b)), b[8:], nil
	case marker == 1 && len(b) >= 1:
		return b[0] != 0, b[1:], nil
	case marker == 2:
		return cutString(b)
	case marker == 3:
		return cutObject(b)
	case marker == 8 && len(b) >= 4:
		return cutObject(b[4:])
	case marker == 10 && len(b) >= 4:
		var list StrictArray
		n := binary.BigEndian.Uint32(b)
		for b = b[4:]; n > 0 && len(b) > 0; n-- {
			v, rest, err := cutValue(b)
			if err != nil {
				return nil, nil, err
			}
			list, b = append(list, v), rest
		}
		return list, b, nil
	case marker == 5, marker == 6:
		return nil, b, nil
	}
	return nil, nil, errAMF
}

func cutString(b []byte) (any, []byte, error) {
	if len(b) < 2 || len(b)-2 < int(binary.BigEndian.Uint16(b)) {
		return nil, nil, errAMF
	}
	n := 2 + int(binary.BigEndian.Uint16(b))
	return string(b[2:n]), b[n:], nil
}

func cutObject(b []byte) (any, []byte, error) {
	var o Object
	for {
		name, rest, err := cutString(b)
		if err != nil || len(rest) == 0 {
			return nil, nil, errAMF
		}
		if name == "" && rest[0] == 9 {
			return o, rest[1:], nil
		}
		var v any
		if v, b, err = cutValue(rest); err != nil {
			return nil, nil, err
		}
		o = append(o, Property{name.(string), v})
	}
}

// Text returns the string property of that name, or "".
func (o Object) Text(name string) string {
	for _, p := range o {
		if p.Name == name {
			text, _ := p.Value.(string)
			return text
		}
	}
	return ""
}
