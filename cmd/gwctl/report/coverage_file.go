package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gwctl/gwctl/engine/coverage"
)

// Coverage is the output of `policy test --coverage-out`.
type Coverage struct {
	Envelope
	Coverage []SetCoverage `json:"coverage"`
	Now      time.Time     `json:"-"`
}

// CoverageFormat tells the format of a file by its name; "" if it is none.
func CoverageFormat(path string) string {
	return map[string]string{".json": "json", ".html": "html", ".htm": "html", ".info": "lcov", ".lcov": "lcov", ".xml": "cobertura"}[strings.ToLower(filepath.Ext(path))]
}

// Write writes the coverage in a format of [CoverageFormat].
func (c *Coverage) Write(w io.Writer, format string) error {
	switch format {
	case "json":
		return writeJSON(w, c)
	case "html":
		return c.html(w)
	case "lcov":
		return c.lcov(w)
	}
	return c.cobertura(w)
}

// fileLines are the lines of one file that something stands in.
type fileLines struct {
	path  string
	lines map[int]*codeLine
	units []*coverage.Unit
}

// codeLine is one line: how often what begins there was evaluated, and which
// atoms begin there.
type codeLine struct {
	hits  int
	atoms []*coverage.Atom
}

// files sorts units and atoms by the lines in which they begin.
func (c *Coverage) files() []*fileLines {
	byPath := map[string]*fileLines{}
	at := func(p coverage.Place) *codeLine {
		f := byPath[p.Path]
		if f == nil {
			f = &fileLines{path: p.Path, lines: map[int]*codeLine{}}
			byPath[p.Path] = f
		}
		if f.lines[p.Line] == nil {
			f.lines[p.Line] = &codeLine{}
		}
		return f.lines[p.Line]
	}
	for i := range c.Coverage {
		for j := range c.Coverage[i].Units {
			u := &c.Coverage[i].Units[j]
			l := at(u.Place)
			l.hits = max(l.hits, u.Matched)
			byPath[u.Place.Path].units = append(byPath[u.Place.Path].units, u)
			for k := range u.Atoms {
				a := &u.Atoms[k]
				l := at(a.Place)
				l.hits = max(l.hits, a.True+a.False+a.Failed)
				l.atoms = append(l.atoms, a)
			}
		}
	}
	var out []*fileLines
	for _, path := range slices.Sorted(maps.Keys(byPath)) {
		out = append(out, byPath[path])
	}
	return out
}

// branches counts the outcomes of the line's atoms.
func (l *codeLine) branches() (covered, total int) {
	for _, a := range l.atoms {
		total += 2
		covered += min(a.True, 1) + min(a.False, 1)
	}
	return covered, total
}

func (f *fileLines) count() (lines, linesHit, branches, branchesHit int) {
	for _, l := range f.lines {
		lines++
		linesHit += min(l.hits, 1)
		covered, total := l.branches()
		branches += total
		branchesHit += covered
	}
	return lines, linesHit, branches, branchesHit
}

// lcov writes a tracefile of geninfo: rules are functions, atoms are branches
// with two outcomes, and conditions of MC/DC, which lcov knows from version 2.3
// on and older ones pass over. The atoms that begin in a line are a group; an
// effect that is shown is shown both ways.
func (c *Coverage) lcov(w io.Writer) error {
	var out strings.Builder
	for _, f := range c.files() {
		fmt.Fprintf(&out, "TN:\nSF:%s\n", visible(f.path))
		functions, functionsHit := 0, 0
		for _, u := range f.units {
			if u.Kind == "rule" {
				fmt.Fprintf(&out, "FN:%d,%s\n", u.Place.Line, visible(u.Name))
			}
		}
		for _, u := range f.units {
			if u.Kind == "rule" {
				functions++
				functionsHit += min(u.Matched, 1)
				fmt.Fprintf(&out, "FNDA:%d,%s\n", u.Matched, visible(u.Name))
			}
		}
		fmt.Fprintf(&out, "FNF:%d\nFNH:%d\n", functions, functionsHit)
		lines, linesHit, branches, branchesHit := f.count()
		for _, n := range slices.Sorted(maps.Keys(f.lines)) {
			for i, a := range f.lines[n].atoms {
				for j, taken := range []int{a.True, a.False} {
					count := fmt.Sprint(taken)
					if a.True+a.False+a.Failed == 0 {
						count = "-" // never asked
					}
					fmt.Fprintf(&out, "BRDA:%d,%d,%d,%s\n", n, i, j, count)
				}
			}
		}
		fmt.Fprintf(&out, "BRF:%d\nBRH:%d\n", branches, branchesHit)
		independent := 0
		for _, n := range slices.Sorted(maps.Keys(f.lines)) {
			atoms := f.lines[n].atoms
			for i, a := range atoms {
				shown := 0
				if a.Independent {
					shown = 1
				}
				independent += 2 * shown
				for _, sense := range []string{"t", "f"} {
					fmt.Fprintf(&out, "MCDC:%d,%d,%s,%d,%d,%s\n", n, len(atoms), sense, shown, i, visible(a.Text))
				}
			}
		}
		fmt.Fprintf(&out, "MCF:%d\nMCH:%d\n", branches, independent) // two senses, as two outcomes
		for _, n := range slices.Sorted(maps.Keys(f.lines)) {
			fmt.Fprintf(&out, "DA:%d,%d\n", n, f.lines[n].hits)
		}
		fmt.Fprintf(&out, "LF:%d\nLH:%d\nend_of_record\n", lines, linesHit)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// The elements of Cobertura's coverage-04.dtd.

type coberturaReport struct {
	XMLName         xml.Name           `xml:"coverage"`
	LineRate        string             `xml:"line-rate,attr"`
	BranchRate      string             `xml:"branch-rate,attr"`
	LinesCovered    int                `xml:"lines-covered,attr"`
	LinesValid      int                `xml:"lines-valid,attr"`
	BranchesCovered int                `xml:"branches-covered,attr"`
	BranchesValid   int                `xml:"branches-valid,attr"`
	Complexity      int                `xml:"complexity,attr"`
	Version         string             `xml:"version,attr"`
	Timestamp       int64              `xml:"timestamp,attr"`
	Sources         []string           `xml:"sources>source"`
	Packages        []coberturaPackage `xml:"packages>package"`
}

type coberturaPackage struct {
	Name       string           `xml:"name,attr"`
	LineRate   string           `xml:"line-rate,attr"`
	BranchRate string           `xml:"branch-rate,attr"`
	Complexity int              `xml:"complexity,attr"`
	Classes    []coberturaClass `xml:"classes>class"`
}

type coberturaClass struct {
	Name       string          `xml:"name,attr"`
	File       string          `xml:"filename,attr"`
	LineRate   string          `xml:"line-rate,attr"`
	BranchRate string          `xml:"branch-rate,attr"`
	Complexity int             `xml:"complexity,attr"`
	Methods    struct{}        `xml:"methods"`
	Lines      []coberturaLine `xml:"lines>line"`
}

type coberturaLine struct {
	Number    int    `xml:"number,attr"`
	Hits      int    `xml:"hits,attr"`
	Branch    bool   `xml:"branch,attr"`
	Condition string `xml:"condition-coverage,attr,omitempty"`
}

func rate(covered, total int) string {
	if total == 0 {
		return "1"
	}
	return fmt.Sprintf("%.4f", float64(covered)/float64(total))
}

func (c *Coverage) cobertura(w io.Writer) error {
	out := coberturaReport{Version: "gwctl", Timestamp: c.Now.UnixMilli(), Sources: []string{"."}}
	pkg := coberturaPackage{Name: "policies"}
	for _, f := range c.files() {
		lines, linesHit, branches, branchesHit := f.count()
		class := coberturaClass{Name: xmlText(f.path), File: xmlText(f.path), LineRate: rate(linesHit, lines), BranchRate: rate(branchesHit, branches)}
		for _, n := range slices.Sorted(maps.Keys(f.lines)) {
			l := f.lines[n]
			x := coberturaLine{Number: n, Hits: l.hits}
			if covered, total := l.branches(); total > 0 {
				x.Branch, x.Condition = true, fmt.Sprintf("%d%% (%d/%d)", 100*covered/total, covered, total)
			}
			class.Lines = append(class.Lines, x)
		}
		pkg.Classes = append(pkg.Classes, class)
		out.LinesValid, out.LinesCovered = out.LinesValid+lines, out.LinesCovered+linesHit
		out.BranchesValid, out.BranchesCovered = out.BranchesValid+branches, out.BranchesCovered+branchesHit
	}
	out.LineRate, out.BranchRate = rate(out.LinesCovered, out.LinesValid), rate(out.BranchesCovered, out.BranchesValid)
	pkg.LineRate, pkg.BranchRate = out.LineRate, out.BranchRate
	out.Packages = []coberturaPackage{pkg}
	const doctype = "<!DOCTYPE coverage SYSTEM \"http://cobertura.sourceforge.net/xml/coverage-04.dtd\">\n"
	if _, err := io.WriteString(w, xml.Header+doctype); err != nil {
		return fmt.Errorf("writing Cobertura XML: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("writing Cobertura XML: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}
