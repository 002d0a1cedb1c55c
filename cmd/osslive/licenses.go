package main

import (
	_ "embed"
	"io"
)

// licenses are the licence texts of osslive and of all that is linked into it;
// licenses_test.go writes the file.
//
//go:embed licenses.txt
var licenses string

type licensesCmd struct{}

// Run prints the licence texts.
func (licensesCmd) Run(c *console) error {
	_, err := io.WriteString(c.out, licenses)
	return err
}
