package report

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"

	"github.com/gwctl/gwctl/engine/coverage"
)

//go:embed coverage_page.html
var coveragePage string

// The page's own view of the coverage: everything is text, which the template
// escapes; the page has no script and fetches nothing.

type pageSet struct {
	Set      string
	Measures []pageMeasure
	Files    []pageFile
	Lists    []pageList
}

type pageMeasure struct {
	Name           string
	Covered, Total int
	Percent, Class string
}

type pageFile struct {
	Path  string
	Lines []pageLine
	Units []pageUnit
}

type pageLine struct {
	Number int
	Pieces []pagePiece
}

type pagePiece struct{ Text, Class, Title string }

type pageUnit struct {
	*coverage.Unit
	Class string
	Atoms []pageAtom
}

type pageAtom struct {
	*coverage.Atom
	Class, Says string
}

type pageList struct {
	Title string
	Items []string
}

func (c *Coverage) html(w io.Writer) error {
	page, err := template.New("coverage").Parse(coveragePage)
	if err != nil {
		return fmt.Errorf("reading the template of the page: %w", err)
	}
	var view struct{ Sets []pageSet }
	for i := range c.Coverage {
		view.Sets = append(view.Sets, c.Coverage[i].page())
	}
	if err := page.Execute(w, view); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

func (s *SetCoverage) page() pageSet {
	out := pageSet{Set: s.Set}
	for _, m := range s.measures() {
		out.Measures = append(out.Measures, pageMeasure{m.name, m.Covered, m.Total, percent(m.Percent), class(m.Covered, m.Total)})
	}
	one := &Coverage{Coverage: []SetCoverage{*s}}
	for _, f := range one.files() {
		out.Files = append(out.Files, s.pageFile(f))
	}
	add := func(title string, items []string) {
		if len(items) > 0 {
			out.Lists = append(out.Lists, pageList{title, items})
		}
	}
	var routes, actions, fixtures []string
	for _, r := range s.Routes {
		routes = append(routes, fmt.Sprintf("%s (%s, action %s)", r.Route, r.Resource, r.Action))
	}
	for _, a := range s.Actions {
		actions = append(actions, a.Action+" of "+a.Resource)
	}
	for _, f := range s.Unused {
		fixtures = append(fixtures, f.Kind+" "+f.Name)
	}
	add("Routes without a case", routes)
	add("Actions without a case", actions)
	add("Fixtures that no case uses", fixtures)
	return out
}

func class(covered, total int) string {
	switch {
	case covered >= total:
		return "full"
	case covered == 0:
		return "none"
	}
	return "part"
}

func atomClass(a *coverage.Atom) string {
	switch lacks(a) {
	case "":
		return "full"
	case "never asked":
		return "none"
	}
	return "part"
}

func (s *SetCoverage) pageFile(f *fileLines) pageFile {
	out := pageFile{Path: f.path}
	for _, u := range f.units {
		x := pageUnit{Unit: u, Class: class(min(u.Matched, 1), 1)}
		for i := range u.Atoms {
			a := &u.Atoms[i]
			says := cmp.Or(lacks(a), "covered")
			x.Atoms = append(x.Atoms, pageAtom{a, atomClass(a), says})
		}
		out.Units = append(out.Units, x)
	}
	for i, text := range s.Files[f.path] {
		line := pageLine{Number: i + 1}
		if l := f.lines[i+1]; l != nil {
			line.Pieces = pieces([]rune(text), l.atoms)
		} else {
			line.Pieces = []pagePiece{{Text: text}}
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}

// pieces cuts a line at the atoms that begin in it.
func pieces(line []rune, atoms []*coverage.Atom) []pagePiece {
	atoms = slices.Clone(atoms)
	slices.SortStableFunc(atoms, func(a, b *coverage.Atom) int { return cmp.Compare(a.Place.Column, b.Place.Column) })
	var out []pagePiece
	done := 0
	for _, a := range atoms {
		from := min(max(a.Place.Column-1, done), len(line))
		to := len(line)
		if a.Place.EndLine == a.Place.Line {
			to = min(a.Place.EndColumn-1, len(line))
		}
		if to <= from {
			continue
		}
		if from > done {
			out = append(out, pagePiece{Text: string(line[done:from])})
		}
		out = append(out, pagePiece{string(line[from:to]), atomClass(a), cmp.Or(lacks(a), "covered")})
		done = to
	}
	if done < len(line) {
		out = append(out, pagePiece{Text: string(line[done:])})
	}
	return out
}
