package publishing

import "strings"

// Shell is what a command line is written for.
type Shell int

const (
	// Sh is sh, and every shell that quotes as POSIX says (XCU 2.2.2): bash, zsh.
	Sh Shell = iota
	// PowerShell is any version of it, on any system.
	PowerShell
)

// Quote returns text that the shell takes for the one word, whatever is in it.
// Words that mean nothing else stay as they are.
func (s Shell) Quote(word string) string {
	if word != "" && !strings.ContainsFunc(word, special) {
		return word
	}
	if s == Sh {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	// PowerShell takes four more characters for an apostrophe, and all of them
	// doubled for one of themselves ("about_Quoting_Rules").
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

// special tells what has a meaning in one of the shells, somewhere in a word:
// PowerShell makes two words of one with a comma.
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
