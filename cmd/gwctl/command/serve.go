package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/gwctl/gwctl/cmd/gwctl/report"
	"github.com/gwctl/gwctl/policy/source"
	"github.com/gwctl/gwctl/sidecar"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/pdp"
	"github.com/gwctl/gwctl/sidecar/reload"
)

type serveOptions struct {
	streams Streams
	config  string
	check   bool
	dev     bool
	path    string
	address string
	output  string
	open    bool
}

func newServe(s Streams) *cobra.Command {
	o := &serveOptions{streams: s}
	c := &cobra.Command{
		Use: "serve -c FILE | serve --dev [PATH]", Short: "Enforce the policies beside a service",
		Long: `Runs the sidecar: a reverse proxy that authenticates each request, decides it by
the policies, passes the identity on in headers and records the decision.
Changed policies take effect by themselves, or at once with SIGHUP.

With --dev it needs nothing else: an issuer of tokens in memory, a service that
echoes what it receives, and the quickstart policies or those at PATH.`,
		Example: "  gwctl serve -c gwctl.yaml\n  gwctl serve -c gwctl.yaml --check\n  gwctl serve --dev",
		Args:    argCount(0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.path = args[0]
			}
			return o.run()
		},
	}
	c.Flags().StringVarP(&o.config, "config", "c", "", "the configuration, a document of kind Sidecar")
	c.Flags().BoolVar(&o.check, "check", false, "check the configuration and its policies, and do not serve")
	c.Flags().BoolVar(&o.dev, "dev", false, "serve with a built-in issuer and an echo service")
	c.Flags().StringVar(&o.address, "address", "", "with --dev: where to listen (default 127.0.0.1:8080, or a free port)")
	c.Flags().BoolVar(&o.open, "insecure-fail-open", false, "let requests through when their credential or attributes cannot be had, and record each")
	outputFlag(c, &o.output)
	return c
}

func (o *serveOptions) run() error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	switch {
	case o.open && (o.dev || o.check):
		return usage("leave out --insecure-fail-open", "--insecure-fail-open goes with -c alone")
	case o.dev && (o.config != "" || o.check):
		return usage("leave out --dev, or -c and --check", "--dev makes its own configuration")
	case o.output != "text" && !o.check:
		return usage("add --check, or leave out -o", "-o is the format of what --check finds")
	case o.dev && o.address != "" && !validAddress(o.address):
		return usage("write --address 127.0.0.1:8080", "--address %q is not host:port", o.address)
	case o.dev:
		return runDev(o)
	case o.path != "" || o.address != "":
		return usage("PATH and --address go with --dev; otherwise the configuration says both", "wrong use of serve")
	case o.config == "":
		return usage("add -c gwctl.yaml, or --dev to try it out", "no configuration is given")
	case o.check:
		return o.runCheck()
	}
	cfg, err := loadConfig(o.config)
	if err != nil {
		return err
	}
	return serve(o.streams, sidecar.Options{Config: cfg, ConfigPath: o.config, FailOpen: o.open}, nil)
}

func (o *serveOptions) runCheck() error {
	data, err := os.ReadFile(o.config)
	if err != nil {
		return internal(err, "give the configuration of gwctl serve")
	}
	cfg, found := config.Read(o.config, data)
	if cfg != nil {
		more, err := sidecar.Check(cfg, pdp.Getenv)
		if err != nil {
			return notRead(err)
		}
		found = append(found, more...)
	}
	out := report.NewFindings("serve", found)
	if err := out.Write(o.streams.Out, o.output, o.streams.Color); err != nil {
		return internal(err, "")
	}
	if !out.OK {
		return exitWith(exitNotLoad)
	}
	return nil
}

func validAddress(address string) bool {
	_, port, err := net.SplitHostPort(address)
	return err == nil && port != ""
}

// notRead gives the exit code of a set that could not be read.
func notRead(err error) error {
	var refused *source.Error
	if errors.As(err, &refused) {
		return &failure{code: exitNotLoad, err: err, hint: refused.Hint}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return internal(err, "policies is relative to the configuration's directory")
	}
	var listen *net.OpError
	if errors.As(err, &listen) {
		return internal(err, "choose another address, or end the process that holds this one")
	}
	return internal(err, "see that the files it names can be read and written")
}

// serve runs a sidecar until SIGTERM or SIGINT; a second signal ends at once.
// ready is called when it listens.
func serve(s Streams, o sidecar.Options, ready func(context.Context, *sidecar.Sidecar)) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	// From the first moment on: a SIGHUP that comes early must not end the
	// process, and neither must a reader of the records that goes away.
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	signal.Ignore(syscall.SIGPIPE)
	tuneMemory(pdp.Getenv, os.ReadFile)
	o.Stdout, o.Clock, o.Getenv, o.Loaded = s.Out, s.Now, pdp.Getenv, settleMemory
	o.Logger = slog.New(slog.NewTextHandler(s.Err, nil))
	car, err := sidecar.New(ctx, o)
	if err != nil {
		return notStarted(err)
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case <-hup:
				car.Reload()
			case <-done:
				return
			}
		}
	}()
	// Once the first signal is taken, the next one ends the process at once.
	context.AfterFunc(ctx, stop)
	if ready != nil {
		ready(ctx, car)
	}
	if err := car.Run(ctx); err != nil {
		return internal(err, "see the log above")
	}
	return nil
}

func notStarted(err error) error {
	var broken *reload.BuildError
	if errors.As(err, &broken) {
		return &failure{
			code: exitNotLoad, err: errors.New("the policies or the configuration do not load"),
			hint: "mend the errors above; gwctl serve -c FILE --check tells without serving", found: broken.Found,
		}
	}
	if errors.Is(err, reload.ErrEmpty) {
		return &failure{code: exitNotLoad, err: err, hint: "add a Policy with a rule"}
	}
	return notRead(fmt.Errorf("starting: %w", err))
}
