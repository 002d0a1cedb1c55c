package api

import (
	"bytes"
	"crypto/md5"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"osslive/store"
)

// Bounds of a request body in XML.
const (
	maxConfigBody = 64 << 10 // bytes
	maxListBody   = 2 << 20  // bytes, of a list of keys or parts, of which there can be 10,000
	maxXMLDepth   = 32
	maxXMLNames   = 64 // different children of one element
)

// xmlBody reads the body of a request as decodeXML does, and holds it to its
// Content-MD5 if it has one. errEmptyBody says that there was no body.
func (r *request) xmlBody(limit int64, v any, repeatable ...string) error {
	want, err := contentMD5(r)
	if err != nil {
		return err
	}
	sum := md5.New()
	if err := decodeXML(io.TeeReader(r.body, sum), limit, v, repeatable...); err != nil {
		return err
	}
	if want != nil && !bytes.Equal(sum.Sum(nil), want) {
		return store.ErrBadDigest
	}
	return nil
}

// decodeXML reads a body of at most limit bytes into v. Element names are
// matched with their case and unknown elements ignored. Anything that is not
// one plain document is errMalformedXML: a DOCTYPE, a nesting too deep, an
// element given twice (those in repeatable excepted), text after the end.
func decodeXML(body io.Reader, limit int64, v any, repeatable ...string) error {
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return bodyError(err)
	}
	if int64(len(data)) > limit {
		return errBodyTooLarge
	}
	if len(data) == 0 {
		return errEmptyBody
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if err := checkXML(data, repeatable); err != nil {
		return errMalformedXML
	}
	if err := xml.Unmarshal(data, v); err != nil {
		return errMalformedXML
	}
	return nil
}

var errNotPlainXML = errors.New("not one plain document")

// checkXML walks a document before anything is built from it: xml.Unmarshal
// descends as deep as a document goes, and Go cannot recover from an exhausted
// stack.
func checkXML(data []byte, repeatable []string) error {
	allowedTwice := map[string]bool{}
	for _, name := range repeatable {
		allowedTwice[name] = true
	}
	seen := []map[string]bool{{}} // names of the children so far, for each open element
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.RawToken()
		if err == io.EOF && len(seen) == 1 && len(seen[0]) == 1 {
			return nil
		} else if err != nil {
			return errors.Join(errNotPlainXML, err)
		}
		depth := len(seen) - 1
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			twice := seen[depth][name] && !allowedTwice[name]
			secondRoot := depth == 0 && len(seen[0]) > 0
			if twice || secondRoot || depth == maxXMLDepth || len(seen[depth]) == maxXMLNames {
				return errNotPlainXML
			}
			seen[depth][name] = true
			seen = append(seen, map[string]bool{})
		case xml.EndElement:
			if depth == 0 {
				return errNotPlainXML
			}
			seen = seen[:depth]
		case xml.CharData:
			if depth == 0 && len(bytes.TrimSpace(token)) > 0 {
				return errNotPlainXML
			}
		case xml.Directive:
			return errNotPlainXML
		}
	}
}

// encodeXML renders v as the service does: two spaces of indentation and a
// newline at the end. Characters that XML 1.0 cannot carry become U+FFFD.
func encodeXML(v any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	e.Indent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return []byte(plainText.Replace(b.String())), nil
}

// plainText undoes escapes that only attributes need, and there are none: the
// service writes "couldn't" and the lines of a StringToSign as they are.
var plainText = strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&#xA;", "\n", "&#x9;", "\t")

// writeXML answers 200 with v.
func writeXML(w http.ResponseWriter, v any) error {
	b, err := encodeXML(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(http.StatusOK)
	_, err = w.Write(b)
	return err
}

// xmlTime renders a date as all XML answers do: UTC, the milliseconds always
// 000. The C SDK's tests look for the suffix, the Python SDK's parser is as strict.
func xmlTime(t time.Time) string {
	return t.UTC().Truncate(time.Second).Format("2006-01-02T15:04:05.000Z")
}

// text is an element's trimmed text; an empty element counts as absent, since
// the Python SDK sends <PlaylistName /> for none.
type text string

func (t *text) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var s string
	if err := d.DecodeElement(&s, &start); err != nil {
		return err
	}
	*t = text(strings.TrimSpace(s))
	return nil
}
