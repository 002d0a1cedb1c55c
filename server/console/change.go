package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"osslive/server/vod"
	"osslive/store"
)

// change returns the handler of a form: it calls do, which makes the change, and
// redirects to the page next.
func (k *console) change(do func(*http.Request) (next string, err error)) http.HandlerFunc {
	return k.restricted(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			k.problem(w, r, inputError("The form cannot be read: "+err.Error()))
			return
		}
		next, err := do(r)
		if err != nil {
			k.problem(w, r, err)
			return
		}
		http.Redirect(w, r, next, http.StatusSeeOther)
	})
}

// channelPage returns the path of a channel's page.
func channelPage(bucket, name string) string {
	return "/channel/" + url.PathEscape(bucket) + "/" + url.PathEscape(name)
}

type newChannel struct {
	Buckets                 []store.Bucket
	FragDuration, FragCount int
	PlaylistName            string
}

func (k *console) newChannel(r *http.Request) (string, any, error) {
	buckets, err := k.config.Store.Buckets(r.Context(), "", "", maxBuckets)
	return "New channel", newChannel{buckets.Items, store.DefaultTarget().FragDuration, store.DefaultTarget().FragCount, store.DefaultTarget().PlaylistName}, err
}

// createChannel refuses to replace a channel, which would lose its configuration and
// history.
func (k *console) createChannel(r *http.Request) (string, error) {
	c := store.Channel{
		Bucket: r.PostFormValue("bucket"), Name: r.PostFormValue("name"), Description: r.PostFormValue("description"),
		Target: store.Target{PlaylistName: r.PostFormValue("playlist")},
	}
	for _, n := range []struct {
		name string
		to   *int
	}{{"FragDuration", &c.Target.FragDuration}, {"FragCount", &c.Target.FragCount}} {
		text := r.PostFormValue(n.name)
		var err error
		if *n.to, err = strconv.Atoi(text); err != nil {
			return "", inputError(fmt.Sprintf("%s is %q; give a whole number from 1 to 100.", n.name, text))
		}
	}
	_, err := k.config.Store.CreateChannel(r.Context(), c)
	if errors.Is(err, store.ErrChannelExists) {
		err = inputError("The channel " + c.Bucket + "/" + c.Name + " exists already; choose another name.")
	}
	return "/publish/" + url.PathEscape(c.Bucket) + "/" + url.PathEscape(c.Name), err
}

func (k *console) setStatus(r *http.Request) (string, error) {
	bucket, name := r.PathValue("bucket"), r.PathValue("channel")
	return channelPage(bucket, name), k.config.Store.SetChannelStatus(r.Context(), bucket, name, r.PostFormValue("status"))
}

func (k *console) deleteChannel(r *http.Request) (string, error) {
	return "/", k.config.Store.DeleteChannel(r.Context(), r.PathValue("bucket"), r.PathValue("channel"))
}

// formTime is the layout of a time in a form (HTML, "Local date and time strings").
const formTime = "2006-01-02T15:04:05"

// vodForm holds the default values of the form that creates a VOD playlist.
type vodForm struct {
	From, To string // by formTime, in the server's time zone
	Name     string
	Zone     string // abbreviation of the server's time zone
}

// newVODForm returns a form with the time span of t, or with the span that the
// parameters from and to of r give in Unix milliseconds.
func (k *console) newVODForm(r *http.Request, t timeline) vodForm {
	from, to := k.config.Now().Add(-time.Hour), k.config.Now()
	if n := len(t.Segments); n > 0 {
		from, to = t.Segments[0].Start, t.Segments[n-1].Start.Add(time.Second)
	}
	for _, q := range []struct {
		name string
		to   *time.Time
	}{{"from", &from}, {"to", &to}} {
		if ms, err := strconv.ParseInt(r.FormValue(q.name), 10, 64); err == nil {
			*q.to = time.UnixMilli(ms)
		}
	}
	from, to = from.Local(), to.Local()
	zone, _ := to.Zone()
	return vodForm{From: from.Format(formTime), To: to.Format(formTime), Name: "vod-" + from.Format("20060102-150405") + ".m3u8", Zone: zone}
}

// createVOD stores a VOD playlist and returns the page that plays it.
func (k *console) createVOD(r *http.Request) (string, error) {
	ctx := r.Context()
	c, err := k.config.Store.Channel(ctx, r.PathValue("bucket"), r.PathValue("channel"))
	if err != nil {
		return "", err
	}
	q := vod.Query{Bucket: c.Bucket, Channel: c.Name}
	for _, f := range []struct {
		name string
		to   *time.Time
	}{{"from", &q.From}, {"to", &q.To}} {
		if *f.to, err = parseFormTime(r.PostFormValue(f.name)); err != nil {
			return "", inputError(fmt.Sprintf("The time %q is %q; give a date and a time such as 2026-01-31T18:30:00.", f.name, r.PostFormValue(f.name)))
		}
	}
	name := r.PostFormValue("name")
	if err := store.CheckPlaylistName(name); err != nil {
		return "", err
	}
	switch {
	case name == c.Target.PlaylistName:
		return "", inputError(name + " is the live playlist, which each segment overwrites; choose another name.")
	case q.From.After(q.To):
		return "", inputError("The playlist would begin at " + stampText(q.From) + ", after its end at " + stampText(q.To) + "; give an earlier start.")
	case q.To.Sub(q.From) > vod.MaxSpan:
		return "", inputError("The playlist would cover " + q.To.Sub(q.From).String() + "; give at most 24 hours.")
	}
	q.To = q.To.Add(time.Second - time.Millisecond) // include the last second as a whole
	list, err := vod.New(ctx, k.config.Store, q)
	if errors.Is(err, vod.ErrNoSegments) {
		return "", inputError("The channel has no segment from " + stampText(q.From) + " to " + stampText(q.To) + "; choose a time at which it was live.")
	}
	if err != nil {
		return "", err
	}
	if _, err := list.Post(ctx, name); err != nil {
		return "", err
	}
	return playPage(c.Bucket, c.Name+"/"+name), nil
}

// parseFormTime parses a time by formTime in the server's time zone. A browser omits
// seconds that are zero.
func parseFormTime(text string) (time.Time, error) {
	t, err := time.ParseInLocation(formTime, text, time.Local)
	if err != nil {
		t, err = time.ParseInLocation(strings.TrimSuffix(formTime, ":05"), text, time.Local)
	}
	return t, err
}
