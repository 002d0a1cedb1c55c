package integration

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// dockerImage is what the Dockerfile makes, built without an engine: each stage is a
// folder, and what it runs is run by this machine's shell.
type dockerImage struct {
	root        string // of the last stage
	env         []string
	user        string
	volume      string
	entrypoint  []string
	healthcheck []string
}

// maxImage is how large the image may be, in bytes.
const maxImage = 25 << 20

// TestContainer builds the image as the Dockerfile says, runs it as the compose
// file says, read-only and as its own user, and beside it the application.
func TestContainer(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs a container's content: not in -short")
	}
	img := buildImage(t)
	size := int64(0)
	err := filepath.WalkDir(img.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		size += info.Size()
		return err
	})
	if err != nil || size > maxImage {
		t.Errorf("the image has %d bytes (%v), want at most %d", size, err, maxImage)
	}
	t.Logf("image: %.1f MiB", float64(size)/(1<<20))
	static(t, filepath.Join(img.root, img.entrypoint[0]))
	again := buildImage(t) // in other folders
	if one, two := sum(t, img.root, img.entrypoint[0]), sum(t, again.root, img.entrypoint[0]); one != two {
		t.Errorf("the same source makes %x, then %x", one, two)
	}
	if img.user != "65532:65532" || img.volume != "/data" {
		t.Errorf("user %q and volume %q, want 65532:65532 and /data", img.user, img.volume)
	}

	compose := readCompose(t)
	server, app := compose.Services["osslive"], compose.Services["app"]
	if !server.ReadOnly || app.DependsOn["osslive"].Condition != "service_healthy" {
		t.Error("the compose file does not run a read-only server that its application waits for")
	}
	volume := t.TempDir()
	// A new volume begins as a copy of what the image has there.
	run(t, time.Minute, "cp", "-a", filepath.Join(img.root, img.volume)+"/.", volume)
	box := img.run(t, server, volume)
	eventually(t, readyWithin, "the container is healthy", func() error {
		if err, gone := box.process.exited(); gone {
			t.Fatalf("the container ended: %v\n%s", err, box.process.output())
		}
		out, err := box.inside(t, img.env, img.healthcheck...).CombinedOutput()
		if err == nil && strings.TrimSpace(string(out)) != "ready" {
			err = fmt.Errorf("it says %q", out)
		}
		return err
	})
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", box.process.cmd.Process.Pid))
	if err != nil || !strings.Contains(string(status), "\nUid:\t65532\t65532\t65532\t65532\n") {
		t.Errorf("the server does not run as 65532: %v\n%s", err, status)
	}

	python := filepath.Join(root, ".tools", "oss2-newest", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		missing(t, python)
	}
	script, _, _ := strings.Cut(app.Volumes[0], ":")
	cmd := box.beside(t, python, filepath.Join(root, script))
	cmd.Env = append(os.Environ(), app.environment()...)
	out, err := cmd.CombinedOutput()
	for _, want := range []string{
		"http://demo.osslive:9000/lecture/playlist.m3u8", "rtmp://demo.osslive:9000/live/lecture?", "from the application", "Idle",
	} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("the application does not print %s (%v):\n%s", want, err, out)
		}
	}
	if out, err := box.beside(t, tool(t, "curl"), "-sS", "-o", "/dev/null", "-w", "%{http_code}", "http://osslive:9001/health/ready").Output(); err != nil || string(out) != "200" {
		t.Errorf("the admin address under its name: got %s, %v, want 200", out, err)
	}

	began := time.Now()
	box.process.signal(syscall.SIGTERM)
	if err, gone := box.process.wait(stopWithin); !gone || err != nil {
		t.Errorf("after SIGTERM: gone %v, %v, want exit 0 within %v", gone, err, stopWithin)
	}
	t.Logf("stopped in %v", time.Since(began).Round(time.Millisecond))

	// A folder of the host instead of a volume, which nobody gave to the user.
	box = img.run(t, server, t.TempDir())
	err, gone := box.process.wait(readyWithin)
	if said := box.process.output(); !gone || err == nil || err.Error() != "exit status 2" || !strings.Contains(said, "uid 65532 may not write there") || !strings.Contains(said, "chown -R 65532") {
		t.Errorf("with a folder of another user: ended %v, %v, want exit status 2 with path, uid and fix:\n%s", gone, err, said)
	}
}

// buildImage follows the Dockerfile.
func buildImage(t *testing.T) *dockerImage {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	img := &dockerImage{}
	stages, dir, stage := map[string]string{}, "/", ""
	for line := range strings.Lines(string(text)) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if word == "" || strings.HasPrefix(word, "#") {
			continue
		}
		switch word {
		case "FROM":
			stage, dir = t.TempDir(), "/"
			if _, name, ok := strings.Cut(rest, " AS "); ok {
				stages[name] = stage
			}
			img.root = stage
		case "WORKDIR":
			dir = rest
			if err := os.MkdirAll(filepath.Join(stage, dir), 0o755); err != nil {
				t.Fatal(err)
			}
		case "COPY":
			copyInto(t, stages, filepath.Join(stage, dir), stage, strings.Fields(rest))
		case "RUN":
			cmd := exec.Command("sh", "-ec", rest)
			cmd.Dir = filepath.Join(stage, dir)
			cmd.Env = append(os.Environ(), "npm_config_prefer_offline=true") // install.sh has fetched it
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("RUN %s: %v\n%s", rest, err, out)
			}
		case "ENV":
			img.env = append(img.env, strings.Fields(rest)...)
		case "USER":
			img.user = rest
		case "VOLUME":
			img.volume = rest
		case "EXPOSE":
		case "ENTRYPOINT":
			list(t, rest, &img.entrypoint)
		case "HEALTHCHECK":
			_, command, _ := strings.Cut(rest, "CMD ")
			list(t, command, &img.healthcheck)
		default:
			t.Fatalf("the Dockerfile has an instruction that this test does not know: %s", line)
		}
	}
	return img
}

func list(t *testing.T, text string, into *[]string) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// copyInto follows COPY: from the repository, or from a stage; a folder is copied
// by its content.
func copyInto(t *testing.T, stages map[string]string, here, stage string, words []string) {
	t.Helper()
	from, owner := root, ""
	for strings.HasPrefix(words[0], "--") {
		option, value, _ := strings.Cut(words[0], "=")
		switch option {
		case "--from":
			from = stages[value]
		case "--chown":
			owner = value
		default:
			t.Fatalf("COPY %s: not known here", option)
		}
		words = words[1:]
	}
	to := words[len(words)-1]
	target := filepath.Join(here, to)
	if filepath.IsAbs(to) {
		target = filepath.Join(stage, to)
	}
	for _, source := range words[:len(words)-1] {
		source = filepath.Join(from, source)
		info, err := os.Stat(source)
		if err != nil {
			t.Fatal(err)
		}
		where := target
		if to == "./" {
			where = filepath.Join(target, filepath.Base(source))
		}
		if info.IsDir() {
			source += "/."
			if err := os.MkdirAll(where, info.Mode().Perm()); err != nil {
				t.Fatal(err)
			}
		}
		run(t, time.Minute, "cp", "-a", source, where)
		if owner != "" && os.Getuid() == 0 {
			run(t, time.Minute, "chown", "-R", owner, where)
		}
	}
}

// sum is the hash of a file of the image.
func sum(t *testing.T, dir, name string) [sha256.Size]byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(text)
}

// static: nothing else of a system is needed to run it.
func static(t *testing.T, path string) {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the binary needs a dynamic linker")
		}
	}
}

// service is the part of a compose file that the test follows.
type service struct {
	Command     []string
	Environment map[string]string
	ReadOnly    bool `yaml:"read_only"`
	Volumes     []string
	DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
	Networks    map[string]struct{ Aliases []string }
}

type composeFile struct {
	Services map[string]*service
}

func readCompose(t *testing.T) (c composeFile) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// environment is NAME=VALUE; ${NAME:-DEFAULT} is its default.
func (s *service) environment() (env []string) {
	for name, value := range s.Environment {
		if _, inner, ok := strings.Cut(value, ":-"); ok && strings.HasPrefix(value, "${") {
			value = strings.TrimSuffix(inner, "}")
		}
		env = append(env, name+"="+value)
	}
	return env
}

// container is a running image: a network and a view of the files of its own.
type container struct {
	process *process
	img     *dockerImage
}

// run starts the image's entry point with the service's command, in a network
// where the service and its aliases have names; volume is a folder.
func (img *dockerImage) run(t *testing.T, s *service, volume string) *container {
	t.Helper()
	if os.Getuid() != 0 {
		without(t, "only root may make a root folder read-only and a network of its own")
	}
	ip := tool(t, "ip")
	if out, err := exec.Command(tool(t, "unshare"), "--mount", "--net", ip, "link", "set", "lo", "up").CombinedOutput(); err != nil {
		without(t, fmt.Sprintf("this machine does not let root make name spaces: %s", out))
	}
	hosts := filepath.Join(t.TempDir(), "hosts")
	names := strings.Join(append([]string{"localhost", "osslive"}, s.Networks["default"].Aliases...), " ")
	if err := os.WriteFile(hosts, []byte("127.0.0.1 "+names+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	const enter = `ip link set lo up
mount --make-rprivate /
mount --bind "$1" /etc/hosts
mount --bind "$2" "$2"
mount --bind "$3" "$2$4"
mount -o remount,bind,ro "$2"
exec env -i PATH="$PATH" $6 chroot --userspec="$5" "$2" `
	env := strings.Join(append(img.env, s.environment()...), " ")
	args := []string{"--mount", "--net", "sh", "-euc", enter + strings.Join(img.entrypoint, " ") + ` ` + strings.Join(s.Command, " "),
		"sh", hosts, img.root, volume, img.volume, img.user, env}
	return &container{start(t, exec.Command("unshare", args...)), img}
}

// beside runs a program of this machine in the container's network.
func (c *container) beside(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	pid := fmt.Sprint(c.process.cmd.Process.Pid)
	return exec.CommandContext(t.Context(), tool(t, "nsenter"), append([]string{"--target", pid, "--net", "--mount", name}, args...)...)
}

// inside runs a program of the image, as its user, with its environment.
func (c *container) inside(t *testing.T, env []string, command ...string) *exec.Cmd {
	t.Helper()
	args := append([]string{"-i", "PATH=" + os.Getenv("PATH")}, env...)
	args = append(args, "chroot", "--userspec="+c.img.user, c.img.root)
	return c.beside(t, "env", append(args, command...)...)
}
