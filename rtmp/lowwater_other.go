//go:build !linux

package rtmp

import "net"

// arrival waits for the bytes of a connection; see the file for Linux.
type arrival struct{}

func newArrival(net.Conn) *arrival { return nil }

func (*arrival) wait(int) error { return nil }
func (*arrival) wake()          {}
