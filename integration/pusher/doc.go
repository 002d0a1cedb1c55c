// Package pusher publishes over RTMP for tests and measurements. It is written
// from "Adobe's Real Time Messaging Protocol" 1.0 and shares no code with the
// server, so that a mistake of one is not made good by the same mistake of the
// other.
//
// Open gives a Conn that is publishing; Send sends messages, those of an FLV
// file (ReadFLV) or made by hand. How they are cut into chunks is up to the
// Conn's Chunker; what no well-behaved sender writes goes through Conn.Write.
package pusher
