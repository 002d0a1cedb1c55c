// Package store is the domain of osslive: buckets, live channels, publishing sessions,
// segments, objects and multipart uploads.
//
// It owns the layout of every record, what is committed together, and the life of blobs.
// It stands over the three interfaces of package seam, which a backend implements. HTTP
// and RTMP meet here and nowhere else; it must not know either, nor how a playlist is
// written: the caller of CommitSegments renders it.
//
// # Caveats
//
// One process works on a store at a time. Its start removes blobs that no record names,
// which another process may be writing; readers keep a blob alive by a count in memory;
// leases live in memory. Recover must have returned before anything is written.
//
// The order of segments rests on the wall clock: a name is the time at which the segment
// began, raised past every name that the channel has used.
//
// # Records
//
// Values are JSON unless noted otherwise; times are Unix milliseconds. Names are data:
// bucket names hold no '/', channel names hold none either, and what follows the second
// '/' of an object record is the object's key as it is, so that byte order of records is
// byte order of keys.
//
//	key                           value                             written by
//	format                        number of this layout             Recover
//	bucket/<bucket>               ACL, creation, deleting           PutBucket, SetBucketACL, DeleteBucket
//	channel/<bucket>/<channel>    configuration and status          PutChannel, SetChannelStatus, DeleteChannel
//	position/<bucket>/<channel>   playlist state, current session   StartSession, CommitSegments, End
//	history/<bucket>/<channel>    the last sessions, oldest first   StartSession, End, PutChannel
//	cors/<bucket>                 rules for other origins           SetCORS, DeleteCORS, DeleteBucket
//	object/<bucket>/<key>         size, digests, headers, ACL; a    PutObject, AppendObject, CompleteUpload,
//	                              blob, a body or extents; for      SetObjectACL, CommitSegments,
//	                              segments duration and session     DeleteObject, Upkeep
//	b/<id>                        the body of an object of at most  with the object's record
//	                              64 KiB (raw), or the extents of
//	                              one: its blobs in order
//	upload/<bucket>/<key>\0<id>   headers of a multipart upload     CreateUpload, CompleteUpload, AbortUpload
//	part/<upload id>/<number>     a blob, size and digests          PutPart; removed by Upkeep
//	garbage/<id>                  a blob, extents, or the parts of  whoever drops the last name; Upkeep
//	                              an upload, that nobody names any  removes it
//	                              more
//
// The lease session/<bucket>/<channel> holds the session's id and statistics.
// It is written by StartSession and Renew.
//
// # What guards what
//
// What must change together is one Commit, and every Commit is guarded by the revisions
// of the records that decided it; on ErrConflict the operation reads again. A write that
// creates a record inside a bucket is guarded by the bucket's record. DeleteBucket first
// marks it as deleting, which fails all writes under way, and removes it only at that
// very revision; a write that meets the mark takes it back in its own Commit, and the
// deletion then finds the bucket in use.
//
// A session's commits are guarded by the channel's position. It names the one session
// that may write, and it exists only together with the channel, which in turn keeps the
// bucket: so a publisher whose channel has another publisher, or was deleted, cannot add
// a segment. A channel is live while the session named by its position holds the lease.
//
// # Blobs
//
// A blob is written and committed before the record that names it and has one
// owner. A Commit that drops the owner leaves a garbage record; Upkeep deletes
// the blob, then that record. A crash in between costs space until the next
// start, never data. At start, Recover removes blobs that no record names.
//
// The blobs of parts become the object's when an upload is completed: one Commit
// writes the object with the list of its extents, removes the upload, and leaves the
// records of the parts and the blobs that were not chosen to the collector. Which
// parts there are cannot be guarded one by one, ten thousand of them; so the upload
// is first marked as sealed, and a part that comes in then takes the mark away in its
// own Commit, like a write into a bucket that is being deleted.
//
// Appending adds an extent, or replaces a small last one. An append is guarded by the
// object's record, so that of two at one position one is refused.
package store
