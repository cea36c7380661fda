package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gwctl/gwctl/cmd/gwctl/report"
	"github.com/gwctl/gwctl/examples"
)

// initPolicies is where the set goes, below the project.
const initPolicies = "policies"

func newInit(s Streams) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "init [DIR]", Short: "Write a small policy set to begin with",
		Long: `Writes a working project to DIR (default: the current directory): a policy set in
policies/ with a test for every rule, gwctl.yaml for serve, and a workflow for CI.
No file is overwritten: if one is there already, or policies/ holds anything,
nothing is written.`,
		Example: "  gwctl init shop",
		Args:    argCount(0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			return runInit(s, paths(args)[0], output)
		},
	}
	outputFlag(c, &output)
	return c
}

func runInit(s Streams, dir, output string) error {
	p := &project{dir: dir, files: examples.Init()}
	if err := p.plan(); err != nil {
		return internal(err, "please report this")
	}
	taken, err := p.taken()
	if err != nil {
		return internal(err, "give another directory")
	}
	if len(taken) > 0 {
		return internal(fmt.Errorf("%s: already there, so nothing was written", strings.Join(taken, ", ")), "give another directory")
	}
	out := report.Init{Envelope: report.NewEnvelope("init")}
	if out.Files, err = p.write(); err != nil {
		return internal(err, "give a directory that can be written")
	}
	set := shellWord(filepath.Join(dir, initPolicies))
	out.Next = []string{"gwctl policy lint --strict " + set, "gwctl policy test " + set, "gwctl serve --dev " + set}
	if err := out.Write(s.Out, output); err != nil {
		return internal(err, "")
	}
	return nil
}

// project is what init writes, and where.
type project struct {
	dir   string
	files fs.FS
	names []string // of the files, with slashes
}

func (p *project) plan() error {
	err := fs.WalkDir(p.files, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			p.names = append(p.names, name)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("listing the files to write: %w", err)
	}
	return nil
}

func (p *project) path(name string) string { return filepath.Join(p.dir, filepath.FromSlash(name)) }

// taken names what is in the way: files, or a set that exists already, because
// new documents in it would change what it decides.
func (p *project) taken() ([]string, error) {
	var out []string
	for _, name := range p.names {
		_, err := os.Lstat(p.path(name))
		switch {
		case err == nil:
			out = append(out, p.path(name))
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("looking for files in the way: %w", err)
		}
	}
	entries, err := os.ReadDir(p.path(initPolicies))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking for files in the way: %w", err)
	}
	if len(out) == 0 && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !strings.HasPrefix(e.Name(), ".") }) {
		out = append(out, p.path(initPolicies))
	}
	return out, nil
}

// write creates every file or, if one of them fails, none.
func (p *project) write() ([]string, error) {
	var done []string
	for _, name := range p.names {
		path := p.path(name)
		created, err := p.create(name, path)
		if created {
			done = append(done, path)
		}
		if err != nil {
			for _, path := range done {
				err = errors.Join(err, os.Remove(path))
			}
			return nil, err
		}
	}
	return done, nil
}

func (p *project) create(name, path string) (created bool, err error) {
	data, err := fs.ReadFile(p.files, name)
	if err != nil {
		return false, fmt.Errorf("reading what to write: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return false, fmt.Errorf("writing the project: %w", err)
	}
	// O_EXCL: a file that came in between is not overwritten either.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return false, fmt.Errorf("writing the project: %w", err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		return true, fmt.Errorf("writing the project: %w", err)
	}
	return true, nil
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// shellWord quotes a path for a POSIX shell, where that is needed.
func shellWord(path string) string {
	if plainWord.MatchString(path) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
