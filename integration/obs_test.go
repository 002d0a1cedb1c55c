package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// OBS Studio publishes from the profile that "osslive obs" wrote: nothing of it
// is typed or changed by hand.
func TestOBSProfile(t *testing.T) {
	obs, xvfb := tool(t, "obs"), tool(t, "Xvfb")
	s := serve(t, t.TempDir(), "media")
	c := s.client("media")
	c.putChannel(t, "studio", 4, 3)

	home := t.TempDir()
	config := filepath.Join(home, "obs-studio")
	profiles := filepath.Join(config, "basic", "profiles")
	for _, dir := range []string{profiles, filepath.Join(config, "basic", "scenes")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	run(t, 10*time.Second, osslive(t), "obs", "--out", profiles, "--key", owner.ID+":"+owner.Secret, "--frag-duration", "4",
		"rtmp://"+s.HTTP+"/media/live/studio")
	imported, err := os.ReadDir(profiles)
	if err != nil || len(imported) != 1 {
		t.Fatalf("profiles: got %v, %v, want one", imported, err)
	}
	profile := imported[0].Name()
	// A first start, or the first of a new version, would open a dialog. OBS
	// streams only with scenes from a file.
	files := map[string]string{
		"global.ini": fmt.Sprintf("[General]\nFirstRun=true\nLastVersion=4294967295\nInfoIncrement=2147483647\n"+
			"[Basic]\nProfile=%s\nProfileDir=%s\nSceneCollection=Test\nSceneCollectionFile=Test\n", profile, profile),
		"basic/scenes/Test.json": fmt.Sprintf(`{"name":"Test","current_scene":"scene","current_program_scene":"scene","sources":[
			{"id":"ffmpeg_source","name":"clip","mixers":255,"settings":{"local_file":%q,"looping":true}},
			{"id":"scene","name":"scene","settings":{"items":[{"id":1,"name":"clip","visible":true,"scale":{"x":4,"y":4}}]}}]}`, small(t)),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(config, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	env := append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_RUNTIME_DIR="+home, "LIBGL_ALWAYS_SOFTWARE=1")
	screen := exec.Command(xvfb, "-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp")
	screen.Env = env
	display := start(t, screen)
	number := ""
	eventually(t, 15*time.Second, "a screen", func() error {
		for _, line := range strings.Fields(display.output()) {
			if strings.Trim(line, "0123456789") == "" {
				number = line
				return nil
			}
		}
		return errNotYet
	})
	studio := exec.Command(obs, "--startstreaming", "--multi", "--disable-shutdown-check")
	studio.Env = append(env, "DISPLAY=:"+number)
	began := time.Now()
	p := start(t, studio)
	w := watch(t, c.url("studio/playlist.m3u8"), 4*time.Second, 3)
	eventually(t, 30*time.Second, "OBS is live", func() error {
		if err, gone := p.exited(); gone {
			t.Fatalf("OBS ended: %v\n%s", err, tail(p.output(), 6000))
		}
		if n := len(w.entries()); n < 2 {
			return fmt.Errorf("%d segments", n)
		}
		return nil
	})
	t.Logf("two segments %v after OBS was started", time.Since(began).Round(100*time.Millisecond))
	if s := c.stat(t, "studio"); s.Video == nil || s.Audio == nil || s.Video.Codec != "H264" || s.Audio.Codec != "AAC" || s.Video.Width != 1280 || s.Video.Height != 720 {
		t.Errorf("stat: got video %+v and audio %+v, want H.264 of 1280x720, and AAC", s.Video, s.Audio)
	}
	// The profile asks for a key frame each 2 s, of which FragDuration is a multiple.
	// How long a segment gets is up to the machine: OBS leaves out pictures when it
	// is short of time.
	if !regexp.MustCompile(`keyint:\s+60\s`).MatchString(p.output()) {
		t.Error("OBS does not encode with a key frame each 60 pictures")
	}
	for _, segment := range w.entries() {
		if segment.Duration < 3900*time.Millisecond {
			t.Errorf("%s lasts %v, want FragDuration, 4 s, or more", segment.URI, segment.Duration)
		}
		t.Logf("%s: %v", segment.URI, segment.Duration)
	}
	w.check(t)
}
