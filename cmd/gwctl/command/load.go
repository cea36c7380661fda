package command

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/mapping"
	"github.com/gwctl/gwctl/engine/suite"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
	"github.com/gwctl/gwctl/policy/source"
)

// loaded is a set on its way from files to decisions. Set is nil when the
// diagnostics hold an error.
type loaded struct {
	path   string
	files  *source.Files
	set    *engine.Set
	runner *suite.Runner
	found  policy.Diagnostics
}

// load reads and compiles the set at a path. The error is for input and
// output; what is wrong with the set itself is in the diagnostics.
func load(path string) (*loaded, error) {
	l := &loaded{path: path}
	files, err := source.Read(path)
	var refused *source.Error
	switch {
	case errors.As(err, &refused):
		l.found = policy.Diagnostics{setProblem(refused.Path, "set_unreadable", refused.Why, refused.Hint)}
		return l, nil
	case err != nil:
		return nil, internal(err, "give the directory or bundle that holds the policies")
	}
	l.files = files
	if len(files.List) == 0 {
		l.found = policy.Diagnostics{setProblem(path, "empty_set", "no *.yaml file found", "give the directory that holds the policies")}
		return l, nil
	}
	src, found := policy.Load(files.List)
	l.found = found
	if found.HasErrors() {
		return l, nil
	}
	set, found := engine.Compile(src)
	l.found = append(l.found, found...).Sorted()
	if set == nil {
		return l, nil
	}
	if set.Empty() {
		l.found = append(l.found, setProblem(path, "empty_set", "the set has no rule and would deny everything", "add a Policy with a rule"))
		return l, nil
	}
	m, found := mapping.New(set, nil)
	if l.found = append(l.found, found...); found.HasErrors() {
		return l, nil
	}
	read, err := canonicalReader(set)
	if err != nil {
		return nil, internal(err, "please report this")
	}
	l.set, l.runner = set, suite.NewRunner(set, read, m)
	return l, nil
}

func setProblem(path, code, why, hint string) policy.Diagnostic {
	return document.NewDiagnostic(policy.Span{Path: path}, document.Error, code, why).WithHint(hint)
}

// paths gives the PATH arguments, or the current directory.
func paths(args []string) []string {
	if len(args) == 0 {
		return []string{"."}
	}
	return args
}

// notLoaded is the finding about one of several paths that could not be read;
// it does not keep the others from being judged.
func notLoaded(path string, err error) policy.Diagnostic {
	var f *failure
	hint, why := "", err.Error()
	if errors.As(err, &f) {
		hint = f.hint
	}
	var system *fs.PathError
	if errors.As(err, &system) {
		why = "cannot be read: " + system.Err.Error()
	}
	return setProblem(path, "io_error", why, hint)
}

// mustLoad loads the one set of a command that needs it whole.
func mustLoad(path string) (*loaded, error) {
	l, err := load(path)
	if err != nil {
		return nil, err
	}
	if l.set == nil {
		return nil, &failure{code: exitNotLoad, err: fmt.Errorf("the policy set %s does not load", path), hint: "mend the errors above", found: l.found}
	}
	return l, nil
}
