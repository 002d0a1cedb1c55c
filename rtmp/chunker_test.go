package rtmp

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"

	"osslive/rtmp/flv"
)

// chunker writes chunks in every way that the protocol allows. It shares
// nothing with the code under test.
type chunker struct {
	bytes.Buffer
	size    int
	twoByte bool // chunk stream IDs from 64 on in the shorter long form
}

func (w *chunker) basic(format, csid int) {
	switch {
	case csid < 64:
		w.Write([]byte{byte(format<<6 | csid)})
	case csid < 320 && w.twoByte:
		w.Write([]byte{byte(format << 6), byte(csid - 64)})
	default:
		w.Write([]byte{byte(format<<6 | 1), byte((csid - 64) % 256), byte((csid - 64) / 256)})
	}
}

// header writes a message header; time is the delta unless format is 0.
func (w *chunker) header(format, csid int, time uint32, length, typ, stream int) {
	w.basic(format, csid)
	if format == 3 {
		return
	}
	field := time
	if time >= 0xffffff {
		field = 0xffffff
	}
	h := []byte{byte(field >> 16), byte(field >> 8), byte(field)}
	if format < 2 {
		h = append(h, byte(length>>16), byte(length>>8), byte(length), byte(typ))
	}
	if format < 1 {
		h = append(h, byte(stream), byte(stream>>8), byte(stream>>16), byte(stream>>24))
	}
	if field == 0xffffff {
		h = binary.BigEndian.AppendUint32(h, time)
	}
	w.Write(h)
}

// part writes the next chunk of body and returns what is left.
func (w *chunker) part(body []byte) []byte {
	n := min(w.size, len(body))
	w.Write(body[:n])
	return body[n:]
}

// message writes a whole message with a full header. The extended time is
// repeated.
func (w *chunker) message(csid int, typ messageType, time uint32, body []byte) {
	w.header(0, csid, time, len(body), int(typ), 1)
	w.rest(csid, time, w.part(body))
}

func (w *chunker) rest(csid int, time uint32, body []byte) {
	for len(body) > 0 {
		w.basic(3, csid)
		if time >= 0xffffff {
			binary.Write(w, binary.BigEndian, time)
		}
		body = w.part(body)
	}
}

func (w *chunker) setSize(n int) {
	w.message(2, typeSetChunkSize, 0, binary.BigEndian.AppendUint32(nil, uint32(n)))
	w.size = n
}

// messageSum is a message without its bytes.
type messageSum struct {
	typ    messageType
	stream uint32
	time   flv.Millis
	size   int
	crc    uint32
}

func sumMessage(m message) messageSum {
	return messageSum{m.typ, m.stream, m.time, len(m.body), crc32.ChecksumIEEE(m.body)}
}

// source is a message of the stream that all variations carry.
type source struct {
	csid int
	typ  messageType
	time uint32
	body []byte
}

func sourceMessages() []source {
	rnd := rand.New(rand.NewPCG(1, 2))
	var s []source
	for i := range 60 {
		m := source{csid: 6, typ: typeVideo, time: uint32(i * 40), body: make([]byte, rnd.IntN(9000))}
		if i%3 == 1 {
			m.csid, m.typ, m.body = 4, typeAudio, m.body[:len(m.body)%300]
		}
		if i%20 == 2 {
			m.body = make([]byte, 100_000)
		}
		for j := range m.body {
			m.body[j] = byte(rnd.Uint32())
		}
		s = append(s, m)
	}
	return s
}

func (s source) sum() messageSum {
	return messageSum{s.typ, 1, flv.Millis(s.time), len(s.body), crc32.ChecksumIEEE(s.body)}
}
