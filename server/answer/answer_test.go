package answer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"osslive/auth"
	"osslive/store"
)

// sentinels returns the names of the exported errors that the package in a folder
// declares.
func sentinels(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, spec := range g.Specs {
				for _, id := range spec.(*ast.ValueSpec).Names {
					if strings.HasPrefix(id.Name, "Err") {
						names = append(names, id.Name)
					}
				}
			}
		}
	}
	return names
}

// TestEverySentinelHasARow reads the errors that store and auth declare, and the rows
// of the table, from their source.
func TestEverySentinelHasARow(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "table.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && strings.HasPrefix(s.Sel.Name, "Err") {
			rows = append(rows, s.Sel.Name)
		}
		return true
	})
	for dir, least := range map[string]int{"../../store": 19, "../../store/seam": 5, "../../auth": 13} {
		declared := sentinels(t, dir)
		if len(declared) < least {
			t.Errorf("%s declares %d errors, want at least %d: is this the right folder?", dir, len(declared), least)
		}
		for _, name := range declared {
			if !slices.Contains(rows, name) {
				t.Errorf("%s of %s has no row", name, dir)
			}
		}
	}
}

// TestRows: each row is whole, and no row before it takes its error.
func TestRows(t *testing.T) {
	for i := range table {
		row := &table[i]
		if http.StatusText(row.Status) == "" || row.Code == "" || row.Message == "" || row.Details != nil {
			t.Errorf("%v: %+v", row.err, row.Error)
		}
		if row.Publish != "" && row.Class == Internal {
			t.Errorf("%v has words for a publisher, who is answered InternalError", row.err)
		}
		if got := Of(fmt.Errorf("wrapped: %w", row.err)); got != &row.Error {
			t.Errorf("%v is answered %v, want %v", row.err, got, &row.Error)
		}
	}
	for _, e := range []*Error{ErrUnsigned, ErrPublishPath, ErrAmbiguous, ErrLineBreak} {
		if e.Class == Internal || cmp.Or(e.Publish, e.Message) == "" {
			t.Errorf("%v refuses a publish, and has no answer to it", e)
		}
	}
}

func TestOf(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{errors.New("secret of the disk"), "500 InternalError  []"},
		{fmt.Errorf("read: %w", ErrBucketACL), "403 AccessDenied 0003-00000001 []"},
		{fmt.Errorf("%w: %w", ErrRepeated, store.ErrNoSuchKey), "400 InvalidArgument  []"},
		{&store.PositionError{Length: 3}, "409 PositionNotEqualToLength  []"},
		{&store.InvalidError{Field: "ObjectACL", Value: "x", Rule: "value", Message: "no"}, "400 InvalidArgument  [{ArgumentName x-oss-object-acl} {ArgumentValue x}]"},
		{&store.InvalidError{Field: "ChannelName", Rule: "utf8"}, "400 InvalidArgument 0017-00000259 [{ArgumentName ChannelName} {ArgumentValue }]"},
		{&store.InvalidError{Field: "ChannelName", Rule: "slash"}, "400 InvalidArgument 0017-00000258 [{ArgumentName ChannelName} {ArgumentValue }]"},
		{&store.InvalidError{Field: "BucketName", Value: "B"}, "400 InvalidBucketName 0015-00000001 [{BucketName B}]"},
		{&auth.SkewError{}, "403 RequestTimeTooSkewed 0002-00000504 []"},
		{auth.ErrPayload, "400 InvalidArgument 0002-00000214 []"},
		{&auth.CredentialError{}, "400 InvalidArgument  []"},
		{context.Canceled, "400 RequestTimeout  []"},
	} {
		a := Of(c.err)
		if got := fmt.Sprintf("%d %s %s %v", a.Status, a.Code, a.EC, a.Details); got != c.want {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
	}
}

// TestWith: an answer with details is still the error that it was made of, which
// stays as it is.
func TestWith(t *testing.T) {
	named := ErrRepeated.With("ArgumentName", "a")
	first, second := named.With("ArgumentValue", "1"), named.With("ArgumentValue", "2")
	if !errors.Is(first, ErrRepeated) || !errors.Is(second, named) || errors.Is(first, ErrAnonymous) {
		t.Error("details make another error of it")
	}
	if got := fmt.Sprint(ErrRepeated.Details, first.Details, second.Details); got != "[] [{ArgumentName a} {ArgumentValue 1}] [{ArgumentName a} {ArgumentValue 2}]" {
		t.Errorf("got details %s", got)
	}
}
