package api

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"osslive/store"
)

// CORS is what pages of other origins may do besides what a bucket's rules allow.
type CORS string

const (
	// CORSOpen lets any page read: "*" on every answer to GET and HEAD, so that a
	// player in a browser works without rules. Credentials are never allowed.
	CORSOpen CORS = "open"
	// CORSRules allows only what a bucket's rules allow, as the service does.
	CORSRules CORS = "rules"
)

// openExposed lists the headers that CORSOpen lets pages read: those a player needs.
const openExposed = "ETag, Content-Length, Content-Range, x-oss-request-id"

// applyRules marks the answer as readable by what the bucket's rules allow.
func (s *Server) applyRules(w http.ResponseWriter, r *request) error {
	rules, err := s.corsRules(r)
	if err == nil {
		s.markReadable(w.Header(), r, rules)
	}
	return err
}

// corsRules returns the rules of the bucket that the request addresses.
func (s *Server) corsRules(r *request) ([]store.CORSRule, error) {
	if r.bucket == "" {
		return nil, nil
	}
	c, err := s.config.Store.CORS(r.Context(), r.bucket)
	if errors.Is(err, store.ErrNoSuchCORS) || errors.Is(err, store.ErrNoSuchBucket) {
		return nil, nil
	}
	return c.Rules, err
}

// markReadable sets the headers of an answer to any request but a preflight.
func (s *Server) markReadable(h http.Header, r *request, rules []store.CORSRule) {
	setVary(h, rules)
	rule, origin, ok := match(rules, r.header.Get("Origin"), r.method, nil)
	switch {
	case ok:
		h.Set("Access-Control-Allow-Origin", origin)
		setList(h, "Access-Control-Expose-Headers", rule.ExposeHeaders)
	case s.config.CORS == CORSOpen && readable(r.method):
		h.Set("Access-Control-Allow-Origin", "*")
		if r.header.Get("Origin") != "" {
			h.Set("Access-Control-Expose-Headers", openExposed)
		}
	}
}

// setVary sets Vary if there are rules. Then every answer depends on the origin, even
// one to a request without any, and caches must know it.
func setVary(h http.Header, rules []store.CORSRule) {
	if len(rules) > 0 {
		h.Set("Vary", "Origin")
	}
}

// preflight answers an OPTIONS request, which carries no signature.
func (s *Server) preflight(w http.ResponseWriter, r *request) error {
	r.operation = "OptionObject"
	rules, err := s.corsRules(r)
	if err != nil {
		return err
	}
	origin, method := r.header.Get("Origin"), r.header.Get("Access-Control-Request-Method")
	wanted := headerNames(r.header.Values("Access-Control-Request-Headers"))
	if origin == "" {
		return errNoOrigin
	}
	if method == "" {
		return errNoRequestMethod
	}
	h := w.Header()
	setVary(h, rules)
	rule, origin, ok := match(rules, origin, method, wanted)
	switch {
	case ok:
		h.Set("Access-Control-Allow-Origin", origin)
		setList(h, "Access-Control-Allow-Methods", rule.AllowedMethods)
		setList(h, "Access-Control-Allow-Headers", wanted)
		setList(h, "Access-Control-Expose-Headers", rule.ExposeHeaders)
		if rule.MaxAge > 0 {
			h.Set("Access-Control-Max-Age", strconv.Itoa(rule.MaxAge))
		}
	case s.config.CORS == CORSOpen && readable(method):
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Allow-Methods", "GET, HEAD")
		h.Set("Access-Control-Allow-Headers", "*")
		h.Set("Access-Control-Max-Age", "600")
	case len(rules) == 0:
		return errCORSDisabled
	default:
		return errPreflightRefused
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func setList(h http.Header, name string, list []string) {
	if len(list) > 0 {
		h.Set(name, strings.Join(list, ", "))
	}
}

// headerNames splits the values of Access-Control-Request-Headers into names.
func headerNames(lists []string) (names []string) {
	for _, list := range lists {
		for name := range strings.SplitSeq(list, ",") {
			if name = strings.TrimSpace(name); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

// match returns the first rule that allows origin to use method and to send the
// headers (PutBucketCors page), and the value of Access-Control-Allow-Origin: "*" if
// the rule allows every origin.
func match(rules []store.CORSRule, origin, method string, headers []string) (rule store.CORSRule, allowOrigin string, ok bool) {
	if origin == "" {
		return rule, "", false
	}
	for _, rule := range rules {
		i := slices.IndexFunc(rule.AllowedOrigins, func(p string) bool { return fits(p, origin) })
		if i < 0 || !slices.Contains(rule.AllowedMethods, method) || !allHeaders(rule, headers) {
			continue
		}
		if slices.Contains(rule.AllowedOrigins, "*") {
			origin = "*"
		}
		return rule, origin, true
	}
	return rule, "", false
}

// allHeaders reports whether a rule allows all the headers, whatever their case.
func allHeaders(rule store.CORSRule, headers []string) bool {
	return !slices.ContainsFunc(headers, func(name string) bool {
		return !slices.ContainsFunc(rule.AllowedHeaders, func(p string) bool {
			return fits(strings.ToLower(p), strings.ToLower(name))
		})
	})
}

// fits reports whether text matches a pattern with at most one "*".
func fits(pattern, text string) bool {
	before, behind, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == text
	}
	return len(text) >= len(before)+len(behind) && strings.HasPrefix(text, before) && strings.HasSuffix(text, behind)
}

func readable(method string) bool { return method == http.MethodGet || method == http.MethodHead }
