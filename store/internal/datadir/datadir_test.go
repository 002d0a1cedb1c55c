package datadir

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestPrepare(t *testing.T) {
	tests := []struct {
		name  string
		setUp func(t *testing.T, root string) (dir string)
		want  []string // parts of the error; none: no error
	}{
		{"new, with parents", func(t *testing.T, root string) string {
			return filepath.Join(root, "a", "b")
		}, nil},
		{"there already", func(t *testing.T, root string) string { return root }, nil},
		{"is a file", func(t *testing.T, root string) string {
			path := filepath.Join(root, "file")
			write(t, path)
			return path
		}, []string{"file", "is a file", "choose another"}},
		{"parent is a file", func(t *testing.T, root string) string {
			path := filepath.Join(root, "file")
			write(t, path)
			return filepath.Join(path, "below")
		}, []string{"below", "is a file"}},
		{"not writable", func(t *testing.T, root string) string {
			if os.Getuid() == 0 || runtime.GOOS == "windows" {
				t.Skip("permissions do not bind this user")
			}
			path := filepath.Join(root, "locked")
			if err := os.Mkdir(path, 0o500); err != nil {
				t.Fatal(err)
			}
			return path
		}, []string{"locked", fmt.Sprintf("uid %d", os.Getuid()), "chown"}},
		{"read-only file system", func(t *testing.T, root string) string {
			if runtime.GOOS != "linux" {
				t.Skip("needs /proc")
			}
			return "/proc/osslive"
		}, []string{"/proc/osslive"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := tt.setUp(t, t.TempDir())
			err := Prepare(dir)
			if tt.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				entries, err := os.ReadDir(dir)
				if err != nil || len(entries) != 0 {
					t.Errorf("directory after Prepare: %v, %v; want it empty", entries, err)
				}
				return
			}
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %q", err, part)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q has several lines", err)
			}
		})
	}
}

func write(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}
