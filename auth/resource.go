package auth

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// subresources are the query parameters that choose an operation and that version 1
// signs, besides all that begin with "x-oss-"; parameters are those that it signs
// and that choose nothing. Both are sorted. Together they are the union of what the
// documentation names and what the official SDKs sign.
var (
	subresources = [...]string{
		"accessPoint", "accessPointPolicy", "acl", "append", "asyncFetch", "bucketArchiveDirectRead",
		"bucketInfo", "callback", "cloudboxes", "cname", "comp", "cors", "delete", "encryption", "group",
		"httpsConfig", "img", "inventory", "inventoryId", "lifecycle", "link", "live", "location",
		"logging", "metaQuery", "objectInfo", "objectMeta", "partNumber", "policy", "position",
		"publicAccessBlock", "qos", "qosInfo", "qosRequester", "redundancyTransition", "referer",
		"regionList", "replication", "replicationLocation", "replicationProgress", "requestPayment",
		"requesterQosInfo", "resourceGroup", "resourcePool", "resourcePoolBuckets", "resourcePoolInfo",
		"responseHeader", "restore", "rtc", "sequential", "stat", "status", "style", "styleName", "symlink",
		"tagging", "transferAcceleration", "udf", "udfApplication", "udfApplicationLog", "udfId",
		"udfImage", "udfImageDesc", "udfName", "uploadId", "uploads", "versionId", "versioning", "versions",
		"vod", "website", "worm", "wormExtend", "wormId",
	}
	parameters = [...]string{
		"callback-var", "continuation-token", "endTime", "response-cache-control",
		"response-content-disposition", "response-content-encoding", "response-content-language",
		"response-content-type", "response-expires", "security-token", "startTime", "withHashContext",
	}
)

// Subresources returns the query parameters that choose an operation and that
// version 1 signs, sorted, without those that begin with "x-oss-".
func Subresources() []string { return slices.Clone(subresources[:]) }

// isSubresource reports whether version 1 signs a query parameter.
func isSubresource(name string) bool {
	_, chooses := slices.BinarySearch(subresources[:], name)
	_, plain := slices.BinarySearch(parameters[:], name)
	return chooses || plain || strings.HasPrefix(name, "x-oss-")
}

// subresourcesOf returns the sub-resources of q with "?" before them: not escaped,
// and one without a value without "=".
func subresourcesOf(q url.Values) string {
	var b strings.Builder
	separator := byte('?')
	for _, name := range slices.Sorted(maps.Keys(q)) {
		if !isSubresource(name) {
			continue
		}
		b.WriteByte(separator)
		separator = '&'
		b.WriteString(name)
		if value := q.Get(name); value != "" {
			b.WriteByte('=')
			b.WriteString(value)
		}
	}
	return b.String()
}

// signedHeaders returns the canonicalized headers, "name:value": all x-oss- ones
// and those in also, which has lower-case names. Several values of one header are
// signed as one, joined by commas (RFC 9110 §5.2).
func signedHeaders(r *Request, also ...string) []string {
	signed := make(map[string]string)
	for name, values := range r.Header {
		name = strings.ToLower(name)
		if !strings.HasPrefix(name, "x-oss-") && !slices.Contains(also, name) {
			continue
		}
		trimmed := make([]string, len(values))
		for i, v := range values {
			trimmed[i] = strings.TrimSpace(v)
		}
		signed[name] = strings.Join(trimmed, ",")
	}
	if slices.Contains(also, "host") {
		signed["host"] = r.Host
	}
	lines := make([]string, 0, len(signed))
	for _, name := range slices.Sorted(maps.Keys(signed)) {
		lines = append(lines, name+":"+signed[name])
	}
	return lines
}
