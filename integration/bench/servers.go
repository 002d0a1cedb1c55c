package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// place is the folder of a server's data, and its durability.
type place struct {
	dir        string
	durability string // of osslive
}

// server is a program that receives streams or requests. start runs it on an empty
// folder, for n streams.
type server struct {
	name  string
	start func(ctx context.Context, p place, n int) (*running, error)
}

// running is a started server.
type running struct {
	*process
	bare   bool                        // see publisher
	url    func(i int) string          // URL to publish stream i to
	listed func(i int) ([]byte, error) // stream i's playlist; nil if there is none
	http   string                      // base URL of its objects
	admin  string                      // base URL of the admin address
}

// self returns a server that is this program itself, started in the named mode.
func self(mode, name string) server {
	return server{name, func(ctx context.Context, p place, n int) (*running, error) {
		addr, err := freeAddr()
		if err != nil {
			return nil, err
		}
		exe, err := os.Executable()
		if err != nil {
			return nil, err
		}
		proc, err := spawn(ctx, exe, "-mode", mode, "-addr", addr, "-work", p.dir)
		if err != nil {
			return nil, err
		}
		r := &running{process: proc, bare: true, http: "http://" + addr + "/"}
		r.url = func(int) string { return addr }
		return r, proc.listens(addr)
	}}
}

// the access key of osslive
const keyID, keySecret = "bench-id", "bench-secret"

// osslive starts the server with n live channels that cut at each key frame.
func osslive(binary string, flags ...string) server {
	return server{"osslive", func(ctx context.Context, p place, n int) (*running, error) {
		addr, err := freeAddr()
		if err != nil {
			return nil, err
		}
		admin, err := freeAddr()
		if err != nil {
			return nil, err
		}
		proc, err := spawn(ctx, binary, append([]string{"serve", "--data", filepath.Join(p.dir, "data"), "--durability", p.durability,
			"--listen", addr, "--rtmp", "off", "--admin", admin, "--pprof", "--key", keyID + ":" + keySecret, "--bucket", "bench:public-read-write"}, flags...)...)
		if err != nil {
			return nil, err
		}
		r := &running{process: proc, http: "http://" + addr + "/bench/", admin: "http://" + admin}
		r.url = func(i int) string { return fmt.Sprintf("rtmp://%s/bench/live/ch%d", addr, i) }
		r.listed = func(i int) ([]byte, error) { return get(fmt.Sprintf("%sch%d/playlist.m3u8", r.http, i)) }
		err = proc.listens(addr)
		for i := 0; i < n && err == nil; i++ {
			err = putChannel(ctx, r.http, fmt.Sprintf("ch%d", i), 1)
		}
		return r, err
	}}
}

// putChannel creates a live channel; seconds is its FragDuration.
func putChannel(ctx context.Context, bucket, name string, seconds int) error {
	config := fmt.Sprintf("<LiveChannelConfiguration><Target><Type>HLS</Type><FragDuration>%d</FragDuration>"+
		"<FragCount>8</FragCount></Target></LiveChannelConfiguration>", seconds)
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, bucket+name+"?live", strings.NewReader(config))
	if err != nil {
		return err
	}
	date := time.Now().UTC().Format(http.TimeFormat)
	mac := hmac.New(sha1.New, []byte(keySecret))
	io.WriteString(mac, "PUT\n\n\n"+date+"\n/bench/"+name+"?live") // signature version 1
	req.Header.Set("Date", date)
	req.Header.Set("Authorization", "OSS "+keyID+":"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	_, err = fetch(req)
	return err
}

// nginx starts the server of the Debian packages nginx and libnginx-mod-rtmp.
var nginx = server{"nginx-rtmp", func(ctx context.Context, p place, n int) (*running, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	config := strings.NewReplacer("ADDR", addr, "DIR", p.dir, "MODULE", nginxModule).Replace(nginxConfig)
	file := filepath.Join(p.dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		return nil, err
	}
	proc, err := spawn(ctx, "nginx", "-p", p.dir, "-e", filepath.Join(p.dir, "error.log"), "-c", file)
	if err != nil {
		return nil, err
	}
	r := &running{process: proc}
	r.url = func(i int) string { return fmt.Sprintf("rtmp://%s/live/s%d", addr, i) }
	r.listed = func(i int) ([]byte, error) { return os.ReadFile(fmt.Sprintf("%s/hls/s%d/index.m3u8", p.dir, i)) }
	return r, proc.listens(addr)
}}

const nginxModule = "/usr/lib/nginx/modules/ngx_rtmp_module.so"

// One worker, HLS only; segments are not deleted, as in osslive.
const nginxConfig = `load_module MODULE;
user root;
daemon off;
worker_processes 1;
pid DIR/nginx.pid;
error_log DIR/error.log warn;
worker_rlimit_nofile 8192;
events { worker_connections 2048; }
rtmp {
	access_log off;
	server {
		listen ADDR;
		application live {
			live on;
			hls on;
			hls_path DIR/hls;
			hls_nested on;
			hls_fragment 1s;
			hls_playlist_length 16s;
			hls_cleanup off;
		}
	}
}
`

// client reuses its connections, because playlists are requested again and again.
var client = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}

func get(url string) ([]byte, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return fetch(req)
}

func fetch(req *http.Request) ([]byte, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s\n%s", req.Method, req.URL, resp.Status, body)
	}
	return body, err
}
