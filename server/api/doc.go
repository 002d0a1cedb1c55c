// Package api speaks OSS over HTTP: the LiveChannel operations with the
// bucket and object operations that players and SDKs need around them.
//
// A request goes through one line of steps and none is taken twice:
//
//	begin → resolve → authenticate → route → authorize → handler
//	  └ request ID, log, metrics           error → error.go → <Error> XML
//
// resolve reads the URL and the Host header once; signature, authorization and
// handler all work on what it found. routes.go is the API in one table: OSS
// chooses the operation by method, by what is addressed (service, bucket or
// object) and by sub-resource. error.go is the only place that turns an error
// into a status and a Code.
//
// It follows the OSS API reference. Where that is silent the comment says so.
package api
