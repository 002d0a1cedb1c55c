package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	linkPattern = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	spanPattern = regexp.MustCompile("`([^`\n]+)`")
	// pathPattern is a path in the tree: it has a slash or the end of one of our files.
	pathPattern = regexp.MustCompile(`^\.?[A-Za-z0-9_*-][A-Za-z0-9_.*/-]*$`)
	testPattern = regexp.MustCompile(`^(Test|Fuzz|Benchmark|Example)[A-Z][A-Za-z0-9]*$`)
	funcPattern = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark|Example)[A-Za-z0-9_]*)\(`)
	headPattern = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	codeFence   = regexp.MustCompile("(?ms)^```.*?^```$")
)

// tree is what pages can point to.
type tree struct {
	paths map[string]bool // files and folders, from the root
	names map[string]bool // of files, without their folders
	tests map[string]bool // functions
}

func readTree(t *testing.T) tree {
	t.Helper()
	all := tree{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	err := filepath.WalkDir("../..", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains(notOurs, d.Name()) {
			return filepath.SkipDir
		}
		name := strings.TrimPrefix(filepath.ToSlash(file), "../../")
		all.paths[name] = true
		if d.IsDir() {
			return nil
		}
		all.names[d.Name()] = true
		if strings.HasSuffix(name, "_test.go") {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			for _, m := range funcPattern.FindAllSubmatch(text, -1) {
				all.tests[string(m[1])] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// has reports whether the tree has what a page in folder calls name; name may hold
// an asterisk.
func (all tree) has(folder, name string) bool {
	name = strings.TrimSuffix(name, "/")
	if !strings.Contains(name, "/") && !strings.Contains(name, "*") {
		return all.names[name] || all.paths[name]
	}
	for _, from := range []string{".", folder} {
		full := path.Join(from, name)
		if all.paths[full] {
			return true
		}
		for have := range all.paths {
			if ok, _ := path.Match(full, have); ok {
				return true
			}
		}
	}
	return false
}

// looksLikeFile reports whether name begins with a folder at the top, or has the ending of
// a file of ours.
func (all tree) looksLikeFile(name string) bool {
	if !pathPattern.MatchString(name) {
		return false
	}
	first, _, nested := strings.Cut(name, "/")
	switch path.Ext(name) {
	case ".go", ".md", ".sh", ".js", ".py", ".yaml", ".txt", ".txtar", ".java":
		return true
	}
	return nested && all.paths[first]
}

// TestLinks: what a page points to is there: links and their anchors, and in
// backquotes files, folders and tests.
func TestLinks(t *testing.T) {
	all := readTree(t)
	links, files, tests := 0, 0, 0
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(filepath.ToSlash(page), "../../")
		folder := path.Dir(name)
		prose := codeFence.ReplaceAllString(string(text), "")
		for _, m := range linkPattern.FindAllStringSubmatch(prose, -1) {
			links++
			if fault := brokenLink(all, name, m[1]); fault != "" {
				t.Errorf("%s links to %s: %s", name, m[1], fault)
			}
		}
		for _, m := range spanPattern.FindAllStringSubmatch(prose, -1) {
			switch {
			case testPattern.MatchString(m[1]):
				tests++
				if !all.tests[m[1]] {
					t.Errorf("%s names the test %s, which is not there", name, m[1])
				}
			case name != "CHANGELOG.md" && all.looksLikeFile(m[1]): // a changelog names what has gone, too
				files++
				if !all.has(folder, m[1]) {
					t.Errorf("%s names %s, which is not there", name, m[1])
				}
			}
		}
	}
	if links < 40 || files < 80 || tests < 40 {
		t.Errorf("%d links, %d files and %d tests are checked: the pages have more", links, files, tests)
	}
	t.Logf("%d links, %d files, %d tests", links, files, tests)
}

// TestWalks: each file of doc/walks.md has the functions that its row names.
func TestWalks(t *testing.T) {
	text, err := os.ReadFile("../../doc/walks.md")
	if err != nil {
		t.Fatal(err)
	}
	stops := 0
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z/_]+\\.go)` \\|([^|]*)\\|").FindAllStringSubmatch(string(text), -1) {
		source, err := os.ReadFile(filepath.Join("../..", filepath.FromSlash(row[1])))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, m := range spanPattern.FindAllStringSubmatch(row[2], -1) {
			stops++
			if !regexp.MustCompile(`(?m)^func (\([^)]*\) )?` + m[1] + `\(`).Match(source) {
				t.Errorf("%s has no function %s", row[1], m[1])
			}
		}
	}
	if stops < 50 {
		t.Errorf("%d functions are checked: the walks have more", stops)
	}
}

// TestPagesAreListed: the index of a folder in doc links to each page in it.
func TestPagesAreListed(t *testing.T) {
	for _, index := range []string{"../../doc/README.md", "../../doc/design/README.md"} {
		text, err := os.ReadFile(index)
		if err != nil {
			t.Fatal(err)
		}
		beside, err := filepath.Glob(filepath.Join(filepath.Dir(index), "*.md"))
		if err != nil || len(beside) < 10 {
			t.Fatalf("pages beside %s: got %v, %v", index, beside, err)
		}
		for _, page := range beside {
			if name := filepath.Base(page); name != "README.md" && !strings.Contains(string(text), "]("+name+")") {
				t.Errorf("%s does not link to %s", index, name)
			}
		}
	}
}

// brokenLink returns what is wrong with a link of a page; "" if nothing is. What is
// outside the repository is not looked at.
func brokenLink(all tree, page, link string) string {
	if strings.Contains(link, "://") {
		return ""
	}
	file, anchor, _ := strings.Cut(link, "#")
	to := page
	if file != "" {
		to = path.Join(path.Dir(page), file)
	}
	if !all.paths[to] {
		return "no such file"
	}
	if anchor == "" {
		return ""
	}
	text, err := os.ReadFile(filepath.Join("../..", filepath.FromSlash(to)))
	if err != nil {
		return err.Error()
	}
	for _, m := range headPattern.FindAllStringSubmatch(codeFence.ReplaceAllString(string(text), ""), -1) {
		if anchorOf(m[1]) == anchor {
			return ""
		}
	}
	return "no such heading"
}

// anchorOf returns the anchor of a heading, by the rule of GitHub and GitLab: lower
// case, hyphens for spaces, no punctuation.
func anchorOf(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(heading)) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 127:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// TestLinksFindsFaults: the check of links fails where it should.
func TestLinksFindsFaults(t *testing.T) {
	all := readTree(t)
	for link, broken := range map[string]bool{
		"doc/sdk.md": false, "doc/operator.md#tls": false, "https://example.com/x": false, "#two-commands": false,
		"doc/nothing.md": true, "doc/operator.md#nothing": true, "#nothing": true,
	} {
		if fault := brokenLink(all, "README.md", link); (fault != "") != broken {
			t.Errorf("%s: got %q", link, fault)
		}
	}
	for name, want := range map[string]bool{
		"doc.go": true, "server/api/routes.go": true, "server/api": true, "rtmp/*.go": true, "nothing.go": false, "server/api/nothing.go": false, "rtmp/nothing*.go": false,
	} {
		if got := all.looksLikeFile(name) && all.has("doc", name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// TestMakeTargets: the Makefile has every target that a page names.
func TestMakeTargets(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		// At the begin of a code span or of a line of a block.
		for _, m := range regexp.MustCompile("(?m)(?:^|`)make ([a-z-]+)").FindAllSubmatch(text, -1) {
			named++
			if !regexp.MustCompile(`(?m)^([a-z-]+ )*` + string(m[1]) + `( [a-z-]+)*:`).Match(makefile) {
				t.Errorf("%s names make %s, which the Makefile does not have", page, m[1])
			}
		}
	}
	if named < 20 {
		t.Errorf("%d targets are checked: the pages have more", named)
	}
}
