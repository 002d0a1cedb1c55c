package console

import (
	"archive/zip"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rsc.io/qr"

	"osslive/auth"
	"osslive/server/publishing"
	"osslive/store"
)

// Validity of a publish URL, in hours.
const (
	defaultHours = 24
	maxHours     = 10 * 366 * 24
)

type publishView struct {
	store.Channel
	Hours    int // validity of URL
	Expires  time.Time
	URL      string // to publish to, signed
	Server   string // URL as the two fields of OBS
	Key      string
	QR       qrCode // of URL
	Loopback bool   // URL names this machine: no other can use it
	Commands []command
	Interval int // seconds between key frames that fit FragDuration
}

// command is a command line that publishes a test picture.
type command struct{ ID, Title, Text string }

func (k *console) publish(r *http.Request) (string, any, error) {
	c, err := k.config.Store.Channel(r.Context(), r.PathValue("bucket"), r.PathValue("channel"))
	if err != nil {
		return "", nil, err
	}
	v := publishView{Channel: c, Hours: defaultHours, Interval: publishing.KeyframeInterval(c.Target.FragDuration)}
	if text := r.FormValue("hours"); text != "" {
		if v.Hours, err = strconv.Atoi(text); err != nil || v.Hours < 1 || v.Hours > maxHours {
			return "", nil, inputError(fmt.Sprintf("hours is %q; give a whole number from 1 to %d.", text, maxHours))
		}
	}
	v.Expires = k.config.Now().Add(time.Duration(v.Hours) * time.Hour)
	v.URL = k.publishURL(r, c, v.Expires)
	v.Server, v.Key = publishing.SplitOBS(v.URL)
	if v.QR, err = newQRCode(v.URL); err != nil {
		return "", nil, err
	}
	v.Loopback = Loopback(k.apiHost(r))
	frag := c.Target.FragDuration
	v.Commands = []command{
		{"ffmpeg-sh", "ffmpeg, for sh", publishing.FFmpeg(publishing.Sh, v.URL, frag)},
		{"ffmpeg-ps", "ffmpeg, for PowerShell", publishing.FFmpeg(publishing.PowerShell, v.URL, frag)},
		{"gst-sh", "GStreamer, for sh", publishing.GStreamer(publishing.Sh, v.URL, frag)},
		{"gst-ps", "GStreamer, for PowerShell", publishing.GStreamer(publishing.PowerShell, v.URL, frag)},
	}
	return "Publish to " + c.Bucket + "/" + c.Name, v, nil
}

// publishURL returns a channel's signed publish URL, on the port of the API.
func (k *console) publishURL(r *http.Request, c store.Channel, expires time.Time) string {
	p := auth.Publish{Bucket: c.Bucket, Channel: c.Name}
	return publishing.URL(k.apiHost(r), c.Bucket, c.Name, auth.SignPublish(&p, k.config.Key, expires))
}

// apiHost returns the authority of the API, always with a port: the default ports of
// HTTP and RTMP differ.
func (k *console) apiHost(r *http.Request) string {
	u, err := url.Parse(k.apiURL(r))
	if err != nil {
		return k.config.Listen
	}
	switch {
	case u.Port() != "":
		return u.Host
	case u.Scheme == "https":
		return net.JoinHostPort(u.Hostname(), "443")
	}
	return net.JoinHostPort(u.Hostname(), "80")
}

// obsProfile sends a ZIP file with the folder of an OBS profile.
func (k *console) obsProfile(w http.ResponseWriter, r *http.Request) {
	_, data, err := k.publish(r)
	if err != nil {
		k.problem(w, r, err)
		return
	}
	v := data.(publishView)
	folder, files := publishing.Profile(v.Bucket+"-"+v.Name, v.URL, v.Target.FragDuration)
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="`+folder+`.zip"`)
	archive := zip.NewWriter(w)
	for _, f := range files {
		entry, err := archive.CreateHeader(&zip.FileHeader{Name: folder + "/" + f.Name, Method: zip.Deflate, Modified: k.config.Now()})
		if err != nil {
			return
		}
		if _, err := entry.Write(f.Text); err != nil {
			return
		}
	}
	_ = archive.Close() // the browser finds a file cut short
}

// qrCode is the drawing of a QR code.
type qrCode struct {
	Size int    // width and height with the margin, in cells
	Path string // SVG path of the dark cells
}

// qrMargin is the quiet zone (ISO/IEC 18004 §9.1), in cells.
const qrMargin = 4

// newQRCode returns the QR code of text. It draws each run of dark cells of a row as
// one rectangle.
func newQRCode(text string) (qrCode, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return qrCode{}, fmt.Errorf("QR code of %d characters: %w", len(text), err)
	}
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			start := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > start {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", start+qrMargin, y+qrMargin, x-start, x-start)
			}
		}
	}
	return qrCode{code.Size + 2*qrMargin, path.String()}, nil
}
