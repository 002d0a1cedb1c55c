package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// before is the name of the server that -base names: an osslive of another commit.
const before = "base"

// comparison returns the scenarios with the two binaries as their only servers. They take
// turns in each round, so that both meet the same hours of the machine.
func comparison(all []scenario) []scenario {
	var out []scenario
	for _, s := range all {
		s.servers = []string{"osslive", before}
		out = append(out, s)
	}
	return out
}

// compare prints each row's ratio of the two binaries, oriented so that above 1 is worse,
// and returns an error that names the rows whose median is worse by more than the
// tolerance, in per cent, while at least three of four rounds are worse at all.
func (all results) compare(w io.Writer, rows []row, tolerance float64) error {
	var worse []string
	fmt.Fprintln(w, "| measure | now | base | ratio, above 1 is worse | lowest | highest | rounds |\n| --- | --- | --- | --- | --- | --- | --- |")
	for _, r := range rows {
		var now, then, ratios []float64
		bases := all[[2]string{r.run, before}]
		for round, f := range all[[2]string{r.run, "osslive"}] {
			if round >= len(bases) {
				break
			}
			n, hasNow := f[r.figure]
			b, hasThen := bases[round][r.figure]
			if !hasNow || !hasThen {
				continue
			}
			now, then = append(now, n), append(then, b)
			switch {
			case n == b:
				ratios = append(ratios, 1)
			case r.target == "≥":
				ratios = append(ratios, b/n)
			default:
				ratios = append(ratios, n/b)
			}
		}
		if len(ratios) == 0 {
			continue
		}
		middle, count := median(ratios), 0
		for _, ratio := range ratios {
			if ratio > 1 {
				count++
			}
		}
		mark := ""
		if middle > 1+tolerance/100 && 4*count >= 3*len(ratios) && !math.IsInf(middle, 0) {
			mark = " ✗"
			worse = append(worse, r.name)
		}
		fmt.Fprintf(w, "| %s | %s | %s | %.3f%s | %.3f | %.3f | %d |\n", r.name, short(median(now)), short(median(then)),
			middle, mark, slices.Min(ratios), slices.Max(ratios), len(ratios))
	}
	if len(worse) > 0 {
		return fmt.Errorf("worse than the base by more than %g %%: %s", tolerance, strings.Join(worse, "; "))
	}
	return nil
}

// entry is a line of the history: the figures of one run of this program.
type entry struct {
	Commit  string             `json:"commit"`
	Date    string             `json:"date"`
	Machine string             `json:"machine"`
	Rounds  int                `json:"rounds"`
	Rows    map[string]float64 `json:"rows"`
}

// record appends the rows of osslive to a file, as one line of JSON.
func (all results) record(file string, rows []row, rounds int, disk string) error {
	commit, err := exec.Command("git", "describe", "--always", "--dirty", "--abbrev=12").Output()
	if err != nil {
		return fmt.Errorf("commit of this folder: %w", err)
	}
	e := entry{
		Commit: strings.TrimSpace(string(commit)), Date: time.Now().Format(time.DateOnly), Machine: machine(disk),
		Rounds: rounds, Rows: map[string]float64{},
	}
	for _, r := range rows {
		if value, _, ok := all.value(r, "osslive"); ok {
			e.Rows[r.name] = math.Round(value*1000) / 1000
		}
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
