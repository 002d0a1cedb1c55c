package main

import (
	"fmt"
	"io"
	"strings"

	"osslive/auth"
	"osslive/server/publishing"
)

type envCmd struct {
	Format   string  `enum:"sh,powershell,dotenv" default:"sh" help:"sh: eval \"$$(osslive env)\"; powershell: osslive env --format powershell | Out-String | Invoke-Expression; dotenv: a .env file."`
	Endpoint string  `default:"http://127.0.0.1:9000" placeholder:"URL" help:"Endpoint of the server (${default})."`
	Key      keyFlag `placeholder:"ID:SECRET[:TOKEN]" help:"Access key (the built-in one)."`
	Region   string  `default:"oss-cn-local" help:"Region, as --region of the server."`
	Bucket   string  `default:"demo" placeholder:"NAME" help:"Bucket that the program is to use (${default})."`
}

// Run prints the variables that the SDKs, ossutil and the samples of the API reference
// read. A value has two names if the OSS SDKs and Alibaba Cloud's credentials libraries
// name it differently.
func (e *envCmd) Run(c *console) error {
	key := orDefault(auth.Key(e.Key))
	bucket, _, _ := strings.Cut(e.Bucket, ":") // OSSLIVE_BUCKET may be one with an ACL
	set := [][2]string{
		{"OSS_ENDPOINT", e.Endpoint},
		{"OSS_REGION", strings.TrimPrefix(e.Region, "oss-")},
		{"OSS_BUCKET", bucket},
		{"OSS_ACCESS_KEY_ID", key.ID}, {"ALIBABA_CLOUD_ACCESS_KEY_ID", key.ID},
		{"OSS_ACCESS_KEY_SECRET", key.Secret}, {"ALIBABA_CLOUD_ACCESS_KEY_SECRET", key.Secret},
	}
	tokens := []string{"OSS_SESSION_TOKEN", "ALIBABA_CLOUD_SECURITY_TOKEN"}
	if key.Token != "" {
		for _, name := range tokens {
			set = append(set, [2]string{name, key.Token})
		}
		tokens = nil
	}
	return writeEnv(c.out, e.Format, set, tokens)
}

// writeEnv writes the commands that set variables and unset others. With the token of
// another key left in the shell, every request would fail.
func writeEnv(w io.Writer, format string, set [][2]string, unset []string) error {
	var b strings.Builder
	for _, v := range set {
		switch format {
		case "powershell":
			fmt.Fprintf(&b, "$env:%s = '%s'\n", v[0], strings.ReplaceAll(v[1], "'", "''"))
		case "dotenv":
			fmt.Fprintf(&b, "%s=%s\n", v[0], dotenv(v[1]))
		default:
			fmt.Fprintf(&b, "export %s=%s\n", v[0], publishing.Sh.Quote(v[1]))
		}
	}
	for _, name := range unset {
		switch format {
		case "powershell":
			fmt.Fprintf(&b, "Remove-Item Env:%s -ErrorAction SilentlyContinue\n", name)
		case "sh":
			fmt.Fprintf(&b, "unset %s\n", name)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// dotenv puts a value between single quotes if it has characters that readers of .env
// files treat differently. All of them take the text between the quotes as it is.
func dotenv(value string) string {
	if strings.ContainsAny(value, " #$\"\\`") {
		return "'" + value + "'"
	}
	return value
}
