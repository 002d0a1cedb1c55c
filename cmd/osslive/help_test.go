package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestFlags walks all commands: every flag says what it is for and has its
// variable, and the same name means one thing, so that one environment serves all.
func TestFlags(t *testing.T) {
	parser, err := newParser(&cli{})
	if err != nil {
		t.Fatal(err)
	}
	flags := 0
	err = kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		command, ok := node.(*kong.Node)
		if !ok {
			return next(nil)
		}
		if command.Type == kong.CommandNode && (command.Help == "" || !strings.HasSuffix(command.Help, ".")) {
			t.Errorf("%s: the help is %q, want a sentence", command.Path(), command.Help)
		}
		for _, f := range command.Flags {
			if f.Name == "help" {
				continue
			}
			flags++
			want := "OSSLIVE_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
			if len(f.Envs) != 1 || f.Envs[0] != want {
				t.Errorf("%s --%s: got the variables %v, want %s", command.Path(), f.Name, f.Envs, want)
			}
			if f.Help == "" || !strings.HasSuffix(f.Help, ".") {
				t.Errorf("%s --%s: the help is %q, want a sentence", command.Path(), f.Name, f.Help)
			}
		}
		return next(nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d flags", flags)
}

// TestSuggestions: a slip of the finger is answered with what was meant.
func TestSuggestions(t *testing.T) {
	for _, c := range []struct{ typed, want string }{
		{"--lisen=:1", `unknown flag --lisen, did you mean "--listen"?`},
		{"serve --publicurl=x", `unknown flag --publicurl, did you mean "--public-url"?`},
		{"push --lop x y", `unknown flag --lop, did you mean "--loop"?`},
		{"serv", `"serv" is not a command; the commands are serve, demo, push, sign, obs,`},
		{"publish rtmp://h/demo/live/ch --key a:b", `"publish" is not a command`},
		{"sign a b", `unexpected argument b`},
		{"serve extra", `unexpected argument extra`},
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), strings.Fields(c.typed), &out, &errs); code != exitUsage {
			t.Errorf("%s: exit code %d, want %d", c.typed, code, exitUsage)
		}
		if !strings.Contains(errs.String(), c.want) {
			t.Errorf("%s: got %q, want %q in it", c.typed, errs.String(), c.want)
		}
	}
}
