package console

import (
	"net/http"
	"strings"
	"testing"

	"osslive/auth"
)

// TestSnippetFilesHaveSettings checks that each file has each setting that the pages
// replace once, as a literal.
func TestSnippetFilesHaveSettings(t *testing.T) {
	for _, s := range snippets {
		text, err := files.ReadFile("snippets/" + s.File)
		if err != nil {
			t.Fatal(err)
		}
		for _, written := range []string{fileEndpoint, fileBucket, fileID, fileSecret} {
			n := strings.Count(string(text), `"`+written+`"`) + strings.Count(string(text), `'`+written+`'`)
			if n != 1 {
				t.Errorf("%s has %q as a literal %d times, want 1", s.File, written, n)
			}
		}
	}
}

// TestPagesHideSecrets checks that no page has a secret but the built-in one, and that
// one only on this machine.
func TestPagesHideSecrets(t *testing.T) {
	builtIn := auth.Key{ID: "osslive", Secret: "osslive-secret"}
	for _, c := range []struct {
		name    string
		key     auth.Key
		builtIn bool
		from    origin
		want    bool
	}{
		{"built-in key, this machine", builtIn, true, here, true},
		{"built-in key, another machine", builtIn, true, there, false},
		{"own key, this machine", testKey, false, here, false},
		{"own key, another machine", testKey, false, there, false},
	} {
		f := newFixture(t, func(c2 *Config) { c2.Key, c2.BuiltIn = c.key, c.builtIn })
		f.putChannel(t, "open", "ch")
		f.putChannel(t, "closed", "ch")
		for _, target := range []string{"/snippets?bucket=open", "/snippets/go.txt?bucket=open", "/snippets/python.py?bucket=closed"} {
			text := f.get(t, target, c.from)
			if got := strings.Contains(text, c.key.Secret); got != c.want {
				t.Errorf("%s: %s has the secret: %v, want %v", c.name, target, got, c.want)
			}
			if !c.want {
				wantAll(t, c.name, text, maskedSecret, c.key.ID)
			}
		}
		for _, target := range []string{"/", "/channel/open/ch", "/channel/closed/ch", "/new", "/publish/closed/ch", "/objects/open", "/login"} {
			if text := f.do(http.MethodGet, target, c.from, nil).Body.String(); strings.Contains(text, c.key.Secret) {
				t.Errorf("%s: %s has the secret", c.name, target)
			}
		}
	}
}

// TestSnippetsHaveServerSettings checks that snippets have the endpoint, key and bucket
// of the server, escaped.
func TestSnippetsHaveServerSettings(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Key.ID = `it's "x"\` })
	f.PublicURL = "http://oss.example.com:8080"
	f.handler = New(f.Config)
	wantAll(t, "Python", f.get(t, "/snippets/python.py?bucket=closed", here), `oss2.Auth('it\'s "x"\\', '`+maskedSecret+`')`, `'http://oss.example.com:8080', 'closed'`)
	wantAll(t, "Go", f.get(t, "/snippets/go.txt?bucket=closed", here), `"it's \"x\"\\"`)
	for target, want := range map[string]int{
		"/snippets/none.py": 404, "/snippets/..%2Fconsole.go": 404, "/snippets/python.py?bucket=none": 404, "/snippets?bucket=none": 404,
	} {
		if w := f.do(http.MethodGet, target, here, nil); w.Code != want {
			t.Errorf("%s: got %d, want %d", target, w.Code, want)
		}
	}
}
