package rtmp

import (
	"errors"
	"fmt"

	"osslive/rtmp/amf0"
)

// command is a command message, RTMP 1.0 §7.1.1. One with transaction ID 0 gets no answer.
type command struct {
	name        string
	transaction amf0.Number
	args        []amf0.Value // the first is the command object
}

func parseCommand(m message) (command, error) {
	values, err := amf0.Unmarshal(m.amf0Body())
	switch {
	case errors.Is(err, amf0.ErrTooDeep):
		return command{}, limitErrorf("AMFDepth", "command: %v", err)
	case errors.Is(err, amf0.ErrTooMany):
		return command{}, limitErrorf("AMFValues", "command: %v", err)
	case err != nil:
		return command{}, protocolErrorf("command: %v", err)
	}
	if len(values) == 0 {
		return command{}, protocolErrorf("command without a name")
	}
	name, ok := values[0].(amf0.String)
	if !ok {
		return command{}, protocolErrorf("the name of a command is a %T", values[0])
	}
	c := command{name: string(name)}
	if len(values) > 1 {
		c.transaction, _ = values[1].(amf0.Number)
		c.args = values[2:]
	}
	return c, nil
}

// arg returns an argument, or nil if it is missing: some clients omit the last ones.
func (c command) arg(i int) amf0.Value {
	if i < len(c.args) {
		return c.args[i]
	}
	return nil
}

// text returns an argument that should be a string, or "".
func (c command) text(i int) string {
	s, _ := c.arg(i).(amf0.String)
	return string(s)
}

// object returns an argument that should be an object, or nil.
func (c command) object(i int) amf0.Object {
	switch v := c.arg(i).(type) {
	case amf0.Object:
		return v
	case amf0.ECMAArray:
		return amf0.Object(v)
	}
	return nil
}

// text returns a property that should be a string, or "".
func text(o amf0.Object, name string) string {
	s, _ := o.Get(name).(amf0.String)
	return string(s)
}

func commandMessage(stream uint32, values ...amf0.Value) message {
	return message{typ: typeCommand, stream: stream, body: amf0.Append(nil, values...)}
}

// info is the object that reports success or failure.
func info(level, code, description string) amf0.Object {
	return amf0.Object{
		{Name: "level", Value: amf0.String(level)},
		{Name: "code", Value: amf0.String(code)},
		{Name: "description", Value: amf0.String(description)},
	}
}

func result(transaction amf0.Number, values ...amf0.Value) message {
	return commandMessage(0, append([]amf0.Value{amf0.String("_result"), transaction}, values...)...)
}

func failure(transaction amf0.Number, code, description string) message {
	return commandMessage(0, amf0.String("_error"), transaction, amf0.Null{}, info("error", code, description))
}

func onStatus(stream uint32, level, code, description string) message {
	return commandMessage(stream, amf0.String("onStatus"), amf0.Number(0), amf0.Null{}, info(level, code, description))
}

func unpublished(stream uint32) message {
	return onStatus(stream, "status", codeUnpublishSuccess, "Unpublished.")
}

// connectResult returns the answer to connect. It announces what Flash Media Server of 2011
// did, because some encoders check that, and the codecs of Enhanced RTMP.
func connectResult(transaction amf0.Number, more amf0.Object) message {
	properties := amf0.Object{
		{Name: "fmsVer", Value: amf0.String("FMS/3,5,3,888")},
		{Name: "capabilities", Value: amf0.Number(31)},
		{Name: "mode", Value: amf0.Number(1)},
	}
	success := append(info("status", codeConnectSuccess, "Connection succeeded."),
		amf0.Property{Name: "objectEncoding", Value: amf0.Number(0)})
	return result(transaction, append(properties, more...), success)
}

// refusal returns the refusal that the info object of an _error or onStatus reports, or nil.
func (c command) refusal() error {
	for i := range c.args {
		o := c.object(i)
		if text(o, "level") != "error" && (c.name != "_error" || text(o, "code") == "") {
			continue
		}
		return &RejectError{text(o, "code"), text(o, "description")}
	}
	if c.name == "_error" {
		return &RejectError{codeCallFailed, fmt.Sprintf("request %v failed", float64(c.transaction))}
	}
	return nil
}
