package store

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckBucketName returns an *InvalidError unless a name has 3 to 63 of a-z, 0-9 and '-', a letter or digit at both ends
// (PutBucket API page).
func CheckBucketName(name string) error {
	const field = "BucketName"
	if n := len(name); n < 3 || n > 63 {
		return invalid(field, name, "length", "a bucket name has 3 to 63 characters")
	}
	for i, c := range []byte(name) {
		alnum := 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
		if !alnum && (c != '-' || i == 0 || i == len(name)-1) {
			return invalid(field, name, "value",
				"a bucket name has lower-case letters, digits and hyphens, and begins and ends with a letter or digit")
		}
	}
	return nil
}

// CheckKey returns an *InvalidError unless a key has 1 to 1,023 bytes of UTF-8, not starting with '/' or '\'
// (PutObject API page).
func CheckKey(key string) error {
	const field = "Key"
	switch {
	case len(key) < 1 || len(key) > 1023:
		return invalid(field, key, "length", "an object key has 1 to 1023 bytes")
	case !utf8.ValidString(key):
		return invalid(field, key, "utf8", "an object key is valid UTF-8")
	case key[0] == '/' || key[0] == '\\':
		return invalid(field, key, "prefix", "an object key does not start with a slash or backslash")
	}
	return nil
}

// CheckChannelName returns an *InvalidError unless a name has 1 to 63 bytes of UTF-8 without '/' and control characters,
// not "." or ".." (error codes 0017-00000258 and 0017-00000259).
func CheckChannelName(name string) error {
	const field = "ChannelName"
	if len(name) < 1 || len(name) > 63 {
		return invalid(field, name, "length", "a channel name has 1 to 63 bytes")
	}
	if name == "." || name == ".." {
		return invalid(field, name, "value", "a channel name is not . or .., which clients take out of a URL")
	}
	return checkSegmentOfPath(field, name, "a channel name")
}

// CheckPlaylistName returns an *InvalidError unless a name has 6 to 128 bytes of UTF-8 ending in ".m3u8", without '/' and
// control characters (PutLiveChannel API page).
func CheckPlaylistName(name string) error {
	const field = "PlaylistName"
	if len(name) < 6 || len(name) > 128 {
		return invalid(field, name, "length", "a playlist name has 6 to 128 bytes")
	}
	if err := checkSegmentOfPath(field, name, "a playlist name"); err != nil {
		return err
	}
	if !strings.HasSuffix(name, ".m3u8") {
		return invalid(field, name, "suffix", `a playlist name ends with ".m3u8"`)
	}
	return nil
}

// checkSegmentOfPath checks a name that stands between two slashes of an object key and on
// a line of a playlist.
func checkSegmentOfPath(field, name, subject string) error {
	switch {
	case !utf8.ValidString(name):
		return invalid(field, name, "utf8", subject+" is valid UTF-8")
	case strings.Contains(name, "/"):
		return invalid(field, name, "slash", subject+" has no slash")
	case strings.ContainsFunc(name, unicode.IsControl):
		return invalid(field, name, "control", subject+" has no control characters")
	}
	return nil
}

// checkText refuses text that is not UTF-8: JSON, which records are, would replace it in
// silence.
func checkText(field, s string) error {
	if !utf8.ValidString(s) {
		return invalid(field, s, "utf8", field+" is valid UTF-8")
	}
	return nil
}

func checkRange(field string, n, low, high int) error {
	if n < low || n > high {
		return invalid(field, fmt.Sprint(n), "range", fmt.Sprintf("%s is a number from %d to %d", field, low, high))
	}
	return nil
}

func invalid(field, value, rule, message string) error {
	return &InvalidError{Field: field, Value: value, Rule: rule, Message: message}
}
