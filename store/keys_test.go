package store

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCheckNames(t *testing.T) {
	tests := []struct {
		name  string
		check func(string) error
		value string
		rule  string // "": allowed
	}{
		{"bucket", CheckBucketName, "demo", ""},
		{"bucket, shortest", CheckBucketName, "a-1", ""},
		{"bucket, too short", CheckBucketName, "ab", "length"},
		{"bucket, longest", CheckBucketName, strings.Repeat("a", 63), ""},
		{"bucket, too long", CheckBucketName, strings.Repeat("a", 64), "length"},
		{"bucket, upper case", CheckBucketName, "Demo", "value"},
		{"bucket, hyphen first", CheckBucketName, "-demo", "value"},
		{"bucket, hyphen last", CheckBucketName, "demo-", "value"},
		{"bucket, slash", CheckBucketName, "de/mo", "value"},
		{"bucket, dot", CheckBucketName, "de.mo", "value"},

		{"key", CheckKey, "a/b", ""},
		{"key, dots", CheckKey, "../..", ""},
		{"key, control characters", CheckKey, "a\x00\n", ""},
		{"key, empty", CheckKey, "", "length"},
		{"key, longest", CheckKey, strings.Repeat("k", 1023), ""},
		{"key, too long", CheckKey, strings.Repeat("k", 1024), "length"},
		{"key, slash first", CheckKey, "/a", "prefix"},
		{"key, backslash first", CheckKey, `\a`, "prefix"},
		{"key, not UTF-8", CheckKey, "a\xff", "utf8"},
		{"key, overlong UTF-8", CheckKey, "a\xc0\xaf", "utf8"},

		{"channel", CheckChannelName, "live channel 2", ""},
		{"channel, Chinese", CheckChannelName, "测试通过", ""},
		{"channel, empty", CheckChannelName, "", "length"},
		{"channel, longest", CheckChannelName, strings.Repeat("日", 21), ""},
		{"channel, too long in bytes", CheckChannelName, strings.Repeat("日", 21) + "a", "length"},
		{"channel, slash", CheckChannelName, "a/b", "slash"},
		{"channel, not UTF-8", CheckChannelName, "\xff", "utf8"},
		{"channel, line end", CheckChannelName, "a\r\nb", "control"},
		{"channel, NUL", CheckChannelName, "a\x00", "control"},
		{"channel, C1 control", CheckChannelName, "a\u0085", "control"},
		{"channel, DEL", CheckChannelName, "a\x7f", "control"},
		{"channel, question mark", CheckChannelName, "a?b#c", ""},

		{"playlist", CheckPlaylistName, "playlist.m3u8", ""},
		{"playlist, shortest", CheckPlaylistName, "a.m3u8", ""},
		{"playlist, too short", CheckPlaylistName, ".m3u8", "length"},
		{"playlist, longest", CheckPlaylistName, strings.Repeat("a", 123) + ".m3u8", ""},
		{"playlist, too long", CheckPlaylistName, strings.Repeat("a", 124) + ".m3u8", "length"},
		{"playlist, slash", CheckPlaylistName, "a/b.m3u8", "slash"},
		{"playlist, other suffix", CheckPlaylistName, "playlist.m3u", "suffix"},
		{"playlist, upper case suffix", CheckPlaylistName, "playlist.M3U8", "suffix"},
		{"playlist, control", CheckPlaylistName, "a\nb.m3u8", "control"},
		{"playlist, not UTF-8", CheckPlaylistName, "a\xff.m3u8", "utf8"},
	}
	for _, tt := range tests {
		got := ""
		if err := tt.check(tt.value); err != nil {
			got = err.(*InvalidError).Rule
			if err.(*InvalidError).Value != tt.value {
				t.Errorf("%s: value in the error: got %q, want %q", tt.name, err.(*InvalidError).Value, tt.value)
			}
		}
		if got != tt.rule {
			t.Errorf("%s: rule broken: got %q, want %q", tt.name, got, tt.rule)
		}
	}
}

func TestSegmentName(t *testing.T) {
	for name, want := range map[string]int64{
		"1543895706266.ts":  1543895706266,
		"0000000000001.ts":  1,
		"9999999999999.ts":  maxSegmentMS,
		"154389570626.ts":   -1,
		"15438957062666.ts": -1,
		"154389570626a.ts":  -1,
		"-543895706266.ts":  -1,
		"+543895706266.ts":  -1,
		"1543895706266.m4s": -1,
		"":                  -1,
	} {
		got, ok := segmentTime(name)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("segmentTime(%q): got %d, %t, want %d", name, got, ok, want)
		}
		if ok && segmentName(got) != name {
			t.Errorf("segmentName(%d): got %q, want %q", got, segmentName(got), name)
		}
	}
}

func TestTrim(t *testing.T) {
	var h historyRecord
	for i := range int64(13) {
		h.Sessions = append(h.Sessions, sessionRecord{Start: i, End: i + 1})
	}
	h.Sessions[1].End = 0 // still open: kept, however old
	h.trim()
	if len(h.Sessions) != 11 || h.Sessions[0].Start != 1 || h.Sessions[1].Start != 3 || h.Sessions[10].Start != 12 {
		t.Errorf("got %v, want the open one and the last ten", h.Sessions)
	}
}

// FuzzKeys: a record's key gives back bucket and object key, keys keep their order,
// and those of one bucket never fall among another's.
func FuzzKeys(f *testing.F) {
	f.Add("demo", "a/b", "a/c")
	f.Add("demo", "channel/1543895706266.ts", "channel/playlist.m3u8")
	f.Add("a-b", "\x00", "é")
	f.Add("demo", "..", "\u200b/")
	f.Fuzz(func(t *testing.T, bucket, a, b string) {
		if CheckBucketName(bucket) != nil || CheckKey(a) != nil || CheckKey(b) != nil {
			t.Skip()
		}
		ra, rb := objectKey(bucket, a), objectKey(bucket, b)
		if gotBucket, gotKey, ok := splitKey(objectPrefix, ra); !ok || gotBucket != bucket || gotKey != a {
			t.Errorf("splitKey(%q): got %q, %q, %t", ra, gotBucket, gotKey, ok)
		}
		if (a < b) != (ra < rb) {
			t.Errorf("order of %q and %q changes", a, b)
		}
		if a >= a+afterAll || strings.HasPrefix(b, a) && b >= a+afterAll {
			t.Errorf("%q is not skipped with what begins with %q", b, a)
		}
		if other := bucket + "-"; strings.HasPrefix(ra, objectKey(other, "")) || strings.HasPrefix(ra, objectKey(bucket[:len(bucket)-1], "")) {
			t.Errorf("%q lies in another bucket", ra)
		}
	})
}

// FuzzCheckNames: what the checks accept can stand where it will.
func FuzzCheckNames(f *testing.F) {
	for _, s := range []string{"live", "测试", "a/b", "..", "a\nb", "x.m3u8", "\xff", "-a-", "demo", `\k`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if CheckChannelName(s) == nil || CheckPlaylistName(s) == nil {
			if len(s) > 128 || strings.ContainsAny(s, "/\r\n\x00") || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
				t.Errorf("accepted %q", s)
			}
			if err := CheckKey(s + "/" + s); err != nil && !strings.HasPrefix(s, `\`) {
				t.Errorf("%q cannot be in a key: %v", s, err)
			}
		}
		if CheckBucketName(s) == nil {
			if CheckChannelName(s) != nil || strings.ToLower(s) != s || strings.Trim(s, "-") != s {
				t.Errorf("accepted bucket %q", s)
			}
		}
	})
}
