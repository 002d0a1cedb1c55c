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
	maxListBody   = 2 << 20  // bytes; a list of keys or parts can have 10,000
	maxXMLDepth   = 32
	maxXMLNames   = 64 // different names of children of one element
)

// xmlBody decodes the body of a request as decodeXML does, and checks its Content-MD5
// if it has one. It returns errEmptyBody if there is no body.
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

// decodeXML decodes a body of at most limit bytes into v. It matches the case of
// element names and ignores unknown elements. It returns errMalformedXML for anything
// but one plain document: for a DOCTYPE, too deep a nesting, an element given twice
// (except those in repeatable), text after the end.
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

// checkXML checks a document before xml.Unmarshal, which recurses as deep as the
// document nests: Go cannot recover from an exhausted stack.
func checkXML(data []byte, repeatable []string) error {
	allowedTwice := map[string]bool{}
	for _, name := range repeatable {
		allowedTwice[name] = true
	}
	seen := []map[string]bool{{}} // names of the children so far, for each open element
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) && len(seen) == 1 && len(seen[0]) == 1 {
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

// encodeXML encodes v as the service does, indented by two spaces and with a newline at
// the end. Characters that XML 1.0 cannot carry become U+FFFD.
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

// plainText undoes escapes that only attributes need, of which there are none: the
// service does not escape "couldn't" and the line ends of a StringToSign.
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

// xmlTime formats a date for an XML answer: in UTC, with the milliseconds 000. The C
// SDK's tests and the Python SDK's parser require that suffix.
func xmlTime(t time.Time) string {
	return t.UTC().Truncate(time.Second).Format("2006-01-02T15:04:05.000Z")
}

// text is an element's trimmed text. An empty element counts as absent, because the
// Python SDK sends <PlaylistName /> for none.
type text string

func (t *text) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var s string
	if err := d.DecodeElement(&s, &start); err != nil {
		return err
	}
	*t = text(strings.TrimSpace(s))
	return nil
}
