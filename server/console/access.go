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

// TokenHeader is the request header in which a program sends the admin token. A
// browser logs in and sends a cookie instead.
const TokenHeader = "X-Osslive-Token"

const (
	cookieName = "osslive-console"
	maxLogins  = 8                      // wrong logins that may wait at once
	loginPause = 300 * time.Millisecond // how long a wrong login waits for its answer
	maxForm    = 64 << 10               // bytes of a form
)

// local reports whether r comes from this machine: both its peer and its Host are
// loopback. The peer alone proves nothing behind a proxy on this machine.
func local(r *http.Request) bool {
	peer := net.ParseIP(address.Hostname(r.RemoteAddr))
	return peer != nil && peer.IsLoopback() && Loopback(r.Host)
}

// Loopback reports whether the host of authority, HOST[:PORT], is localhost or a
// loopback address.
func Loopback(authority string) bool {
	host := address.Hostname(authority)
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Trusted reports whether r may use restricted functions: it comes from this machine,
// or its TokenHeader is token. An empty token grants nothing.
func Trusted(r *http.Request, token string) bool {
	return local(r) || token != "" && equalSecrets(r.Header.Get(TokenHeader), token)
}

// trusted reports whether the caller may sign, read objects and change things: by
// Trusted, or by the cookie of a login.
func (k *console) trusted(r *http.Request) bool {
	if Trusted(r, k.config.Token) {
		return true
	}
	if k.config.Token == "" {
		return false
	}
	cookie, err := r.Cookie(cookieName)
	return err == nil && equalSecrets(cookie.Value, k.cookie())
}

// cookie returns the value of a login's cookie. It is derived from the token and is
// not the token itself: browsers send cookies to every port of a host.
func (k *console) cookie() string {
	mac := hmac.New(sha256.New, []byte(k.config.Token))
	mac.Write([]byte("osslive console"))
	return hex.EncodeToString(mac.Sum(nil))
}

// equalSecrets compares a and b in a time that depends on neither, nor on their lengths.
func equalSecrets(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// restricted serves next to trusted callers. It redirects a browser to the login page
// if there is a token to log in with, and refuses every other request.
func (k *console) restricted(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case k.trusted(r):
			next(w, r)
		case k.config.Token != "" && r.Method == http.MethodGet && r.Header.Get(TokenHeader) == "":
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		case k.config.Token != "":
			http.Error(w, "This needs the admin token: send it in the header "+TokenHeader+", or log in at /login.", http.StatusForbidden)
		default:
			http.Error(w, "From another machine this needs an admin token: start osslive with --admin-token.", http.StatusForbidden)
		}
	}
}

// login sets the cookie of a login if the form has the token. A wrong token waits for
// loginPause, which slows guessing.
func (k *console) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if k.config.Token == "" || !equalSecrets(r.PostFormValue("token"), k.config.Token) {
		select {
		case k.logins <- struct{}{}:
			defer func() { <-k.logins }()
		default:
			http.Error(w, "Too many wrong logins at once; try again in a second.", http.StatusTooManyRequests)
			return
		}
		pause := time.NewTimer(loginPause)
		defer pause.Stop()
		select {
		case <-pause.C:
		case <-r.Context().Done():
			return
		}
		k.problem(w, r, inputError("The token is wrong: give the admin token that osslive was started with."))
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: k.cookie(), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
