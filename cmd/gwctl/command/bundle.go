package command

import (
	"bytes"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/gwctl/gwctl/cmd/gwctl/report"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/bundle"
)

type bundleOptions struct {
	streams Streams
	path    string
	out     string
	output  string
}

func newBundle(s Streams) *cobra.Command {
	o := &bundleOptions{streams: s}
	c := &cobra.Command{
		Use: "bundle PATH --out FILE", Short: "Pack a policy set into one file",
		Long: `Compiles the set at PATH and packs its files into a bundle (.tar.gz) that every
command accepts in place of the directory. The same input gives the same bytes.
A set that does not compile is refused.`,
		Example: "  gwctl policy bundle examples/quickstart --out quickstart.tar.gz",
		Args:    argCount(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			o.path = args[0]
			if o.out == "" {
				return usage("add --out FILE.tar.gz", "where to write the bundle is not given")
			}
			if err := checkOutput(o.output); err != nil {
				return err
			}
			return runBundle(o)
		},
	}
	c.Flags().StringVar(&o.out, "out", "", "the file to write")
	outputFlag(c, &o.output)
	return c
}

func runBundle(o *bundleOptions) error {
	l, err := mustLoad(o.path)
	if err != nil {
		return err
	}
	var files []bundle.File
	for i, f := range l.files.Relative() {
		if !policy.OnlySidecar(l.files.List[i]) {
			files = append(files, f)
		}
	}
	var buf bytes.Buffer
	// The version of gwctl stays out: two builds must pack the same bytes.
	manifest, err := bundle.Pack(&buf, files, bundle.Meta{CELVersion: celVersion(), SetDigest: l.set.Digest()})
	if err != nil {
		return internal(err, "mend the file it names, or leave it out of the set")
	}
	if err := replaceFile(o.out, buf.Bytes(), 0o644, nil); err != nil {
		return internal(err, "give a file in a directory that can be written")
	}
	out := report.Bundle{
		Envelope: report.NewEnvelope("policy bundle"), File: o.out, Digest: bundle.Digest(buf.Bytes()),
		SetDigest: manifest.SetDigest, CELVersion: manifest.CELVersion,
	}
	out.Summary = report.BundleSummary{Files: len(manifest.Files), Bytes: buf.Len()}
	if err := out.Write(o.streams.Out, o.output); err != nil {
		return internal(err, "")
	}
	return nil
}

// celVersion is the version of cel-go in this binary.
func celVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == "cel.dev/cel-go" {
				return d.Version
			}
		}
	}
	return "unknown"
}
