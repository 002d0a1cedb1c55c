package flv

import "osslive/rtmp/amf0"

// Metadata returns the properties of onMetaData in the data of a script tag. It
// is false for any other script data. Peers send an object or an ECMA array,
// with or without "@setDataFrame" before it, and put anything into the values:
// treat them as a claim, not as a fact.
func Metadata(data []byte) (amf0.Object, bool) {
	values, _ := amf0.Unmarshal(data) // what follows the metadata does not matter
	if len(values) > 0 && values[0] == amf0.String("@setDataFrame") {
		values = values[1:]
	}
	if len(values) < 2 || values[0] != amf0.String("onMetaData") {
		return nil, false
	}
	switch v := values[1].(type) {
	case amf0.Object:
		return v, true
	case amf0.ECMAArray:
		return amf0.Object(v), true
	}
	return nil, false
}
