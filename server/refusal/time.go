package refusal

import (
	"cmp"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"osslive/auth"
	"osslive/store"
)

// Mistakes about the clock and the end of URLs.

func clock(q *question) (Cause, bool) {
	var skew *auth.SkewError
	if !errors.As(q.r.Err, &skew) {
		return no()
	}
	d := skew.RequestTime.Sub(skew.ServerTime)
	direction := "ahead of"
	if d < 0 {
		direction = "behind"
	}
	d = d.Abs().Round(time.Second)
	if half := 30 * time.Minute; (d-d.Round(half)).Abs() < time.Minute && d <= 14*time.Hour+half {
		return q.perhaps("The date of the request is %v %s the server's: a time zone. The local time was sent as GMT.", "Make the Date header from UTC. Look at the machine's time zone too.", d, direction)
	}
	if d > 48*time.Hour {
		return q.perhaps("The date of the request is %d days %s the server's; 15 minutes are allowed.", "Sign each request when it is sent. If it was, set the clock.", int(d.Hours()/24), direction)
	}
	return q.perhaps("The clock of the client is %v %s the server's; 15 minutes are allowed.", "Set the clock (NTP); containers and virtual machines that slept are often late.", d, direction)
}

func dateMissing(q *question) (Cause, bool) {
	if !q.is(auth.ErrBadDate) {
		return no()
	}
	return q.perhaps("The request has no date that can be read.", "Send Date: Wed, 24 Aug 2016 11:11:28 GMT, or x-oss-date: 20160824T111128Z for version 4. A browser cannot set Date.")
}

func (q *question) expires() string {
	return cmp.Or(q.r.Query.Get("Expires"), q.r.Query.Get("x-oss-expires"))
}

func expiresMilliseconds(q *question) (Cause, bool) {
	n, err := strconv.ParseFloat(q.expires(), 64)
	if err != nil {
		return no()
	}
	switch {
	case q.is(auth.ErrBadExpires) && n >= 1e11:
		return q.perhaps("Expires is %s: milliseconds, where seconds are wanted.", "Divide by 1000: Date.now() and currentTimeMillis() count milliseconds. Mind whether the function wants a moment or a number of seconds from now.", q.quote(q.expires()))
	case q.is(auth.ErrBadLifetime) && n > 604800 && n < 1e9 && math.Mod(n, 1000) == 0 && (math.Mod(n, 86400) != 0 || n >= 86400e3): // 2592000 is thirty days
		return q.perhaps("x-oss-expires is %s: milliseconds, it seems; %v seconds are meant, and 604800 is the most.", "Give the lifetime in seconds.", q.quote(q.expires()), n/1000)
	}
	return no()
}

func milliseconds(q *question) (Cause, bool) {
	var invalid *store.InvalidError
	if errors.As(q.r.Err, &invalid) && strings.HasSuffix(invalid.Field, "Time") && len(invalid.Value) == 13 {
		return q.perhaps("%s is %s: milliseconds, where seconds are wanted.", "Divide by 1000.", invalid.Field, q.quote(invalid.Value))
	}
	return no()
}

func expiresRelative(q *question) (Cause, bool) {
	n, err := strconv.ParseInt(q.expires(), 10, 64)
	switch {
	case err != nil:
	case q.is(auth.ErrExpired) && n < 1e9 && q.claim.version != "4":
		return q.perhaps("Expires is %d: a number of seconds from now, where a moment is wanted.", "Expires is seconds since 1970: add the lifetime to the present time.", n)
	case q.is(auth.ErrBadLifetime) && n >= 1e9:
		return q.perhaps("x-oss-expires is %d: a moment, where a number of seconds is wanted.", "In version 4 it counts from x-oss-date: 3600 for an hour.", n)
	}
	return no()
}

func expiresTooLong(q *question) (Cause, bool) {
	if q.is(auth.ErrBadLifetime) {
		return q.perhaps("x-oss-expires is %s; version 4 allows 1 to 604800 seconds, seven days.", "Sign for a shorter time, and sign again.", q.quote(q.expires()))
	}
	return no()
}

func expiresFormat(q *question) (Cause, bool) {
	if q.is(auth.ErrBadExpires) {
		return q.perhaps("Expires is %s, which is no number of seconds since 1970.", "Write it as decimal digits, as in Expires=1735689600.", q.quote(q.expires()))
	}
	return no()
}

func expired(q *question) (Cause, bool) {
	if !q.is(auth.ErrExpired) {
		return no()
	}
	text := q.expires()
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && q.claim.version != "4" {
		text = time.Unix(n, 0).UTC().Format(time.RFC3339) + ", " + q.r.Time.Sub(time.Unix(n, 0)).Round(time.Second).String() + " before it was used"
	} else {
		text += " s after " + q.r.Query.Get("x-oss-date")
	}
	return q.perhaps("The signed URL has expired: at %s.", "Sign a new one, for longer; look at the clock of the machine that signs. A publish that runs goes on when its URL expires.", text)
}
