package node

import (
	"errors"
	"regexp"
	"testing"

	"osslive/rtmp"
	"osslive/rtmp/flv"
)

// reached returns how often the metrics say a limit was gone over; "" if never.
func reached(t *testing.T, n *Node, protocol, limit string) string {
	t.Helper()
	_, text := get(t, "http://"+n.Admin+"/metrics")
	m := regexp.MustCompile(`(?m)^osslive_limits_reached_total\{limit="` + limit + `",protocol="` + protocol + `"\} (\d+)$`).FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return m[1]
}

// TestLimitsAreCounted: what ends a publisher or its connection is in the metrics
// under the limit's name. That each limit of RTMP ends one: package rtmp.
func TestLimitsAreCounted(t *testing.T) {
	n := start(t, nil)
	for limit, tag := range map[string]flv.Tag{
		"DataMessage": {Type: flv.Script, Data: make([]byte, 65<<10)},
		"BadMessages": {Type: flv.Video, Data: []byte{0x17, 0, 0, 0, 0, 9}},
	} {
		client, err := rtmp.Dial(t.Context(), publishURL(n, n.Listen))
		if err != nil {
			t.Fatal(err)
		}
		var refused *rtmp.RejectError
		eventually(t, "a refusal", func() bool { return errors.As(client.WriteTag(tag), &refused) })
		client.Close()
		eventually(t, limit+" counted", func() bool { return reached(t, n, "rtmp", limit) == "1" })
		t.Logf("%s: %s", limit, refused.Description)
	}
}
