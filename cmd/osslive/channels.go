package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"osslive/auth"
)

type channelsCmd struct {
	Endpoint string  `default:"http://127.0.0.1:9000" placeholder:"URL" help:"Endpoint of the server (${default})."`
	Key      keyFlag `placeholder:"ID:SECRET[:TOKEN]" help:"Access key (the built-in one)."`
	Bucket   string  `placeholder:"NAME" help:"Only the live channels of this bucket."`
	Watch    bool    `short:"w" help:"Go on, and show what changes, until interrupted."`
}

// watchEvery is the time between two requests of --watch.
const watchEvery = time.Second

func (w *channelsCmd) Run(ctx context.Context, c *console) error {
	bucket, _, _ := strings.Cut(w.Bucket, ":") // OSSLIVE_BUCKET may be one with an ACL
	client := apiClient{endpoint: strings.TrimSuffix(w.Endpoint, "/"), key: orDefault(auth.Key(w.Key))}
	show := channelTable{w: c.out, terminal: w.Watch && isTerminal(c.out)}
	for {
		channels, err := client.channels(ctx, bucket)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !w.Watch:
			return err
		case err != nil: // the server may come back
			show.problem(err)
		default:
			show.channels(channels, w.Watch)
		}
		if !w.Watch {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(watchEvery):
		}
	}
}

// channelTable shows the state of channels: on a terminal the whole table, in place;
// elsewhere the lines that have changed.
type channelTable struct {
	w        io.Writer
	terminal bool
	before   map[string]string // elsewhere: the line of each channel
}

func (t *channelTable) channels(all []channelState, watch bool) {
	if watch && !t.terminal {
		t.changes(all)
		return
	}
	var b strings.Builder
	if t.terminal {
		b.WriteString("\x1b[H\x1b[J") // to the top, and erase
	}
	columns := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, "CHANNEL\tSTATUS\tVIDEO\tAUDIO\tMBIT/S\tSINCE\tFROM")
	for _, c := range all {
		fmt.Fprintln(columns, strings.Join(c.cells(), "\t"))
	}
	_ = columns.Flush() // into memory
	if len(all) == 0 {
		b.WriteString("(no live channels)\n")
	}
	io.WriteString(t.w, b.String())
}

// changes writes one line for each channel that is new, deleted or in another state.
// The bit rate does not count: it changes all the time.
func (t *channelTable) changes(all []channelState) {
	now := make(map[string]string, len(all))
	for _, c := range all {
		cells := c.cells()
		line := strings.Join(append(cells[1:4:4], cells[5:]...), " ")
		if now[cells[0]] = line; t.before[cells[0]] != line {
			fmt.Fprintln(t.w, cells[0], line)
		}
	}
	for name := range t.before {
		if _, there := now[name]; !there {
			fmt.Fprintln(t.w, name, "deleted")
		}
	}
	t.before = now
}

func (t *channelTable) problem(err error) {
	if t.terminal {
		fmt.Fprintf(t.w, "\x1b[H\x1b[J%v\n", err)
		return
	}
	if line := err.Error(); t.before[""] != line {
		fmt.Fprintln(t.w, line)
		t.before = map[string]string{"": line}
	}
}

// cells returns the columns of a channel's line.
func (c *channelState) cells() []string {
	cells := []string{printable(c.bucket + "/" + c.name), c.stat.Status, "-", "-", "-", "-", "-"}
	if v := c.stat.Video; v != nil {
		cells[2] = fmt.Sprintf("%s %dx%d %d/s", printable(v.Codec), v.Width, v.Height, v.FrameRate)
	}
	if a := c.stat.Audio; a != nil {
		cells[3] = fmt.Sprintf("%s %d Hz", printable(a.Codec), a.SampleRate)
	}
	if v, a := c.stat.Video, c.stat.Audio; v != nil || a != nil {
		bytes := 0
		if v != nil {
			bytes += v.Bandwidth
		}
		if a != nil {
			bytes += a.Bandwidth
		}
		cells[4] = strconv.FormatFloat(float64(bytes)*8/1e6, 'f', 2, 64)
	}
	if at, err := time.Parse(time.RFC3339, c.stat.ConnectedTime); err == nil {
		cells[5] = at.Local().Format("15:04:05")
	}
	if c.stat.RemoteAddr != "" {
		cells[6] = printable(c.stat.RemoteAddr)
	}
	return cells
}

// printable replaces control characters, with which a server could steer the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || 0x7f <= r && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}
