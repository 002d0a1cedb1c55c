package pusher

import (
	"encoding/binary"
	"fmt"
	"os"
)

// ReadFLV returns the tags of an FLV file as messages of message stream 1.
func ReadFLV(path string) ([]Message, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(b) < 13 || string(b[:4]) != "FLV\x01" {
		return nil, fmt.Errorf("pusher: %s is not an FLV file", path)
	}
	var all []Message
	for b = b[13:]; len(b) > 0; { // header, and the size 0 before the first tag
		if len(b) < 15 {
			return nil, fmt.Errorf("pusher: %s ends inside a tag header", path)
		}
		size := int(binary.BigEndian.Uint32(b) & 0xffffff)
		if len(b) < 15+size {
			return nil, fmt.Errorf("pusher: %s ends inside a tag", path)
		}
		time := binary.BigEndian.Uint32(b[4:])>>8 | uint32(b[7])<<24
		all = append(all, Message{Type: b[0], Stream: 1, Time: time, Body: b[11 : 11+size : 11+size]})
		b = b[15+size:]
	}
	return all, nil
}
