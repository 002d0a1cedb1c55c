// Command osslive is a local stand-in for the live channels of Alibaba Cloud OSS: it
// serves the OSS API, takes RTMP, and writes HLS. See `osslive --help`.
//
// It owns the command line: flags, the environment, exit codes, and what commands
// print. It must not know how the server works: it starts the package server, and
// talks to a running one through its ports.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"osslive/server"
)

// version is the release; CHANGELOG.md lists what each release has.
const version = "0.1.0"

// Exit codes: work that failed, and a setting that cannot work.
const (
	exitFailed = 1
	exitUsage  = 2
)

type cli struct {
	Serve    serveCmd    `cmd:"" default:"withargs" help:"Run the server (also what a bare osslive does)."`
	Demo     demoCmd     `cmd:"" help:"Run the server, push the built-in clip for ever, and say where to look."`
	Push     pushCmd     `cmd:"" help:"Push an FLV file to an RTMP URL in real time."`
	Sign     signCmd     `cmd:"" help:"Sign an RTMP publish URL or an HTTP play URL."`
	OBS      obsCmd      `cmd:"" name:"obs" help:"Write an OBS profile that publishes to a live channel."`
	Env      envCmd      `cmd:"" help:"Print the variables that SDKs and tools read: endpoint, key, region, bucket."`
	Token    tokenCmd    `cmd:"" help:"Print a temporary key with a security token, as STS would issue it."`
	Explain  explainCmd  `cmd:"" help:"Say why a request or a publish was refused, and what to do about it."`
	Channels channelsCmd `cmd:"" help:"List the live channels of a running server, and who publishes."`
	Doctor   doctorCmd   `cmd:"" help:"Check what could keep a server with these flags, or its clients, from working, and say what to do."`
	Health   healthCmd   `cmd:"" help:"Ask a running server whether it is ready; exit 0 if so."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
	Licenses licensesCmd `cmd:"" help:"Print the licences of osslive and of what is linked into it."`
}

// console is where a command writes: results to out, logs to err.
type console struct {
	out, err io.Writer
}

// ballast makes the garbage collector run less often. It lets the heap grow to about
// twice what was alive at its last run (Go's GC guide, "GOGC"), which is some 3 MB
// here, so that requests made it run many times a second. The ballast counts as alive.
// It costs no memory itself, since nothing touches its pages; garbage takes up to
// 12 MiB more.
var ballast = make([]byte, 12<<20)

func main() {
	runtime.KeepAlive(ballast)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// After the first signal the default handling is back: a second ends the process.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	exited := -1
	parser, err := newParser(&cli{},
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(&console{stdout, stderr}),
		kong.UsageOnError(),
	)
	if err != nil {
		panic(err) // the struct tags above are wrong
	}
	command, err := parser.Parse(args)
	switch {
	case exited >= 0: // --help
		return exited
	case err != nil:
		if name, names := unknownCommand(parser, args); name != "" {
			err = fmt.Errorf("%q is not a command; the commands are %s", name, strings.Join(names, ", "))
		}
		fmt.Fprintf(stderr, "osslive: %v; see osslive --help\n", err)
		return exitUsage
	}
	if err := command.Run(); err != nil {
		fmt.Fprintf(stderr, "osslive: %v\n", err)
		var setting *server.ConfigError
		if errors.As(err, &setting) {
			return exitUsage
		}
		return exitFailed
	}
	return 0
}

// unknownCommand returns the first word of a command line if it stands where a command
// stands and is not one, and the names of all commands. Without this the word would be
// an argument of the default command, serve, which has none.
func unknownCommand(parser *kong.Kong, args []string) (name string, names []string) {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return "", nil
	}
	for _, command := range parser.Model.Children {
		names = append(names, command.Name)
	}
	if slices.Contains(names, args[0]) {
		return "", nil
	}
	return args[0], names
}

// newParser reads command lines and the environment into c.
func newParser(c *cli, options ...kong.Option) (*kong.Kong, error) {
	return kong.New(c, append(options,
		kong.Name("osslive"),
		kong.Description("A local stand-in for Alibaba Cloud OSS LiveChannel: OSS API and RTMP in, HLS out.\n\n"+
			"Each flag is a variable of the environment, too: --public-url is OSSLIVE_PUBLIC_URL. "+
			"Exit codes: 0, 1 for what failed, 2 for a command line or setting that cannot work."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.ValueFormatter(func(v *kong.Value) string { return v.Help }), // without each variable
		kong.DefaultEnvars("OSSLIVE"))...)
}

type versionCmd struct{}

func (versionCmd) Run(c *console) error {
	_, err := fmt.Fprintln(c.out, "osslive", version)
	return err
}
