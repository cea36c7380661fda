package command

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/gwctl/gwctl/cmd/gwctl/report"
	"github.com/gwctl/gwctl/policy/source"
	"github.com/gwctl/gwctl/policy/watch"
)

// watchTest runs the suites, and again whenever a file of a path has changed,
// until it is interrupted.
func watchTest(o *testOptions) error {
	roots := o.paths
	if o.config != "" {
		roots = append(roots[:len(roots):len(roots)], o.config)
	}
	w, err := watch.New(watch.Options[struct{}]{Roots: roots, Read: func() (struct{}, string, error) {
		return struct{}{}, fingerprint(o.paths, o.config), nil
	}})
	if err != nil {
		return internal(err, "give the directory that holds the policies")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	_ = w.Run(ctx, "", func(struct{}, error) { // it ends with ctx, as it should
		out, code := o.test()
		if o.streams.Color {
			fmt.Fprint(o.streams.Out, "\x1b[H\x1b[2J")
		}
		if err := o.writeCoverage(out, code == exitFine); err != nil {
			report.Failure(o.streams.Err, err, "")
		}
		if err := out.Write(o.streams.Out, o.output, o.streams.Color, code == exitFine); err != nil {
			stop()
		}
		fmt.Fprintf(o.streams.Err, "watching %s; interrupt to end\n", strings.Join(o.paths, ", "))
	})
	return nil
}

// fingerprint changes when something that the tests read does.
func fingerprint(paths []string, config string) string {
	var out strings.Builder
	for _, path := range paths {
		files, err := source.Read(path)
		if err != nil {
			fmt.Fprintf(&out, "%s: %s\n", path, err)
			continue
		}
		for _, f := range files.List {
			fmt.Fprintf(&out, "%s %d\n%s\n", f.Path, len(f.Data), f.Data)
		}
	}
	if config != "" {
		data, err := os.ReadFile(config)
		fmt.Fprintf(&out, "%s %v\n%s\n", config, err, data)
	}
	return out.String()
}
