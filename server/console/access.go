package console

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/http"
	"time"

	"osslive/server/address"
)

// TokenHeader is where a program sends the admin token; a browser logs in and
// sends a cookie.
const TokenHeader = "X-Osslive-Token"

const (
	cookieName = "osslive-console"
	maxLogins  = 8
	loginPause = 300 * time.Millisecond // what a wrong token costs
)

// Local tells whether a request comes from this machine. The name that it uses
// counts as well: behind a proxy on this machine every peer is a loopback address.
func local(r *http.Request) bool {
	peer := net.ParseIP(address.Hostname(r.RemoteAddr))
	return peer != nil && peer.IsLoopback() && Loopback(r.Host)
}

// Loopback tells whether an authority names this machine.
func Loopback(authority string) bool {
	host := address.Hostname(authority)
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Trusted tells whether a program may do what is not for everybody who reaches the
// admin address: from this machine, or with the token; token "" is none.
func Trusted(r *http.Request, token string) bool {
	return local(r) || token != "" && same(r.Header.Get(TokenHeader), token)
}

// trusted tells whether the caller may sign, read objects and change things.
func (k *console) trusted(r *http.Request) bool {
	if Trusted(r, k.config.Token) {
		return true
	}
	if k.config.Token == "" {
		return false
	}
	cookie, err := r.Cookie(cookieName)
	return err == nil && same(cookie.Value, k.cookie())
}

// cookie is what a browser gets for the token: cookies are sent to all ports
// of a host, so it must not be the token itself.
func (k *console) cookie() string {
	mac := hmac.New(sha256.New, []byte(k.config.Token))
	mac.Write([]byte("osslive console"))
	return hex.EncodeToString(mac.Sum(nil))
}

// same compares in a time that tells nothing of either, not even the length.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// closed lets only those through who are trusted; the others are led to the
// login, if that is of use to them.
func (k *console) closed(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case k.trusted(r):
			next(w, r)
		case k.config.Token != "" && r.Method == http.MethodGet && r.Header.Get(TokenHeader) == "":
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		case k.config.Token != "":
			http.Error(w, "This needs the admin token, in the header "+TokenHeader+" or by /login.", http.StatusForbidden)
		default:
			http.Error(w, "From another machine this needs a token: start osslive with --admin-token.", http.StatusForbidden)
		}
	}
}

// login gives a browser that knows the token a cookie.
func (k *console) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if k.config.Token == "" || !same(r.PostFormValue("token"), k.config.Token) {
		select {
		case k.logins <- struct{}{}:
			defer func() { <-k.logins }()
		default:
			http.Error(w, "Too many logins at once; try again in a second.", http.StatusTooManyRequests)
			return
		}
		pause := time.NewTimer(loginPause)
		defer pause.Stop()
		select {
		case <-pause.C:
		case <-r.Context().Done():
			return
		}
		k.problem(w, r, inputError("This is not the admin token."))
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: k.cookie(), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// maxForm bounds the body of a form.
const maxForm = 64 << 10
