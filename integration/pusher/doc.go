// Package pusher publishes over RTMP for tests and measurements. It is written from
// "Adobe's Real Time Messaging Protocol" 1.0 and shares no code with the server, so that
// the two cannot share a mistake.
//
// Open returns a Conn that publishes; Send sends messages, which come from an FLV file
// (ReadFLV) or are made by hand. The Conn's Chunker cuts them into chunks. Conn.Write
// sends bytes that break the protocol.
package pusher
