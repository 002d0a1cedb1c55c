// Command dist makes a release: for each system a binary with its licences in an
// archive, an SBOM, and checksums. It builds every binary in two folders and fails if
// the two differ.
//
// It owns the names and the layout of what is released. It must not know what the
// binary does.
package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	out := flag.String("out", "dist", "folder of the release; replaced")
	targets := flag.String("targets", "linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64", "systems to build for")
	flag.Parse()
	if err := run(*out, strings.Fields(*targets)); err != nil {
		log.Fatal("dist: ", err)
	}
}

// release is what all files of a release share.
type release struct {
	out     string
	version string    // without v
	time    time.Time // of the commit: what files are dated with
}

func run(out string, targets []string) error {
	if changed, err := git("status", "--porcelain"); err != nil || changed != "" {
		return errors.Join(err, fmt.Errorf("the source has changes that are not committed: %s", changed))
	}
	r := release{out: out}
	describe, err := git("describe", "--tags", "--always", "--dirty", "--match", "v[0-9]*")
	if err != nil {
		return err
	}
	r.version = strings.TrimPrefix(describe, "v")
	seconds, err := git("log", "-1", "--format=%ct")
	if err != nil {
		return err
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return fmt.Errorf("time of the commit: %w", err)
	}
	r.time = time.Unix(unix, 0).UTC()

	// A second folder with the same commit shows what of the first gets into a binary.
	other, err := os.MkdirTemp("", "osslive-dist-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(other)
	clone := filepath.Join(other, "a", "longer", "path")
	if err := copyTree(clone); err != nil {
		return fmt.Errorf("copy the source: %w", err)
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for _, target := range targets {
		if err := r.target(target, clone); err != nil {
			return fmt.Errorf("%s: %w", target, err)
		}
	}
	return r.checksums()
}

// target builds one system's binary twice, and writes its archive and SBOM.
func (r *release) target(target, clone string) error {
	system, arch, found := strings.Cut(target, "/")
	if !found {
		return fmt.Errorf("is not SYSTEM/ARCHITECTURE")
	}
	var binaries [2][]byte
	for i, folder := range []string{".", clone} {
		began := time.Now()
		binary, err := build(folder, system, arch)
		if err != nil {
			return err
		}
		binaries[i] = binary
		log.Printf("%s: built in folder %d of 2, %d bytes, %v", target, i+1, len(binary), time.Since(began).Round(time.Millisecond))
	}
	if !bytes.Equal(binaries[0], binaries[1]) {
		return fmt.Errorf("two builds differ: sha256 %x and %x", sha256.Sum256(binaries[0]), sha256.Sum256(binaries[1]))
	}
	name := fmt.Sprintf("osslive_%s_%s_%s", r.version, system, arch)
	if err := r.archive(name, system, binaries[0]); err != nil {
		return err
	}
	return r.sbom(name, binaries[0])
}

// build returns the binary of the source in folder.
func build(folder, system, arch string) ([]byte, error) {
	file, err := os.CreateTemp("", "osslive-*")
	if err != nil {
		return nil, err
	}
	file.Close()
	defer os.Remove(file.Name())
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file.Name(), "./cmd/osslive")
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+arch, "GOAMD64=v1", "GOFLAGS=")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go build: %w", err)
	}
	return os.ReadFile(file.Name())
}

// copyTree clones the repository to a folder, and copies the player of the console,
// which is built and not committed.
func copyTree(to string) error {
	if _, err := git("clone", "-q", "--no-hardlinks", ".", to); err != nil {
		return err
	}
	const player = "server/console/static/hls.js"
	if _, err := os.Stat(player); err != nil {
		return fmt.Errorf("the console's player is missing, make it with server/console/hlsjs/fetch.sh: %w", err)
	}
	return os.CopyFS(filepath.Join(to, player), os.DirFS(player))
}

func git(args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}
