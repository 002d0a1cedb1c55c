package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"osslive/auth"
	"osslive/store"
)

// handler carries out one operation. It writes the answer, or returns an error before
// it has written any.
type handler func(s *Server, w http.ResponseWriter, r *request) error

// level is what a request addresses.
type level string

const (
	onService level = "service" // no bucket
	onBucket  level = "bucket"
	onObject  level = "object" // a key, or the name of a LiveChannel
)

// route is an operation of the API. The selector is the request's sub-resources in the
// order of subresources, joined by "&".
type route struct {
	method    string
	level     level
	selector  string
	operation string // name in the API reference
	action    action
	handle    handler
}

// routes is the whole API.
var routes = []route{
	{"GET", onService, "", "ListBuckets", ownerOnly, (*Server).listBuckets},

	{"PUT", onBucket, "", "PutBucket", ownerOnly, (*Server).putBucket},
	{"GET", onBucket, "", "ListObjects", listObjects, (*Server).listObjects},
	{"GET", onBucket, "list-type=2", "ListObjectsV2", listObjects, (*Server).listObjectsV2},
	{"DELETE", onBucket, "", "DeleteBucket", ownerOnly, (*Server).deleteBucket},
	{"GET", onBucket, "bucketInfo", "GetBucketInfo", ownerOnly, (*Server).getBucketInfo},
	{"GET", onBucket, "location", "GetBucketLocation", ownerOnly, (*Server).getBucketLocation},
	{"GET", onBucket, "stat", "GetBucketStat", ownerOnly, (*Server).getBucketStat},
	{"PUT", onBucket, "acl", "PutBucketAcl", ownerOnly, (*Server).putBucketACL},
	{"GET", onBucket, "acl", "GetBucketAcl", ownerOnly, (*Server).getBucketACL},
	{"PUT", onBucket, "cors", "PutBucketCors", ownerOnly, (*Server).putBucketCORS},
	{"GET", onBucket, "cors", "GetBucketCors", ownerOnly, (*Server).getBucketCORS},
	{"DELETE", onBucket, "cors", "DeleteBucketCors", ownerOnly, (*Server).deleteBucketCORS},
	{"GET", onBucket, "uploads", "ListMultipartUploads", listObjects, (*Server).listMultipartUploads},
	{"POST", onBucket, "delete", "DeleteMultipleObjects", writeObject, (*Server).deleteObjects},

	{"PUT", onObject, "", "PutObject", writeObject, (*Server).putObject},
	{"GET", onObject, "", "GetObject", readObject, (*Server).getObject},
	{"HEAD", onObject, "", "HeadObject", readObject, (*Server).getObject},
	{"GET", onObject, "objectMeta", "GetObjectMeta", readObject, (*Server).getObjectMeta},
	{"HEAD", onObject, "objectMeta", "GetObjectMeta", readObject, (*Server).getObjectMeta},
	{"DELETE", onObject, "", "DeleteObject", writeObject, (*Server).deleteObject},

	{"PUT", onObject, copyHeader, "CopyObject", writeObject, (*Server).copyObject},
	{"POST", onObject, "append&position", "AppendObject", writeObject, (*Server).appendObject},
	{"PUT", onObject, "acl", "PutObjectACL", ownerOnly, (*Server).putObjectACL},
	{"GET", onObject, "acl", "GetObjectACL", ownerOnly, (*Server).getObjectACL},

	{"POST", onObject, "uploads", "InitiateMultipartUpload", writeObject, (*Server).initiateMultipartUpload},
	{"PUT", onObject, "partNumber&uploadId", "UploadPart", writeObject, (*Server).uploadPart},
	{"PUT", onObject, "partNumber&uploadId&" + copyHeader, "UploadPartCopy", writeObject, (*Server).uploadPartCopy},
	{"GET", onObject, "uploadId", "ListParts", listObjects, (*Server).listParts},
	{"POST", onObject, "uploadId", "CompleteMultipartUpload", writeObject, (*Server).completeMultipartUpload},
	{"DELETE", onObject, "uploadId", "AbortMultipartUpload", writeObject, (*Server).abortMultipartUpload},

	{"PUT", onObject, "live", "PutLiveChannel", ownerOnly, (*Server).putLiveChannel},
	{"PUT", onObject, "live&status", "PutLiveChannelStatus", ownerOnly, (*Server).putLiveChannelStatus},
	{"GET", onObject, "live", "GetLiveChannelInfo", ownerOnly, (*Server).getLiveChannelInfo},
	{"GET", onObject, "live&comp=stat", "GetLiveChannelStat", ownerOnly, (*Server).getLiveChannelStat},
	{"GET", onObject, "live&comp=history", "GetLiveChannelHistory", ownerOnly, (*Server).getLiveChannelHistory},
	{"GET", onBucket, "live", "ListLiveChannel", ownerOnly, (*Server).listLiveChannel},
	{"DELETE", onObject, "live", "DeleteLiveChannel", ownerOnly, (*Server).deleteLiveChannel},
	{"POST", onObject, "vod", "PostVodPlaylist", ownerOnly, (*Server).postVodPlaylist},
	{"GET", onObject, "vod", "GetVodPlaylist", ownerOnly, (*Server).getVodPlaylist},
	{"GET", onObject, "x-oss-process=hls/sign", "GetSignedPlaylist", ownerOnly, (*Server).getSignedPlaylist},
}

// subresources are the query parameters that choose another operation than the plain
// one: those that version 1 signs, and others. Most have no route. They are listed so
// that a request for one is refused by name and never taken for a plain PutObject or
// GetObject. They are sorted, with live first.
var subresources = func() []string {
	names := append(auth.Subresources(),
		"accessPointConfigForObjectProcess", "accessPointForObjectProcess", "accessPointPolicyForObjectProcess", "accessmonitor",
		"cleanRestoredObject", "legalHold", "list-type", "objectWorm", "overwriteConfig", "policyStatus", "regions", "retention",
		"seal", "userDefinedLogFieldsConfig", "x-oss-async-process", "x-oss-process", "x-oss-write-get-object-response")
	slices.Sort(names)
	i := slices.Index(names, "live")
	return slices.Insert(slices.Delete(names, i, i+1), 0, "live")
}()

// selector returns the part of the query that chooses the operation. It makes no
// difference between a parameter without a value and one with an empty value.
func selector(query url.Values) string {
	if len(query) == 0 {
		return ""
	}
	var chosen []string
	for _, name := range subresources {
		switch {
		case !query.Has(name):
		case name == "list-type" && query.Get(name) != "2": // any other value means version 1
		case name == "comp" || name == "list-type" || name == "x-oss-process":
			chosen = append(chosen, name+"="+query.Get(name))
		default:
			chosen = append(chosen, name)
		}
	}
	return strings.Join(chosen, "&")
}

// unknownBare returns the unknown parameters without a value. They may be
// sub-resources that the service gets one day: a request that writes or deletes must
// not become a plain PutObject or DeleteBucket because of one.
func unknownBare(query url.Values) []string {
	var names []string
	for name := range query {
		known := slices.Contains(subresources, name) || slices.Contains(plainParameters, name) ||
			strings.HasPrefix(name, "x-oss-") || strings.HasPrefix(name, "response-")
		if !known && query.Get(name) == "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// plainParameters may be empty and choose no operation.
var plainParameters = []string{
	"Expires", "OSSAccessKeyId", "Signature", "callback-var", "continuation-token", "delimiter", "encoding-type", "endTime",
	"key-marker", "marker", "max-keys", "prefix", "security-token", "startTime", "upload-id-marker",
}

// copyHeader turns a put into a copy. It is in the selector of such a request like a
// sub-resource.
const copyHeader = "x-oss-copy-source"

// selector returns what chooses the request's operation besides method and level.
func (r *request) selector() string {
	chosen := selector(r.query)
	if r.method == http.MethodPut || r.method == http.MethodPost || r.method == http.MethodDelete {
		for _, name := range unknownBare(r.query) {
			chosen = strings.TrimPrefix(chosen+"&"+name, "&")
		}
	}
	if r.method != http.MethodPut || r.level() != onObject || r.header.Get(copyHeader) == "" {
		return chosen
	}
	return strings.TrimPrefix(chosen+"&"+copyHeader, "&")
}

// place is what a request addresses, together with its selector.
type place struct {
	level    level
	selector string
}

// byPlace has the routes of a place by their methods.
var byPlace = func() map[place]map[string]route {
	m := map[place]map[string]route{}
	for _, r := range routes {
		at := place{r.level, r.selector}
		if m[at] == nil {
			m[at] = map[string]route{}
		}
		m[at][r.method] = r
	}
	return m
}()

// route runs the operation that the request asks for.
func (s *Server) route(w http.ResponseWriter, r *request) error {
	methods, known := byPlace[place{r.level(), r.selector()}]
	if !known {
		return unknownSubresource(r)
	}
	route, allowed := methods[r.method]
	if !allowed {
		return methodNotAllowed(r)
	}
	return s.run(w, r, route)
}

// run authorizes the request and runs the handler of its route.
func (s *Server) run(w http.ResponseWriter, r *request, route route) error {
	r.operation = route.operation
	if route.level != onService {
		if err := store.CheckBucketName(r.bucket); err != nil {
			return err
		}
	}
	if err := s.authorize(r, route.action); err != nil {
		return err
	}
	return route.handle(s, w, r)
}
