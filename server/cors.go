package server

import "net/http"

// CORS says what pages of other origins may do.
type CORS string

const (
	// CORSOpen lets any page read: "*" on every answer to GET and HEAD, so that
	// a player in a browser works at once. No credentials are ever allowed.
	CORSOpen CORS = "open"
	// CORSRules is the service's behaviour: only what a bucket's rules allow.
	// Buckets have no rules yet, so nothing.
	CORSRules CORS = "rules"
)

// cors answers preflight requests and marks answers as readable. A preflight
// carries no signature, so it comes before authenticate.
func (s *Server) cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r := requestOf(hr)
		if s.CORS == CORSOpen && readable(r.method) {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Access-Control-Expose-Headers", "ETag, Content-Length, Content-Range, x-oss-request-id")
		}
		if r.method != http.MethodOptions {
			next.ServeHTTP(w, hr)
			return
		}
		r.operation = "OptionObject"
		switch {
		case r.header.Get("Origin") == "" || r.header.Get("Access-Control-Request-Method") == "":
			s.writeError(w, r, errPreflightIncomplete)
		case s.CORS != CORSOpen || !readable(r.header.Get("Access-Control-Request-Method")):
			s.writeError(w, r, errPreflightRefused)
		default:
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Access-Control-Allow-Methods", "GET, HEAD")
			w.Header().Set("Access-Control-Allow-Headers", "*")
			w.Header().Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusOK)
		}
	})
}

func readable(method string) bool { return method == http.MethodGet || method == http.MethodHead }
