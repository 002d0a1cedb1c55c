package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"osslive/auth"
	"osslive/rtmp"
	"osslive/rtmp/flv"
)

type pushCmd struct {
	File string  `arg:"" help:"FLV file with H.264 video and AAC audio."`
	URL  string  `arg:"" name:"url" help:"RTMP URL; signed already, or signed here with --key."`
	Key  keyFlag `placeholder:"ID:SECRET[:TOKEN]" help:"Access key to sign the URL with."`
	Loop bool    `help:"Begin again at the end of the file, until interrupted."`
}

func (p *pushCmd) Run(ctx context.Context, c *console) error {
	target := p.URL
	if p.Key.ID != "" {
		var err error
		if target, err = sign(p.URL, "", auth.Key(p.Key), time.Now().Add(time.Hour)); err != nil {
			return err
		}
	}
	file, err := os.Open(p.File)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // was read
	tell := newProgress(c.err, time.Now())
	if err := push(ctx, file, target, p.Loop, tell); err != nil {
		return err
	}
	tell.end(time.Now())
	return nil
}

// push sends an FLV file to an RTMP URL in real time. It ends without an error when
// ctx is done. show may be nil.
func push(ctx context.Context, file io.ReadSeeker, target string, loop bool, show *progress) error {
	client, err := rtmp.Dial(ctx, target)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("publish: %w", err)
	}
	defer client.Close()
	p := pacer{began: time.Now(), show: show}
	for again := false; ; again = true {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("rewind: %w", err)
		}
		err := p.send(ctx, client, flv.NewReader(bufio.NewReader(file)), again)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case !loop:
			return nil
		}
	}
}

// pacer sends each tag at its time.
type pacer struct {
	began  time.Time
	offset flv.Millis // media time at the start of this run through the file
	last   flv.Millis // of the last tag sent
	show   *progress
}

// send sends a whole file, with offset added to its times. With again it leaves out the
// metadata, which the first run has sent.
func (p *pacer) send(ctx context.Context, client *rtmp.Client, file *flv.Reader, again bool) error {
	step := flv.Millis(40) // between the last two video tags
	var video flv.Millis
	for {
		tag, err := file.ReadTag()
		if errors.Is(err, io.EOF) {
			p.offset = p.last + step
			return nil
		}
		if err != nil {
			return fmt.Errorf("read file: %w", err)
		}
		if again && tag.Type == flv.Script {
			continue
		}
		if tag.Type == flv.Video {
			if tag.Time > video {
				step = tag.Time - video
			}
			video = tag.Time
		}
		tag.Time += p.offset
		p.last = max(p.last, tag.Time)
		if err := p.wait(ctx, tag.Time); err != nil {
			return err
		}
		if err := client.WriteTag(tag); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		p.show.sent(tag, time.Now())
	}
}

func (p *pacer) wait(ctx context.Context, at flv.Millis) error {
	ahead := time.Until(p.began.Add(time.Duration(at) * time.Millisecond))
	if ahead <= 0 {
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(ahead):
		return nil
	}
}
