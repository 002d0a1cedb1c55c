package console

import (
	"fmt"
	"html/template"
	"strconv"
	"time"
)

// functions of the templates.
var functions = template.FuncMap{
	"bytes": bytesText, "rate": rateText, "seconds": secondsText, "clock": clockText, "stamp": stampText, "count": countText,
}

// bytesText returns a number of bytes with a unit, from B to TiB.
func bytesText(n any) string {
	var v float64
	switch n := n.(type) {
	case int64:
		v = float64(n)
	case int:
		v = float64(n)
	case float64:
		v = n
	}
	unit := 0
	for v >= 1000 && unit < 4 {
		v, unit = v/1024, unit+1
	}
	digits := 0
	if unit > 0 && v < 10 {
		digits = 1
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + " " + [...]string{"B", "KiB", "MiB", "GiB", "TiB"}[unit]
}

// rateText returns bytes per second as bits per second.
func rateText(bytesPerSecond int) string {
	bits := 8 * float64(bytesPerSecond)
	if bits >= 1e6 {
		return fmt.Sprintf("%.1f Mbit/s", bits/1e6)
	}
	return fmt.Sprintf("%.0f kbit/s", bits/1e3)
}

// secondsText returns a duration in seconds, to the tenth.
func secondsText(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// clockText returns the time of day in the server's time zone.
func clockText(t time.Time) string { return t.Local().Format("15:04:05") }

// stampText returns date, time and zone in the server's time zone.
func stampText(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }

// countText returns a count, its digits in groups of three.
func countText(v float64) string {
	s := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}
