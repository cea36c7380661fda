package command

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gwctl/gwctl/cmd/gwctl/report"
	"github.com/gwctl/gwctl/engine/format"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
	"github.com/gwctl/gwctl/policy/source"
)

type fmtOptions struct {
	streams Streams
	paths   []string
	check   bool
	diff    bool
	output  string
}

func newFmt(s Streams) *cobra.Command {
	o := &fmtOptions{streams: s}
	c := &cobra.Command{
		Use: "fmt FILE|DIR...", Short: "Give policy files their canonical layout",
		Long: `Rewrites each FILE, and every *.yaml and *.yml below each DIR, in the one
canonical layout, and prints the names of those that changed. Comments, order
and meaning stay; a file that cannot be formatted without changing what it says
is left alone. The file - is standard input, and the result goes to standard
output.`,
		Example: "  gwctl policy fmt --check examples/quickstart\n  gwctl policy fmt --diff examples/quickstart/policies.yaml",
		Args:    argCount(1, -1),
		RunE: func(_ *cobra.Command, args []string) error {
			o.paths = args
			if err := checkOutput(o.output); err != nil {
				return err
			}
			return runFmt(o)
		},
	}
	c.Flags().BoolVar(&o.check, "check", false, "change nothing; list the files that would change and exit 1 if there are any")
	c.Flags().BoolVar(&o.diff, "diff", false, "change nothing; show what would change and exit 1 if anything would")
	outputFlag(c, &o.output)
	return c
}

// stdin is the FILE that stands for standard input.
const stdin = "-"

func runFmt(o *fmtOptions) error {
	if slices.Contains(o.paths, stdin) {
		if len(o.paths) > 1 {
			return usage("give - alone, or files and directories", "%s cannot stand beside other arguments", stdin)
		}
		return fmtStream(o)
	}
	out := report.NewFormat()
	code, failed := fmtPaths(o, out)
	// What has changed so far is told even if something failed then.
	if err := out.Write(o.streams.Out, o.streams.Err, o.output, o.streams.Color, code == exitFine && failed == nil); err != nil {
		return internal(err, "")
	}
	if failed != nil {
		return failed
	}
	return exitWith(code)
}

func fmtPaths(o *fmtOptions, out *report.Format) (code int, err error) {
	for _, path := range o.paths {
		files, found, err := fmtFiles(path)
		if err != nil {
			return code, internal(err, "give files and directories that can be read")
		}
		if found.HasErrors() {
			out.Diagnostics = append(out.Diagnostics, found...)
			code = exitNotLoad
		}
		for _, f := range files {
			result, err := fmtFile(o, f, out)
			if err != nil {
				return code, err
			}
			code = max(code, result)
		}
	}
	return code, nil
}

// fmtFiles reads what a path stands for.
func fmtFiles(path string) ([]policy.File, policy.Diagnostics, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading what to format: %w", err)
	}
	if !info.IsDir() {
		data, err := readFile(path)
		return []policy.File{{Path: path, Data: data}}, nil, err
	}
	files, err := source.Read(path)
	var refused *source.Error
	switch {
	case errors.As(err, &refused):
		return nil, policy.Diagnostics{setProblem(refused.Path, "set_unreadable", refused.Why, refused.Hint)}, nil
	case err != nil:
		return nil, nil, err
	}
	return files.List, nil, nil
}

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading what to format: %w", err)
	}
	defer file.Close()
	return readText(file)
}

// readText reads one byte more than a file may have, so that the reader
// of documents says so.
func readText(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, document.MaxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading what to format: %w", err)
	}
	return data, nil
}

// fmtFile formats one file and gives the exit code that it asks for.
func fmtFile(o *fmtOptions, f policy.File, out *report.Format) (code int, err error) {
	text, found, err := format.Source(f.Path, f.Data)
	if err != nil {
		return 0, internal(err, "the file was not touched; please report this")
	}
	out.Add(found)
	switch {
	case found.HasErrors():
		return exitNotLoad, nil
	case bytes.Equal(text, f.Data):
		return exitFine, nil
	}
	changed := report.Reformatted{File: f.Path}
	if o.diff {
		changed.Diff = report.Diff(f.Path, string(f.Data), string(text))
	}
	out.Changed = append(out.Changed, changed)
	if o.check || o.diff {
		return exitFindings, nil
	}
	if err := rewrite(f, text); err != nil {
		out.Changed = out.Changed[:len(out.Changed)-1]
		return 0, internal(fmt.Errorf("writing the formatted file: %w", err), "the file was not touched; run the command again, or give one that can be written")
	}
	return exitFine, nil
}

// fmtStream formats standard input to standard output.
func fmtStream(o *fmtOptions) error {
	if o.output != "text" {
		return usage("leave -o out, or give a file", "the output of - is the formatted text")
	}
	data, err := readText(o.streams.In)
	if err != nil {
		return internal(err, "")
	}
	out := report.NewFormat()
	if o.check || o.diff {
		code, err := fmtFile(o, policy.File{Path: "<stdin>", Data: data}, out)
		if err == nil {
			err = out.Write(o.streams.Out, o.streams.Err, o.output, false, code == exitFine)
		}
		if err != nil {
			return err
		}
		return exitWith(code)
	}
	text, found, err := format.Source("<stdin>", data)
	if err != nil {
		return internal(err, "please report this")
	}
	if found.HasErrors() {
		return &failure{code: exitNotLoad, err: errors.New("standard input does not parse"), hint: "mend the errors above", found: found}
	}
	if _, err := o.streams.Out.Write(text); err != nil {
		return internal(fmt.Errorf("writing the formatted text: %w", err), "")
	}
	return nil
}

// rewrite replaces a file at once: whoever reads it finds the old text or the
// new one. Its mode stays, and a link stays a link. A file that no longer holds
// what was formatted is left alone.
func rewrite(f policy.File, data []byte) error {
	target, err := filepath.EvalSymlinks(f.Path)
	if err != nil {
		return err
	}
	info, err := os.Stat(target)
	if err != nil {
		return err
	}
	return replaceFile(target, data, info.Mode().Perm(), func() error {
		if now, err := readFile(target); err != nil || !bytes.Equal(now, f.Data) {
			return cmp.Or(err, fmt.Errorf("%s has changed meanwhile", f.Path))
		}
		return nil
	})
}
