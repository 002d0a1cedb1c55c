package main

import (
	"fmt"
	"time"

	"osslive/auth"
	"osslive/server"
)

type tokenCmd struct {
	Key     keyFlag       `placeholder:"ID:SECRET" help:"Access key of the server to make it from (the built-in one)."`
	Expires time.Duration `default:"1h" help:"How long the temporary key is good."`
}

// Run prints the three parts as the variables that the SDKs read. No value needs
// quotes, so that the lines work in a shell, with env, and as an env-file.
func (t *tokenCmd) Run(c *console) error {
	parent := orDefault(auth.Key(t.Key))
	if parent.Token != "" {
		return &server.ConfigError{Setting: "--key", Value: parent.ID, Problem: "is a temporary key; give the ID:SECRET of a key of the server"}
	}
	if t.Expires < time.Second {
		return &server.ConfigError{Setting: "--expires", Value: t.Expires.String(), Problem: "is less than a second"}
	}
	k := auth.MintToken(parent, time.Now().Add(t.Expires))
	_, err := fmt.Fprintf(c.out, "OSS_ACCESS_KEY_ID=%s\nOSS_ACCESS_KEY_SECRET=%s\nOSS_SESSION_TOKEN=%s\n", k.ID, k.Secret, k.Token)
	return err
}
