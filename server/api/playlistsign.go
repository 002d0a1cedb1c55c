package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"osslive/server/answer"
	"osslive/store"
)

// Bounds of a playlist that is signed. They refuse a day of one-second segments and
// allow a day of segments of the default five seconds.
const (
	maxSignedPlaylist = 2 << 20 // bytes
	maxSignedSegments = 20_000
	maxSignedVariants = 100
	maxPlaylistToken  = 100 // characters of x-oss-hls-sign-token
)

// The ECs are those of the pages "0044-00000401" to "0044-00000410".
var (
	errPlaylistToken    = answer.New(400, "InvalidRequest", "0044-00000401", "The x-oss-hls-sign-token is too long.")
	errPlaylistTokenBad = answer.New(400, "InvalidRequest", "0044-00000402", "The x-oss-hls-sign-token has invalid characters.")
	errPlaylistName     = answer.New(400, "InvalidRequest", "0044-00000403", `Playlist name must ends with ".m3u8".`)
	errPlaylistSize     = answer.New(400, "InvalidRequest", "0044-00000404", fmt.Sprintf("Size of playlist is too big. The limit is %d bytes.", maxSignedPlaylist))
	errPlaylistSegments = answer.New(400, "InvalidRequest", "0044-00000406", fmt.Sprintf("The playlist has more than %d ts files.", maxSignedSegments))
	errPlaylistVariants = answer.New(400, "InvalidRequest", "0044-00000407", fmt.Sprintf("The playlist has more than %d m3u8 files.", maxSignedVariants))
	errPlaylistEmpty    = answer.New(400, "InvalidRequest", "0044-00000408", "No ts found in the playlist.")
	errPlaylistMixed    = answer.New(400, "InvalidRequest", "0044-00000409", "Master playlist has ts file.")
	errPlaylistHeader   = answer.New(400, "InvalidRequest", "0044-00000410", "The playlist must be requested with a signed URL.")
)

// getSignedPlaylist answers with a playlist whose segments a player can fetch without
// an access key: the URL of each is signed like the playlist's and expires with it
// ("Create HLS streams based on OSS" page). Each line is sent as soon as it is
// signed, so the answer takes no more memory than the object.
func (s *Server) getSignedPlaylist(w http.ResponseWriter, r *request) error {
	if !r.caller.SignedURL() {
		return errPlaylistHeader
	}
	if err := checkPlaylistToken(r.header.Get("x-oss-hls-sign-token")); err != nil {
		return err
	}
	if !strings.HasSuffix(r.key, ".m3u8") {
		return errPlaylistName
	}
	o, text, err := s.readPlaylist(r)
	if err != nil {
		return err
	}
	if err := checkPlaylist(text); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", o.ContentType)
	h.Set("Last-Modified", o.Modified.UTC().Format(http.TimeFormat))
	h.Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusOK)
	for line := range bytes.Lines(text) {
		if _, err := w.Write(signLine(r, line)); err != nil {
			return fmt.Errorf("send %s/%s: %w", o.Bucket, o.Key, err)
		}
	}
	return nil
}

// checkPlaylistToken checks the token as the service documents it. The token has no
// effect here.
func checkPlaylistToken(token string) error {
	if len(token) > maxPlaylistToken {
		return errPlaylistToken
	}
	for _, c := range []byte(token) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.') {
			return errPlaylistTokenBad
		}
	}
	return nil
}

func (s *Server) readPlaylist(r *request) (o store.Object, text []byte, err error) {
	var body io.ReadCloser
	for range 2 { // again if it is overwritten between the record and its bytes
		if o, err = s.readableObject(r, r.target); err != nil {
			return o, nil, err
		}
		if o.Size > maxSignedPlaylist {
			return o, nil, errPlaylistSize
		}
		if body, err = s.config.Store.OpenObject(r.Context(), o, 0, o.Size); !errors.Is(err, store.ErrNoSuchKey) {
			break
		}
	}
	if err != nil {
		return o, nil, err
	}
	defer body.Close()
	text, err = io.ReadAll(body)
	return o, text, err
}

// checkPlaylist counts the segments and playlists that text lists, by any kind of URI.
func checkPlaylist(text []byte) error {
	segments, variants := 0, 0
	for line := range bytes.Lines(text) {
		uri := strings.TrimRight(string(line), "\r\n")
		if strings.HasPrefix(uri, "#") {
			continue
		}
		if i := strings.IndexAny(uri, "?#"); i >= 0 {
			uri = uri[:i]
		}
		switch {
		case strings.HasSuffix(uri, ".ts"):
			segments++
		case strings.HasSuffix(uri, ".m3u8"):
			variants++
		}
	}
	switch {
	case segments > 0 && variants > 0:
		return errPlaylistMixed
	case segments > maxSignedSegments:
		return errPlaylistSegments
	case variants > maxSignedVariants:
		return errPlaylistVariants
	case segments+variants == 0:
		return errPlaylistEmpty
	}
	return nil
}

// signLine returns a line of a playlist, signed by the caller's key if it is the URI of
// a segment or playlist of this bucket. It signs nothing else: the playlist may be
// somebody else's work. The caller may read all that is signed, because only the owner
// of every object can sign.
func signLine(r *request, line []byte) []byte {
	uri := bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	key, ok := siblingKey(r.key, string(uri))
	if !ok {
		return line
	}
	query := url.Values{}
	switch {
	case strings.HasSuffix(key, ".m3u8"):
		query.Set("x-oss-process", "hls/sign") // so that the segments it lists are signed too
	case !strings.HasSuffix(key, ".ts"):
		return line
	}
	signed := append(bytes.Clone(uri), '?')
	signed = append(signed, r.caller.SignURL(key, query).Encode()...)
	return append(signed, line[len(uri):]...)
}

// siblingKey returns the key that a player fetches for a URI in the playlist base. It
// returns false unless every player, by every form of address, fetches that key of the
// same bucket: so for an absolute URI or path, for more ".." than there are folders,
// and for what players read in different ways. It returns false for a key with a
// question mark too: in version 1 its signature also fits another key with a
// parameter.
func siblingKey(base, uri string) (key string, ok bool) {
	if strings.ContainsFunc(uri, unicode.IsControl) || uri != strings.TrimSpace(uri) || uri == "" || uri[0] == '/' || strings.ContainsAny(uri, `?#\`) {
		return "", false
	}
	if first, _, _ := strings.Cut(uri, "/"); strings.Contains(first, ":") { // a scheme (RFC 3986 §4.2)
		return "", false
	}
	names := strings.Split(base, "/")
	names = names[:len(names)-1]
	if slices.Contains(names, ".") || slices.Contains(names, "..") { // players remove these from the base
		return "", false
	}
	steps := strings.Split(uri, "/")
	for i, step := range steps {
		if step == "." || step == ".." {
			if i == len(steps)-1 { // a folder, not a file
				return "", false
			}
			if step == ".." {
				if len(names) == 0 {
					return "", false
				}
				names = names[:len(names)-1]
			}
			continue
		}
		// An escaped slash separates folders for some players and not for others.
		name, err := url.PathUnescape(step)
		if err != nil || name == "." || name == ".." || strings.ContainsAny(name, `/\`) {
			return "", false
		}
		names = append(names, name)
	}
	key = strings.Join(names, "/")
	return key, !strings.Contains(key, "?") && !strings.ContainsFunc(key, unicode.IsControl) && store.CheckKey(key) == nil
}
