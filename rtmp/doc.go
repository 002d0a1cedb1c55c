// Package rtmp serves and opens publishing connections of the Real-Time Messaging
// Protocol.
//
// A [Server] passes each publish to its [Handler], which accepts it by returning a [Stream]
// that takes the tags. A [Client] is the other side.
//
// # The protocol in one page
//
// Handshake: the client sends C0 (one byte, version 3) and C1 (1536 bytes), the
// server S0, S1 and S2, the client C2. C2 and S2 echo the other side's packet.
//
// Chunks: a message has a type, a time, a message stream ID and a body. It is
// sent in chunks of at most the chunk size, 128 bytes until Set Chunk Size says
// otherwise. Each chunk belongs to a chunk stream (csid), and messages of
// different chunk streams may be interleaved. Chunk headers leave out what the
// chunk stream had before.
//
// Commands are messages whose bodies are AMF0 values: a name, a transaction ID,
// a command object, arguments. A publisher sends
//
//	connect {app, tcUrl, flashVer, ...}   → control messages, _result
//	releaseStream, FCPublish name         → _result (optional)
//	createStream                          → _result with a message stream ID
//	publish name, type                    → onStatus NetStream.Publish.Start, or an error
//	audio, video and data messages
//	FCUnpublish, deleteStream             → onStatus NetStream.Unpublish.Success
//
// Flash clients send the same in messages of AMF3 types, behind a zero byte. Values in AMF3
// itself are refused: no publisher sends them.
//
// Each client divides the URL that its user typed in another way between app and name, so
// the server joins the two before it looks at the URL.
//
// # What a connection costs
//
// One goroutine for each connection reads, parses and passes on its messages, in one pass
// over the receive buffer: a message that came in one chunk is not copied, a message of
// several chunks is copied once. Receive buffers and message bodies belong to the server;
// a connection borrows them while it has bytes to handle (memory.go).
//
// In real time a stream costs wake-ups rather than bytes, so a publisher's socket
// has a low-water mark worth about a tenth of a second (pace.go): 77 frames a second
// become 16 reads or fewer. A message larger than the mark, as keyframes are, is
// handled when its last byte is there; fewer bytes than the mark wait for up to two tenths
// of a second. A publisher that is much faster than real time, such as a file pushed flat
// out, has a higher mark: its cost is acknowledgements and wake-ups, so it reads much at
// once.
//
// It owns one TCP connection at a time, from the handshake to the end of the publish, and
// the limits of what it may cost. It must not know what a publish means: channels,
// signatures and segments are its Handler's.
//
// Caveats: it publishes only. A client that wants to play is refused.
//
// Source: Adobe's RTMP 1.0 (2012), and the behaviour of ffmpeg, librtmp, OBS
// Studio and GStreamer where that differs.
package rtmp
