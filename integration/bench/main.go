// Bench measures osslive as a whole process and prints the figures beside the targets,
// as a Markdown table. It asserts nothing.
//
// CPU time and memory are those that the operating system counts for the
// server's process and its children. Servers take turns in each round, and a
// figure is the median over the rounds; a multiple is the median of the
// multiples of each turn, since a machine is not equally fast all day.
//
// It also measures two servers that do the least possible work (floor.go) and, where it
// is installed, nginx with its RTMP module. Publishers run in this process and send
// bytes that were made once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(log.Ltime)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

// bench has the settings and the clips that all runs share.
type bench struct {
	binary, base      string // base: of another commit, or ""
	window, look      time.Duration
	megabytes         int
	work, disk, clips string
	servers           map[string]server
	samples           map[sampleKey]*sample
}

type sampleKey struct {
	clip  clip
	chunk int
}

func run(ctx context.Context) error {
	var b bench
	flag.StringVar(&b.binary, "osslive", "./osslive", "the binary to measure")
	rounds := flag.Int("rounds", 3, "how often everything is measured")
	flag.DurationVar(&b.window, "window", 4*time.Second, "how long streams in real time are measured; key frames are 2s apart")
	flag.DurationVar(&b.look, "look", 4*time.Second, "how long playlists are looked at after that")
	flag.IntVar(&b.megabytes, "mb", 600, "megabytes sent flat out")
	only := flag.String("only", "", "measure rows whose name matches this regular expression")
	flag.StringVar(&b.work, "work", "/dev/shm", "folder in memory for what servers write")
	flag.StringVar(&b.disk, "disk", os.TempDir(), "folder on a disk for the same")
	flag.StringVar(&b.clips, "clips", ".tools/media", "folder where the clips are kept")
	base := flag.String("base", "", "another binary of osslive: the two take turns, and the ratio of each row is printed")
	worse := flag.Float64("worse", 3, "per cent by which a row may be worse than -base")
	history := flag.String("record", "", "append the rows to this file, a line of JSON for each run")
	flags := flag.String("flags", "", "one more flag for osslive")
	mode := flag.String("mode", "", "be a server: floor or files, over -work")
	addr := flag.String("addr", "", "of that server")
	flag.Parse()
	if *mode != "" {
		signal.Reset() // in this mode the first signal ends the process
		ln, err := net.Listen("tcp", *addr)
		if err != nil {
			return err
		}
		return map[string]func(net.Listener, string) error{"floor": copyToFiles, "files": serveFiles}[*mode](ln, b.work)
	}
	pattern, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	if b.binary, err = filepath.Abs(b.binary); err != nil {
		return err
	}
	more := []string{}
	if *flags != "" {
		more = append(more, *flags)
	}
	b.samples = map[sampleKey]*sample{}
	b.servers = map[string]server{"floor": self("floor", "floor"), "net/http": self("files", "net/http"), "osslive": osslive(b.binary, more...)}
	_, noNginx := exec.LookPath("nginx")
	if _, err := os.Stat(nginxModule); noNginx == nil && err == nil {
		b.servers[nginx.name] = nginx
	}

	measured := scenarios
	if *base != "" {
		if b.base, err = filepath.Abs(*base); err != nil {
			return err
		}
		b.servers[before] = osslive(b.base, more...)
		measured = comparison(scenarios)
	}
	chosen := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return !pattern.MatchString(r.name) })
	wanted := needs(chosen)
	for _, r := range chosen {
		wanted[[2]string{r.run, before}] = true
	}
	began := time.Now()
	all, failed, err := b.measureAll(ctx, measured, wanted, *rounds)
	if err != nil {
		return err
	}
	fmt.Printf("%s; median of %d rounds, %v\n\n", machine(b.disk), *rounds, time.Since(began).Round(time.Second))
	if *base != "" {
		err = all.compare(os.Stdout, chosen, *worse)
	} else {
		all.print(os.Stdout, chosen, b.servers[nginx.name].start != nil)
	}
	if sent, late := all.sum(messagesSent), all.sum(messagesLate); late > sent/1000 {
		fmt.Printf("\n%.1f %% of the messages were sent over %v late: this machine was too busy for the rows in real time.\n", 100*late/sent, lateSend)
	}
	if *history != "" {
		err = errors.Join(err, all.record(*history, chosen, *rounds, b.disk))
	}
	if failed > 0 {
		err = errors.Join(err, fmt.Errorf("%d runs failed", failed))
	}
	return err
}

// measureAll makes the wanted runs of each round, by scenario and server. It logs and
// counts runs that fail.
func (b *bench) measureAll(ctx context.Context, measured []scenario, wanted map[[2]string]bool, rounds int) (all results, failed int, err error) {
	all = results{}
	for round := range rounds {
		for _, s := range measured {
			for k := range max(1, s.times) * len(s.servers) {
				name := s.servers[(k+round)%len(s.servers)]
				key := [2]string{s.name, name}
				if !wanted[key] {
					continue
				}
				f, err := b.measure(ctx, s, name)
				if ctx.Err() != nil {
					return nil, 0, errors.New("interrupted")
				}
				if err != nil {
					failed++
					log.Printf("%s, %s: %v", s.name, name, err)
					f = figures{}
				} else {
					log.Printf("%d %-12s %-10s %v", round+1, s.name, name, f)
				}
				all[key] = append(all[key], f)
			}
		}
	}
	return all, failed, nil
}

// measure starts a server on an empty folder and makes one run.
func (b *bench) measure(ctx context.Context, s scenario, name string) (figures, error) {
	srv, ok := b.servers[name]
	if !ok {
		return nil, nil
	}
	p := place{b.work, "relaxed"}
	if s.disk {
		p.dir = b.disk
	}
	if s.strict {
		p.durability = "strict"
	}
	dir, err := os.MkdirTemp(p.dir, "osslive-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	p.dir = dir
	if s.alone != nil {
		binary := b.binary
		if name == before {
			binary = b.base
		}
		return s.alone(ctx, binary, dir)
	}
	var stream *sample
	if s.clip != (clip{}) {
		if stream, err = b.sample(ctx, s.clip, s.chunk); err != nil {
			return nil, err
		}
	}
	r, err := srv.start(ctx, p, s.streams)
	if r != nil {
		defer r.stop()
	}
	if err != nil {
		return nil, err
	}
	pause(ctx, 500*time.Millisecond)
	return s.run(ctx, b, r, stream)
}

func (b *bench) sample(ctx context.Context, c clip, chunk int) (*sample, error) {
	key := sampleKey{c, chunk}
	if b.samples[key] == nil {
		path, err := c.file(ctx, b.clips)
		if err != nil {
			return nil, err
		}
		if b.samples[key], err = load(path, chunk); err != nil {
			return nil, err
		}
	}
	return b.samples[key], nil
}
