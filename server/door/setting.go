package door

import "fmt"

// Off is the address of a listener that is not wanted.
const Off = "off"

// DefaultRTMP is the address of the RTMP listener if the setting is empty. The
// listener is optional then: if the port is taken, RTMP is served on the API port
// alone.
const DefaultRTMP = "127.0.0.1:1935"

// ConfigError reports a setting that cannot work. Its text names the setting, the
// value and the fix.
type ConfigError struct {
	Setting string // the flag, such as --listen
	Value   string // empty if it is a secret or missing
	Problem string // what is wrong and what to do
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("%s %q: %s", e.Setting, e.Value, e.Problem)
}
