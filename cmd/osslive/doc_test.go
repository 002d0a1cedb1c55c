package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestPagesNameFlags: every command and flag of osslive that the README or a page
// names is there. What they show in blocks is run by the integration tests.
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
	pages, err := filepath.Glob("../../doc/*.md")
	if err != nil || len(pages) < 4 {
		t.Fatalf("pages: got %v, %v", pages, err)
	}
	named := 0
	for _, page := range append(pages, "../../README.md", "../../compose.yaml", "../../Dockerfile") {
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

// TestFiveMinutes: up to where the README becomes a reference, a newcomer reads it
// in five minutes, at 250 words a minute; and each page in as many.
func TestFiveMinutes(t *testing.T) {
	pages, err := filepath.Glob("../../doc/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "../../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		story, _, _ := strings.Cut(string(text), "\n---\n")
		if n := len(strings.Fields(story)); n > 5*250 {
			t.Errorf("%s has %d words, want at most %d", page, n, 5*250)
		}
	}
}
