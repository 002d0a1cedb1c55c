// Package api owns OSS over HTTP: the LiveChannel operations, and the bucket and
// object operations that players and SDKs need around them. It must not know RTMP
// or package live: the two meet in the store, where PutLiveChannelStatus writes a
// record that the publisher's session reads.
//
// A request goes through one line of steps (Server.serve), each of which may end it
// with an error:
//
//	answer → resolve → CORS → authenticate → CORS* → route → authorize → handler
//	  └ request ID, log, metrics                        error → error.go → <Error> XML
//
//	* here if only the signature tells which bucket the URL means, else before
//	authenticate; CORS answers a preflight request itself
//
// resolve reads the URL and the Host header once; signature, authorization and
// handler all work on what it found. OSS chooses the operation by method, by what is
// addressed (service, bucket or object) and by sub-resource.
//
// The files by group:
//
//	steps       server.go request.go target.go cors.go authenticate.go access.go
//	the API     routes.go: one table of all operations
//	service     bucket.go: ListBuckets
//	buckets     bucket.go bucketcors.go objectlist.go uploadlist.go
//	objects     object.go objectread.go objectacl.go objectdelete.go append.go copy.go
//	uploads     upload.go uploadlist.go
//	channels    livechannel.go livestat.go vod.go playlistsign.go urls.go
//	answers     error.go errorauth.go errorxml.go xml.go response.go pace.go
//
// It follows the OSS API reference. Where that is silent the comment says so.
package api
