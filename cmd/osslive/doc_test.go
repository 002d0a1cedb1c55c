package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// notOurs are folders with tools, data and results, which are not in the repository.
var notOurs = []string{".git", ".tools", "dist", "node_modules", "osslive-data"}

// pages returns every page of the repository, as paths from here.
func pages(t *testing.T) (all []string) {
	t.Helper()
	const root = "../.."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains(notOurs, d.Name()):
			return filepath.SkipDir
		case !d.IsDir() && filepath.Ext(path) == ".md":
			all = append(all, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("%d pages found: the repository has more", len(all))
	}
	return all
}

// TestPagesNameFlags: every command and flag of osslive that a page names is there.
// The integration tests run the blocks of the pages.
func TestPagesNameFlags(t *testing.T) {
	parser, err := newParser(&cli{})
	if err != nil {
		t.Fatal(err)
	}
	commands, flags, variables := map[string]bool{}, map[string]bool{}, map[string]bool{}
	err = kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		if command, ok := node.(*kong.Node); ok {
			commands[command.Name] = true
			flags["help"] = true
			for _, f := range command.Flags {
				flags[f.Name] = true
				for _, v := range f.Envs {
					variables[v] = true
				}
			}
		}
		return next(nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, page := range append(pages(t), "../../compose.yaml", "../../Dockerfile") {
		if strings.Contains(filepath.ToSlash(page), "/integration/") {
			continue // has variables of the tests
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for pattern, known := range map[string]map[string]bool{
			"`osslive ([a-z]+)[ `]":      commands, // at the begin of a code span
			"`--([a-z-]+)":               flags,
			"osslive [a-z ]*--([a-z-]+)": flags,
			"(OSSLIVE_[A-Z_]+[A-Z])":     variables,
		} {
			for _, m := range regexp.MustCompile("(?m)"+pattern).FindAllSubmatch(text, -1) {
				named++
				if !known[string(m[1])] {
					t.Errorf("%s names %s, which osslive does not have", page, m[1])
				}
			}
		}
	}
	t.Logf("%d names", named)
}

// TestCommandsPage: doc/commands.md has every command, and every flag of the server.
func TestCommandsPage(t *testing.T) {
	parser, err := newParser(&cli{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../doc/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	has := func(name string) bool {
		return regexp.MustCompile("`" + regexp.QuoteMeta(name) + "[` \\[]").Match(text)
	}
	named := 0
	for _, command := range parser.Model.Leaves(true) {
		if !has("osslive " + command.Name) {
			t.Errorf("doc/commands.md has no command %s", command.Name)
		}
		if command.Name != "serve" {
			continue
		}
		for _, f := range command.Flags {
			named++
			if !has("--" + f.Name) {
				t.Errorf("doc/commands.md has no flag --%s", f.Name)
			}
		}
	}
	if named < 20 {
		t.Errorf("%d flags of serve are looked for: it has more", named)
	}
}

// TestFiveMinutes: a newcomer reads each page in five minutes, at 250 words a
// minute, up to a line that begins its reference part; a design record in half of
// that; the README in three, and it has at most 150 lines.
func TestFiveMinutes(t *testing.T) {
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		most := 5 * 250
		switch name := strings.TrimPrefix(filepath.ToSlash(page), "../../"); {
		case name == "README.md":
			most = 3 * 250
			if n := strings.Count(string(text), "\n"); n > 150 {
				t.Errorf("%s has %d lines, want at most 150", page, n)
			}
		case strings.HasPrefix(name, "doc/design/"):
			most /= 2
		case name != "CONTRIBUTING.md" && name != "SECURITY.md" && !strings.HasPrefix(name, "doc/"):
			continue // notes on test data and lists
		}
		story, _, _ := strings.Cut(string(text), "\n---\n")
		if n := len(strings.Fields(story)); n > most {
			t.Errorf("%s has %d words, want at most %d", page, n, most)
		}
	}
}
