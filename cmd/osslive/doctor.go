package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"osslive/server"
)

type doctorCmd struct {
	serverFlags
}

// finding is the result of one check.
type finding struct {
	level level
	what  string // what was checked, and its state
	fix   string // what to do; "" if there is nothing to do
}

// level is the severity of a finding.
type level int

const (
	fine   level = iota
	doubt        // works, but not for every client
	broken       // osslive, or clients on this machine, will fail
)

func (l level) String() string { return [...]string{"ok", "warn", "FAIL"}[l] }

// checks run in this order. A check changes nothing and takes seconds at most.
var checks = []func(context.Context, *server.Config) []finding{
	checkSettings, checkPorts, checkCertificate, checkNames, checkProxy, checkClock, checkData, checkFiles,
}

// Run checks what osslive serve with the same flags needs, and changes nothing. It
// fails if a finding is broken.
func (d *doctorCmd) Run(ctx context.Context, c *console) error {
	cfg, err := d.config(c, serveData)
	if err != nil {
		return err
	}
	bad := 0
	for _, check := range checks {
		for _, f := range check(ctx, &cfg) {
			if err := f.write(c.out); err != nil {
				return err
			}
			if f.level == broken {
				bad++
			}
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of these keep osslive or its clients from working", bad)
	}
	return nil
}

func (f *finding) write(w io.Writer) error {
	text := fmt.Sprintf("%-5s%s\n", f.level, f.what)
	if f.fix != "" {
		text += "     fix: " + strings.ReplaceAll(f.fix, "\n", "\n          ") + "\n"
	}
	_, err := io.WriteString(w, text)
	return err
}

func checkSettings(_ context.Context, c *server.Config) []finding {
	if err := c.Check(); err != nil {
		return []finding{{broken, "settings: " + err.Error(), "change that flag, or its OSSLIVE_ variable"}}
	}
	return []finding{{fine, "settings make sense together", ""}}
}
