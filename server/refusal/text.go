package refusal

import (
	"fmt"
	"strings"
	"time"
)

// Text is the explanation for a terminal.
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
		case c.Proof && e.Causes[0].Proof:
			label = "And"
		case i == 0:
			label = "Likely cause"
		}
		fmt.Fprintf(&b, "\n%s [%s]: %s\n  Fix: %s\n", label, c.ID, c.Title, c.Fix)
	}
	b.WriteString("\nWhat came\n")
	for _, p := range e.Parts {
		fmt.Fprintf(&b, "  %s: %s\n", p.Name, p.Value)
	}
	writeLines(&b, "What the server signed", '-', e.Server)
	writeLines(&b, "What the client most likely signed", '+', e.Signed)
	return b.String()
}

// writeLines marks the lines that only this text has.
func writeLines(b *strings.Builder, title string, mark byte, lines []Line) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	for _, l := range lines {
		sign := byte(' ')
		if l.Only {
			sign = mark
		}
		fmt.Fprintf(b, "%c %s\n", sign, l.Text)
	}
}
