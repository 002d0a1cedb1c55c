package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"osslive/server"
	"osslive/server/door"
	"osslive/store/fileblobs"
)

// skewAllowed is how far the clocks of a client and of the service may differ.
const skewAllowed = 15 * time.Minute

// released is the date of this version: a clock that is behind it is wrong.
var released = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// checkClock compares the clock with what this machine knows: the date of the release,
// a running server, and the kernel.
func checkClock(ctx context.Context, c *server.Config) []finding {
	const fix = "set the clock and keep it set: timedatectl set-ntp true, or the settings of the system; in a virtual machine after it slept, of its host"
	now := time.Now()
	if now.Before(released) {
		return []finding{{broken, "the clock says " + now.Format(time.DateTime) + ": signatures made elsewhere will be refused", fix}}
	}
	if _, port, err := net.SplitHostPort(c.Listen); err == nil && port != "0" {
		if head, _, err := ask(ctx, "http://"+reachable(c.Listen)+"/"); err == nil {
			if at, err := http.ParseTime(head.Get("Date")); err == nil && now.Sub(at).Abs() > skewAllowed {
				return []finding{{broken, fmt.Sprintf("the clock and that of the server at %s are %v apart", c.Listen, now.Sub(at).Abs().Round(time.Minute)), fix}}
			}
		}
	}
	if unsynchronised() {
		return []finding{{doubt, "the clock says " + now.Format(time.DateTime) + ", and nothing keeps it right; clients on other machines may be 15 minutes off", fix}}
	}
	return []finding{{fine, "the clock says " + now.Format(time.DateTime), ""}}
}

// checkData checks whether the data directory can be written, and how full its disk
// is. It creates no directory.
func checkData(_ context.Context, c *server.Config) []finding {
	if c.Data == server.Memory {
		return []finding{{fine, "data is kept in memory", ""}}
	}
	dir, err := filepath.Abs(c.Data)
	if err != nil {
		return []finding{{broken, "--data " + c.Data + ": " + err.Error(), "name a directory by its whole path"}}
	}
	there := dir
	for {
		info, err := os.Stat(there)
		if err == nil && !info.IsDir() {
			return []finding{{broken, there + " is a file", "move it away, or choose another directory: --data DIR"}}
		}
		if err == nil || !errors.Is(err, fs.ErrNotExist) || filepath.Dir(there) == there {
			break
		}
		there = filepath.Dir(there)
	}
	return []finding{checkWritable(dir, there), checkDisk(there)}
}

func checkWritable(dir, there string) finding {
	f, err := os.CreateTemp(there, ".osslive-doctor-*")
	if err != nil {
		return finding{broken, fmt.Sprintf("data directory %s: uid %d cannot write to %s: %v", dir, os.Getuid(), there, err),
			fmt.Sprintf("chown -R %d %s, or choose another directory: --data DIR", os.Getuid(), there)}
	}
	_ = f.Close() // nothing was written
	os.Remove(f.Name())
	return finding{fine, "data directory " + dir + " can be written", ""}
}

func checkDisk(dir string) finding {
	free, total, err := fileblobs.DiskSpace(dir)
	if err != nil {
		return finding{doubt, "free space of " + dir + ": " + err.Error(), "see for yourself that there is some"}
	}
	reserve := fileblobs.LowWater(total)
	what := fmt.Sprintf("%d MiB free on the disk of %s, of which %d MiB are kept", free>>20, dir, reserve>>20)
	switch {
	case free < reserve:
		return finding{broken, what, "free some space, or choose another disk: --data DIR"}
	case free < 4*reserve:
		return finding{doubt, what, "free some space, or keep less: --retain 1h"}
	}
	return finding{fine, what, ""}
}

func checkFiles(context.Context, *server.Config) []finding {
	const fix = "ulimit -n 65536 before the start; LimitNOFILE=65536 in a systemd unit; --ulimit nofile=65536 for a container"
	n := door.FileLimit()
	what := fmt.Sprintf("%d open files allowed", n)
	switch {
	case n > 1<<30:
		return []finding{{fine, "open files are not limited", ""}}
	case n < 256:
		return []finding{{broken, what, fix}}
	case n < 4096:
		return []finding{{doubt, fmt.Sprintf("%s: %d HTTP connections at a time", what, n/2), fix}}
	}
	return []finding{{fine, what, ""}}
}
