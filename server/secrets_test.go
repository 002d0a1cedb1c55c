package server

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"osslive/auth"
)

// TestSecretFiles reads keys and the admin token from files; an error names the flag,
// the file and the line, and shows nothing of the content.
func TestSecretFiles(t *testing.T) {
	const secret, token = "s3cr3t-value", "an-admin-token-of-28-letters"
	for _, c := range []struct {
		name        string
		keys, token string // content of the files; "" is no file
		change      func(*Config)
		want        []auth.Key
		problem     string
	}{
		{name: "a key", keys: "id:" + secret, want: []auth.Key{{ID: "id", Secret: secret}}},
		{name: "several, with comments, token and line ends of Windows", keys: "# ours\r\n\r\nid:" + secret + "\r\n other:x:y \n",
			want: []auth.Key{{ID: "id", Secret: secret}, {ID: "other", Secret: "x", Token: "y"}}},
		{name: "beside --key", keys: "id:" + secret, change: func(c *Config) { c.Keys = []auth.Key{{ID: "first", Secret: "1"}} },
			want: []auth.Key{{ID: "first", Secret: "1"}, {ID: "id", Secret: secret}}},
		{name: "the admin token", token: token + "\n"},
		{name: "no secret", keys: "# none\n", problem: "has no line with a secret"},
		{name: "not a key", keys: "id:ok\n" + secret + "\n", problem: "line 2 is not ID:SECRET or ID:SECRET:TOKEN"},
		{name: "too large", keys: strings.Repeat(secret, secretFile), problem: "a file of secrets has at most"},
		{name: "two tokens", token: token + "\n" + token, problem: "has 2 lines"},
		{name: "a short token", token: secret, problem: "has 12 characters"},
		{name: "token twice", token: token, change: func(c *Config) { c.AdminToken = token }, problem: "is given beside --admin-token"},
		{name: "no file", change: func(c *Config) { c.KeyFiles = []string{"/nowhere/keys"} }, problem: "check the path and the rights"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := Config{Listen: "127.0.0.1:0", RTMP: Off, Admin: Off, Data: Memory}
			for text, field := range map[string]func(string){
				c.keys:  func(f string) { config.KeyFiles = []string{f} },
				c.token: func(f string) { config.AdminTokenFile = f },
			} {
				if text == "" {
					continue
				}
				file := filepath.Join(t.TempDir(), "file")
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				field(file)
			}
			if c.change != nil {
				c.change(&config)
			}
			err := config.Check()
			if c.problem != "" {
				if err == nil || !strings.Contains(err.Error(), c.problem) || strings.Contains(err.Error(), secret) {
					t.Fatalf("got %v, want %q and no secret", err, c.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(config.Keys, c.want) {
				t.Errorf("keys: got %d, want %d", len(config.Keys), len(c.want))
			}
			if want := strings.TrimSpace(c.token); config.AdminToken != want {
				t.Error("the admin token is not that of the file")
			}
		})
	}
}
