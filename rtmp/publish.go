package rtmp

import (
	"errors"

	"osslive/rtmp/amf0"
	"osslive/rtmp/flv"
)

func (c *conn) command(m message) error {
	cmd, err := parseCommand(m)
	if err != nil {
		if c.state == connecting {
			c.refuseConnect(connectID, err)
		}
		return err
	}
	if c.commands++; c.state != publishing && c.commands > c.limits.Commands {
		return limitErrorf("Commands", "more than %d commands before a publish", c.limits.Commands)
	}
	if c.state == connecting {
		if cmd.name != "connect" {
			return protocolErrorf("%q before connect", cmd.name)
		}
		return c.connect(cmd)
	}
	switch cmd.name {
	case "connect":
		return protocolErrorf("connect again")
	case "releaseStream":
		c.answer(cmd, amf0.Null{}, amf0.Undefined{})
	case "FCPublish":
		c.fcPublish(cmd)
	case "createStream":
		if c.created++; c.created > c.limits.MessageStreams {
			return limitErrorf("MessageStreams", "more than %d message streams", c.limits.MessageStreams)
		}
		c.lastID++
		c.answer(cmd, amf0.Null{}, amf0.Number(c.lastID))
	case "publish":
		return c.publish(m, cmd)
	case "FCUnpublish", "closeStream", "deleteStream":
		return c.unpublish(cmd)
	case "play", "play2", "pause", "seek":
		// Does not show whether the channel exists.
		return &RejectError{codePlayFailed, "playing over RTMP is not supported; play the channel's HLS playlist"}
	case "_result", "_error", "onStatus", "_checkbw":
	default:
		// Before a publish, clients cope better with no answer.
		if c.state == publishing && cmd.transaction != 0 {
			c.out.add(csidCommand, failure(cmd.transaction, codeCallFailed, "unknown command"))
		}
	}
	return c.out.flush()
}

// answer adds a _result if the command has a transaction ID.
func (c *conn) answer(cmd command, values ...amf0.Value) {
	if cmd.transaction != 0 {
		c.out.add(csidCommand, result(cmd.transaction, values...))
	}
}

// connect accepts every app: the whole URL is known at publish.
func (c *conn) connect(cmd command) error {
	o := cmd.object(0)
	c.client = client{text(o, "app"), text(o, "tcUrl"), text(o, "flashVer")}
	for _, part := range []string{c.client.app, c.client.tcURL} {
		if err := checkURLPart(part, c.limits.URLPart); err != nil {
			c.refuseConnect(cmd.transaction, err)
			return err
		}
	}
	c.client.flashVer = c.client.flashVer[:min(len(c.client.flashVer), maxFlashVer)]
	c.server.setState(c, connected)
	c.out.add(csidControl, controlMessage(typeWindowSize, ackWindow))
	c.out.add(csidControl, controlMessage(typeSetPeerBandwidth, ackWindow, peerBandwidthDynamic))
	c.out.add(csidControl, controlMessage(typeSetChunkSize, replyChunkSize))
	c.out.add(csidCommand, connectResult(cmd.transaction, c.server.capabilities(o)))
	return c.out.flush()
}

func (c *conn) refuseConnect(transaction amf0.Number, err error) {
	_, text := Status(err)
	c.out.add(csidCommand, failure(transaction, codeConnectRejected, text))
}

const (
	maxFlashVer          = 256 // bytes kept
	peerBandwidthDynamic = 2   // RTMP 1.0 §5.4.5
)

// fcPublish answers as Flash Media Server did: some encoders wait for the notification. It
// decides nothing.
func (c *conn) fcPublish(cmd command) {
	if cmd.transaction == 0 {
		return
	}
	c.out.add(csidCommand, commandMessage(0, amf0.String("onFCPublish"), amf0.Number(0), amf0.Null{},
		info("status", codePublishStart, "FCPublish to "+cmd.text(1))))
	c.answer(cmd, amf0.Null{})
}

func (c *conn) publish(m message, cmd command) error {
	if c.state == publishing {
		return protocolErrorf("publish while publishing")
	}
	c.streamID = max(m.stream, 1)
	host, path, query, err := joinURL(c.client.app, c.client.tcURL, cmd.text(1), c.limits.URLPart)
	request := &PublishRequest{
		Host: host, Path: path, Query: query,
		Type: cmd.text(2), FlashVer: c.client.flashVer,
		RemoteAddr: c.nc.RemoteAddr(), LocalAddr: c.nc.LocalAddr(),
		Kick: c.kickFunc(),
	}
	var malformed *RejectError
	if errors.As(err, &malformed) && c.server.OnMalformed != nil {
		return c.server.OnMalformed(request, malformed)
	}
	if err != nil {
		return err
	}
	c.path = path
	c.stream, err = c.server.Handler.Publish(c.ctx, request)
	if err != nil {
		c.stream = nil
		return err
	}

	if !c.published {
		c.published = true
		if c.arrival = newArrival(c.nc); c.arrival != nil {
			c.in.widen(c.wait)
		} else {
			c.in.widen(nil)
		}
	}
	c.server.setState(c, publishing)
	c.commands, c.created = 0, 0
	c.allow("Idle", c.limits.Idle, "no message")
	c.in.budget = c.limits.Buffered
	c.out.add(csidControl, eventMessage(eventStreamBegin, c.streamID))
	c.out.add(csidStatus, onStatus(c.streamID, "status", codePublishStart, "Publishing."))
	return c.out.flush()
}

// kickFunc returns PublishRequest.Kick. It has no effect after the end of this publish.
func (c *conn) kickFunc() func(error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn++
	turn := c.turn
	return func(err error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.turn == turn {
			c.kickLocked(err)
		}
	}
}

// unpublish ends the publish properly. Clients send several of these commands, and with
// other arguments than the specification has: rtmp2sink sends the stream's name where
// others send its ID.
func (c *conn) unpublish(cmd command) error {
	if c.state != publishing {
		return nil
	}
	if id, ok := cmd.arg(1).(amf0.Number); ok && cmd.name == "deleteStream" && id != amf0.Number(c.streamID) {
		return nil
	}
	if err := c.closeStream(nil); err != nil {
		return err
	}
	c.server.setState(c, connected)
	c.in.budget = c.limits.BufferedWaiting
	c.commands, c.created = 0, 0
	c.pace.mark.Store(0)
	c.allow("Publish", c.limits.Publish, "no other publish")
	c.out.add(csidStatus, unpublished(c.streamID))
	return c.out.flush()
}

// closeStream closes the Stream once. It returns the cause, or the panic of Close.
func (c *conn) closeStream(cause error) error {
	c.mu.Lock()
	c.turn++
	c.mu.Unlock()
	stream := c.stream
	c.stream = nil
	err := guard(func() error {
		stream.Close(cause)
		return nil
	})
	if err != nil {
		return err
	}
	return cause
}

// media passes a tag to the Stream, and drops it before a publish. It ignores the message
// stream ID, because some clients send media on stream 0.
func (c *conn) media(t flv.Tag) error {
	if c.state != publishing {
		return nil
	}
	return c.stream.WriteTag(t)
}

// aggregate passes on the tags in an aggregate message, RTMP 1.0 §7.1.6: the first gets the
// message's time, the others keep their distance to it.
func (c *conn) aggregate(m message) error {
	var offset flv.Millis
	for b, first := m.body, true; len(b) > 0; first = false {
		t, rest, err := flv.CutTag(b)
		if err != nil {
			return protocolErrorf("aggregate message: %v", err)
		}
		b = rest
		if first {
			offset = m.time - t.Time
		}
		t.Time += offset
		switch t.Type {
		case flv.Audio, flv.Video, flv.Script:
			if err := c.media(t); err != nil {
				return err
			}
		}
	}
	return nil
}
