package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"osslive/store/seam"
)

// maxCORSRules is how many rules a bucket can have (PutBucketCors API page).
const maxCORSRules = 20

// CORS are the rules by which pages of other origins may use a bucket.
type CORS struct {
	Rules        []CORSRule // the first that fits counts
	ResponseVary bool       // Vary: Origin on every answer
}

// CORSRule allows requests with one of the methods from one of the origins. Origins
// and allowed headers may have one "*" each, for any text.
type CORSRule struct {
	AllowedOrigins []string
	AllowedMethods []string // GET, PUT, DELETE, POST, HEAD
	AllowedHeaders []string
	ExposeHeaders  []string
	MaxAge         int // seconds for which a browser may cache a preflight's answer; 0 sends no header
}

func (c CORS) check() error {
	if n := len(c.Rules); n < 1 || n > maxCORSRules {
		return invalid("CORSRule", fmt.Sprint(n), "range", fmt.Sprintf("a bucket has 1 to %d CORS rules", maxCORSRules))
	}
	for _, rule := range c.Rules {
		if err := rule.check(); err != nil {
			return err
		}
	}
	return nil
}

func (r CORSRule) check() error {
	if len(r.AllowedOrigins) == 0 || len(r.AllowedMethods) == 0 {
		return invalid("CORSRule", "", "missing", "a CORS rule has an AllowedOrigin and an AllowedMethod")
	}
	methods := []string{"GET", "PUT", "DELETE", "POST", "HEAD"}
	for _, method := range r.AllowedMethods {
		if !slices.Contains(methods, method) {
			return invalid("AllowedMethod", method, "value", "an AllowedMethod is GET, PUT, DELETE, POST or HEAD")
		}
	}
	return cmp.Or(
		checkPatterns("AllowedOrigin", r.AllowedOrigins, 1),
		checkPatterns("AllowedHeader", r.AllowedHeaders, 1),
		checkPatterns("ExposeHeader", r.ExposeHeaders, 0),
		checkRange("MaxAgeSeconds", r.MaxAge, 0, 999_999_999))
}

// checkPatterns refuses patterns that are not visible ASCII: answers have them in headers.
func checkPatterns(field string, list []string, stars int) error {
	for _, p := range list {
		odd := strings.ContainsFunc(p, func(c rune) bool { return c <= ' ' || c >= 0x7f })
		if p == "" || odd || strings.Count(p, "*") > stars {
			return invalid(field, p, "value", fmt.Sprintf("%s is visible ASCII with at most %d asterisks", field, stars))
		}
	}
	return nil
}

// SetCORS replaces the rules of a bucket.
func (s *Store) SetCORS(ctx context.Context, bucket string, c CORS) error {
	if err := c.check(); err != nil {
		return err
	}
	rec := corsRecord{ResponseVary: c.ResponseVary}
	for _, rule := range c.Rules {
		rec.Rules = append(rec.Rules, corsRuleRecord(rule))
	}
	return s.commitCORS(ctx, bucket, seam.Put(corsKey(bucket), encode(rec), seam.Any))
}

// DeleteCORS removes the rules of a bucket. A bucket without rules is not an error.
func (s *Store) DeleteCORS(ctx context.Context, bucket string) error {
	return s.commitCORS(ctx, bucket, seam.Delete(corsKey(bucket), seam.Any))
}

func (s *Store) commitCORS(ctx context.Context, bucket string, change seam.Op) error {
	return retry(ctx, func() error {
		_, guard, err := s.bucket(ctx, bucket)
		if err != nil {
			return err
		}
		return s.kv.Commit(ctx, guard, change)
	})
}

// CORS returns ErrNoSuchCORS for a bucket without rules.
func (s *Store) CORS(ctx context.Context, bucket string) (CORS, error) {
	rec, at, err := s.cors.load(ctx, s.kv, corsKey(bucket))
	if err != nil {
		return CORS{}, err
	}
	if at == seam.Absent {
		if _, _, err := s.bucket(ctx, bucket); err != nil {
			return CORS{}, err
		}
		return CORS{}, ErrNoSuchCORS
	}
	c := CORS{ResponseVary: rec.ResponseVary}
	for _, rule := range rec.Rules {
		c.Rules = append(c.Rules, CORSRule(rule))
	}
	return c, nil
}
