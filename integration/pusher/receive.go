package pusher

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// receiver joins chunks to messages. It expects a well-behaved server.
type receiver struct {
	size    int
	streams map[byte]*incoming
}

type incoming struct {
	message  Message
	length   int
	extended bool
}

func (r *receiver) next(in *bufio.Reader) (Message, error) {
	for {
		first, err := in.ReadByte()
		if err != nil {
			return Message{}, err
		}
		format, id := first>>6, first&0x3f
		if id < 2 {
			return Message{}, errors.New("pusher: the server uses a chunk stream above 63")
		}
		if r.streams == nil {
			r.streams = map[byte]*incoming{}
		}
		s := r.streams[id]
		if s == nil {
			s = &incoming{}
			r.streams[id] = s
		}
		h := make([]byte, [4]int{11, 7, 3, 0}[format])
		if _, err := io.ReadFull(in, h); err != nil {
			return Message{}, err
		}
		if len(h) >= 3 {
			s.extended = string(h[:3]) == "\xff\xff\xff"
		}
		if len(h) >= 7 {
			s.length = int(binary.BigEndian.Uint32(h[2:]) & 0xffffff)
			s.message.Type = h[6]
		}
		if s.extended {
			if _, err := in.Discard(4); err != nil {
				return Message{}, err
			}
		}
		body := make([]byte, min(r.size, s.length-len(s.message.Body)))
		if _, err := io.ReadFull(in, body); err != nil {
			return Message{}, err
		}
		s.message.Body = append(s.message.Body, body...)
		if len(s.message.Body) < s.length {
			continue
		}
		m := s.message
		s.message.Body = nil
		if m.Type == SetChunkSize && len(m.Body) == 4 {
			r.size = int(binary.BigEndian.Uint32(m.Body))
			continue
		}
		return m, nil
	}
}
