// Package docs writes the pages of the documentation that must not be written
// by hand: [CLI] from the command tree, [Lint] from the lint rules,
// [Diagnostics] from the table of codes that [Codes] gives, [Refusals] from the
// table of the reasons of the sidecar's answers.
//
// The package makes text and writes no file. Tests of cmd/gwctl compare the
// pages with it, run every example of a code, and fail when a code is raised
// that the table does not hold.
package docs

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed base
var base embed.FS

// Base is the policy set that the examples of [Codes] change, with a
// configuration beside it. Nothing is wrong with it.
func Base() (fs.FS, error) {
	sub, err := fs.Sub(base, "base")
	if err != nil {
		return nil, fmt.Errorf("opening the set of the examples: %w", err)
	}
	return sub, nil
}

// Area groups codes by what they are about.
type Area struct {
	Title string
	Intro string
	Codes []Code
}

// Code documents one diagnostic code.
type Code struct {
	Name      string
	Meaning   string
	Mend      string   // what to do about it
	Example   *Example // raises this code and no other
	NoExample string   // why there is no example; then Example is nil
	Warns     bool     // it never is an error, so the example ends with 0
}

// Example is a change of the base set, and the command that finds it.
type Example struct {
	File     string // the file that is changed
	Old, New string // what New replaces; with no Old it goes to the end
	Shown    string // what the page shows instead of New, where that cannot be seen
	Without  string // a file that is taken away
	Args     []string
}

// Apply gives the changed text of the example's file.
func (e *Example) Apply(text string) (string, error) {
	switch strings.Count(text, e.Old) {
	case 1:
		return strings.Replace(text, e.Old, e.New, 1), nil
	case 0:
		return "", fmt.Errorf("%s does not hold %q", e.File, e.Old)
	}
	if e.Old == "" {
		return text + e.New, nil
	}
	return "", fmt.Errorf("%s holds %q more than once", e.File, e.Old)
}

// Command gives the arguments of gwctl; SET is the directory of the set.
func (e *Example) Command() []string {
	if len(e.Args) > 0 {
		return e.Args
	}
	return []string{"policy", "lint", "SET"}
}

// Areas is the table of codes, in the order of the page.
func Areas() []Area {
	return []Area{fileCodes(), nameCodes(), schemaCodes(), resourceCodes(), policyCodes(), conditionCodes(), safetyCodes(), suiteCodes(), configCodes(), commandCodes()}
}

// Codes lists the codes of all areas.
func Codes() []Code {
	var out []Code
	for _, a := range Areas() {
		out = slices.Concat(out, a.Codes)
	}
	return out
}
