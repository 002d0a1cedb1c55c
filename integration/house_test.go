package integration

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Bounds of the code, without tests.
const (
	maxFunction = 80  // lines
	maxFile     = 420 // lines
	maxStore    = 60  // exported names of package store
)

// source is a Go file that is not a test.
type source struct {
	path  string // from the root
	lines int
	file  *ast.File
	set   *token.FileSet
}

// sources reads all Go files of the repository that are not tests.
func sources(t *testing.T) (all []source) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if name == "testdata" || name == "node_modules" || name == "dist" || strings.HasPrefix(name, ".") && path != root {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		all = append(all, source{filepath.ToSlash(relative), strings.Count(string(text), "\n"), file, set})
		return err
	})
	if err != nil || len(all) < 100 {
		t.Fatalf("%d files, %v", len(all), err)
	}
	return all
}

// TestSizes: functions and files stay short enough to be read at once.
func TestSizes(t *testing.T) {
	for _, s := range sources(t) {
		if s.lines > maxFile {
			t.Errorf("%s has %d lines, at most %d: it may hold two ideas", s.path, s.lines, maxFile)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := s.set.Position(f.End()).Line - s.set.Position(f.Pos()).Line + 1; n > maxFunction {
				t.Errorf("%s: %s has %d lines, at most %d", s.path, f.Name.Name, n, maxFunction)
			}
		}
	}
}

// TestStoreSurface: package store is what every other room uses; its names stay few.
func TestStoreSurface(t *testing.T) {
	var names []string
	for _, s := range sources(t) {
		if filepath.ToSlash(filepath.Dir(s.path)) == "store" {
			names = append(names, exported(s.file)...)
		}
	}
	if len(names) > maxStore {
		slices.Sort(names)
		t.Errorf("store exports %d names, at most %d: %v", len(names), maxStore, names)
	}
}

// exported returns the exported names that a file declares, without methods.
func exported(file *ast.File) (names []string) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.IsExported() {
				names = append(names, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					if spec.Name.IsExported() {
						names = append(names, spec.Name.Name)
					}
				case *ast.ValueSpec:
					for _, n := range spec.Names {
						if n.IsExported() {
							names = append(names, n.Name)
						}
					}
				}
			}
		}
	}
	return names
}

// TestPackageComments: each package says what it owns and what it must not know.
func TestPackageComments(t *testing.T) {
	comments := map[string]string{}
	for _, s := range sources(t) {
		dir := filepath.ToSlash(filepath.Dir(s.path))
		if s.file.Doc != nil {
			comments[dir] += s.file.Doc.Text()
		} else {
			comments[dir] += ""
		}
	}
	for dir, text := range comments {
		if strings.HasPrefix(dir, "integration/") { // programs of the tests
			continue
		}
		for _, want := range []string{" owns ", " not know"} {
			if !strings.Contains(" "+strings.Join(strings.Fields(text), " "), want) {
				t.Errorf("the package comment of %s has no %q: say what the package owns and what it must not know", dir, strings.TrimSpace(want))
			}
		}
	}
}
