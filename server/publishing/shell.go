package publishing

import "strings"

// Shell is the shell that a command line is written for.
type Shell int

const (
	// Sh is sh, and every shell that quotes as POSIX says (XCU 2.2.2): bash, zsh.
	Sh Shell = iota
	// PowerShell is any version of it, on any system.
	PowerShell
)

// Quote returns text that the shell reads as one word, whatever the word contains. Words
// without special characters are unchanged.
func (s Shell) Quote(word string) string {
	if word != "" && !strings.ContainsFunc(word, special) {
		return word
	}
	if s == Sh {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	// PowerShell has four more characters that end a quoted text like an apostrophe;
	// each is escaped by doubling it ("about_Quoting_Rules").
	var b strings.Builder
	b.WriteByte('\'')
	for _, c := range word {
		if strings.ContainsRune("'‘’‚‛", c) {
			b.WriteRune(c)
		}
		b.WriteRune(c)
	}
	b.WriteByte('\'')
	return b.String()
}

// special reports whether a character has a meaning in one of the shells somewhere in a
// word: PowerShell splits a word at a comma.
func special(c rune) bool {
	plain := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
	return !plain && !strings.ContainsRune("-_./:=", c)
}

// line joins words; the pipeline sign of GStreamer needs no quotes.
func (s Shell) line(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = w
		if w != "!" {
			quoted[i] = s.Quote(w)
		}
	}
	return strings.Join(quoted, " ")
}
