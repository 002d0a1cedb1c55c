package server

import (
	"fmt"
	"os"
	"strings"

	"osslive/auth"
)

// secretFile bounds the size of a file of secrets, in bytes.
const secretFile = 1 << 20

// readSecrets adds what --key-file and --admin-token-file hold to Keys and
// AdminToken. Errors name the file and the line, and never show its text.
func (c *Config) readSecrets() error {
	for _, file := range c.KeyFiles {
		lines, err := secretLines("--key-file", file)
		if err != nil {
			return err
		}
		for _, l := range lines {
			var key auth.Key
			if err := key.UnmarshalText([]byte(l.text)); err != nil {
				return configError("--key-file", file, fmt.Sprintf("line %d %v", l.number, err))
			}
			c.Keys = append(c.Keys, key)
		}
	}
	c.KeyFiles = nil
	if c.AdminTokenFile == "" {
		return nil
	}
	if c.AdminToken != "" {
		return configError("--admin-token-file", c.AdminTokenFile, "is given beside --admin-token; give one of the two")
	}
	lines, err := secretLines("--admin-token-file", c.AdminTokenFile)
	if err != nil {
		return err
	}
	if len(lines) != 1 {
		return configError("--admin-token-file", c.AdminTokenFile, fmt.Sprintf("has %d lines; the token is one line", len(lines)))
	}
	c.AdminToken, c.AdminTokenFile = lines[0].text, ""
	return nil
}

type secretLine struct {
	number int // from 1
	text   string
}

// secretLines returns the lines of a file without those that are empty or begin with #.
func secretLines(setting, file string) ([]secretLine, error) {
	info, err := os.Stat(file)
	if err == nil && info.Size() > secretFile {
		return nil, configError(setting, file, fmt.Sprintf("has %d bytes; a file of secrets has at most %d", info.Size(), secretFile))
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, configError(setting, file, err.Error()+"; check the path and the rights of the file")
	}
	var lines []secretLine
	for i, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			lines = append(lines, secretLine{i + 1, line})
		}
	}
	if len(lines) == 0 {
		return nil, configError(setting, file, "has no line with a secret")
	}
	return lines, nil
}
