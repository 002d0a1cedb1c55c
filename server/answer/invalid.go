package answer

import (
	"strings"

	"osslive/store"
)

// InvalidArgument refuses the value of an argument, which the document names and
// shows; ec may be "".
func InvalidArgument(name, value, ec, message string) *Error {
	return New(400, "InvalidArgument", ec, message).With("ArgumentName", name).With("ArgumentValue", value)
}

// ofInvalid returns the answer to a value that the store refuses.
func ofInvalid(e *store.InvalidError) *Error {
	switch e.Field {
	case "BucketName":
		return New(400, "InvalidBucketName", "0015-00000001", "The specified bucket is not valid.").With("BucketName", e.Value)
	case "Key":
		return New(400, "InvalidObjectName", "", "The specified object is not valid.").With("ObjectName", e.Value)
	}
	name := e.Field
	switch name {
	case "ACL":
		name = "x-oss-acl"
	case "ObjectACL":
		name = "x-oss-object-acl"
	}
	ec, ok := invalidFields[[2]string{e.Field, e.Rule}]
	if !ok {
		ec = invalidFields[[2]string{e.Field, ""}]
	}
	return InvalidArgument(name, e.Value, ec, sentence(e.Message))
}

// sentence begins text with a capital letter and ends it with a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

// invalidFields gives the EC of a value that is refused, by field and rule, or
// by field alone. Rules live and vod tell the parameters of those operations
// from others of the same name. Those marked are by inference: their numbers
// lie between documented ones.
var invalidFields = map[[2]string]string{
	{"ChannelName", ""}:        "0017-00000258",
	{"ChannelName", "utf8"}:    "0017-00000259",
	{"Description", ""}:        "0044-00000001",
	{"Status", ""}:             "0044-00000002",
	{"RoleName", ""}:           "0044-00000005", // inferred
	{"NotifyTopic", ""}:        "0044-00000006",
	{"DestBucket", "missing"}:  "0044-00000007", // inferred
	{"DestBucket", ""}:         "0044-00000008",
	{"DestBucket", "unknown"}:  "0044-00000009",
	{"Interval", ""}:           "0044-00000012", // inferred
	{"Type", ""}:               "0044-00000013", // inferred
	{"FragDuration", ""}:       "0044-00000014",
	{"FragCount", ""}:          "0044-00000015", // inferred
	{"PlaylistName", "slash"}:  "0044-00000016",
	{"PlaylistName", "length"}: "0044-00000017",
	{"PlaylistName", ""}:       "0044-00000018",
	{"Target", ""}:             "0044-00000013", // inferred
	{"status", ""}:             "0017-00000255",
	{"ChannelName", "vod"}:     "0044-00000302",
	{"PlaylistName", "vod"}:    "0044-00000403",
	{"startTime", ""}:          "0044-00000304",
	{"endTime", ""}:            "0044-00000305",
	{"startTime", "order"}:     "0044-00000306",
	{"endTime", "span"}:        "0044-00000307",
	{"max-keys", "live"}:       "0044-00000101",
	{"prefix", "live"}:         "0044-00000102",
	{"marker", "live"}:         "0044-00000103",
}
