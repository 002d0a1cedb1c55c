package refusal

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Text returns the explanation for a terminal.
func (e *Explanation) Text() string {
	var b strings.Builder
	status := ""
	if e.Status != 0 {
		status = fmt.Sprintf("%d ", e.Status)
	}
	fmt.Fprintf(&b, "%s %s at %s from %s\n%s%s: %s\n", e.Kind, e.ID, e.Time.UTC().Format(time.RFC3339), e.Remote, status, e.Code, e.Message)
	for i, c := range e.Causes {
		label := "Or"
		switch {
		case i == 0 && c.Proof:
			label = "Cause (the signature proves it)"
		case i == 0:
			label = "Likely cause"
		}
		fmt.Fprintf(&b, "\n%s [%s]: %s\n", label, c.ID, c.Title)
		if c.Fix != "" {
			fmt.Fprintf(&b, "  Fix: %s\n", c.Fix)
		}
	}
	b.WriteString("\nWhat came\n")
	for _, p := range e.Parts {
		fmt.Fprintf(&b, "  %s: %s\n", p.Name, p.Value)
	}
	for _, row := range e.rows() {
		b.WriteString(row + "\n")
	}
	return b.String()
}

// widest is the width of a column of a terminal, in characters.
const widest = 72

// rows returns the two signed texts, side by side if they fit, and marks the lines
// that only one of them has.
func (e *Explanation) rows() (rows []string) {
	if len(e.Server) == 0 {
		return nil
	}
	pairs := e.Pairs()
	width := len("What the server signed")
	for _, p := range pairs {
		width = max(width, utf8.RuneCountInString(p.Server.Text))
	}
	titles := []string{"", "  What the server signed"}
	if len(e.Signed) == 0 || width > widest {
		rows = titles
		for _, l := range e.Server {
			rows = append(rows, mark('-', l))
		}
		if len(e.Signed) > 0 {
			rows = append(rows, "", "  What the client most likely signed")
		}
		for _, l := range e.Signed {
			rows = append(rows, mark('+', l))
		}
		return rows
	}
	rows = append(rows, "", fmt.Sprintf("  %-*s     %s", width, "What the server signed", "What the client most likely signed"))
	for _, p := range pairs {
		rows = append(rows, strings.TrimRight(fmt.Sprintf("%-*s   %s", width+2, mark('-', p.Server), mark('+', p.Client)), " "))
	}
	return rows
}

func mark(sign byte, l Line) string {
	if !l.Only {
		sign = ' '
	}
	return string(sign) + " " + l.Text
}

// Pair is a line of each of the signed texts; one of them may be missing.
type Pair struct{ Server, Client Line }

// Pairs returns the signed texts line by line, with equal lines side by side.
func (e *Explanation) Pairs() (pairs []Pair) {
	server, client := e.Server, e.Signed
	for len(server) > 0 || len(client) > 0 {
		var p Pair
		left := len(server) > 0 && (server[0].Only || len(client) == 0 || !client[0].Only)
		right := len(client) > 0 && (client[0].Only || len(server) == 0 || !server[0].Only)
		if left {
			p.Server, server = server[0], server[1:]
		}
		if right {
			p.Client, client = client[0], client[1:]
		}
		pairs = append(pairs, p)
	}
	return pairs
}
