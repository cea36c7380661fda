package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gwctl/gwctl/engine/coverage"
)

// pageFile is a file with what is covered in it: its lines, and below them its
// rules and variables with their atoms.
type pageFile struct {
	ID, Path string
	Gaps     int // notes beneath its lines
	Counts   string
	Class    string
	Lines    []pageLine
	Units    []pageUnit
}

type pageLine struct {
	ID     string
	Number int
	Hits   string // "" where nothing is evaluated
	Class  string // of what is worst in the line
	Pieces []pagePiece
	Notes  []pageNote // what is missing, beneath the line
}

type pagePiece struct{ Text, Class, Title string }

type pageNote struct{ Text, Says, Class string }

type pageUnit struct {
	Name, Kind, Says, Class string
	Line                    string // its anchor
	Atoms                   []pageAtom
}

type pageAtom struct {
	Text, Says, Class   string
	Line                string
	True, False, Failed int
	ShownTrue           string // the case in which it was true, "" if its effect is not shown
	ShownFalse          string
}

func (s *SetCoverage) pageFile(f *fileLines, id string) pageFile {
	out := pageFile{ID: id, Path: visible(f.path)}
	anchor := func(p coverage.Place) string { return id + "l" + strconv.Itoa(p.Line) }
	rules, matched, atoms, outcomes, shown := 0, 0, 0, 0, 0
	for _, u := range f.units {
		x := pageUnit{Name: visible(u.Name), Kind: kindOf(u), Says: saysOf(u), Class: unitClass(u), Line: anchor(u.Place)}
		if u.Kind == "rule" {
			rules++
			matched += min(u.Matched, 1)
		}
		for i := range u.Atoms {
			a := &u.Atoms[i]
			v := pageAtom{Text: visible(a.Text), Says: lacks(a), Class: atomClass(a), Line: anchor(a.Place), True: a.True, False: a.False, Failed: a.Failed}
			atoms++
			outcomes += min(a.True, 1) + min(a.False, 1)
			if a.ShownBy != nil {
				shown++
				v.ShownTrue, v.ShownFalse = visible(a.ShownBy.True), visible(a.ShownBy.False)
			}
			if u.Evaluated > 0 { // else it goes without saying
				x.Atoms = append(x.Atoms, v)
			}
		}
		out.Units = append(out.Units, x)
	}
	out.Counts = fmt.Sprintf("rules %d/%d, conditions %d/%d, MC/DC %d/%d", matched, rules, outcomes, 2*atoms, shown, atoms)
	out.Class = class(matched+outcomes+shown, rules+3*atoms)
	marks, notes := marksOf(f), notesOf(f)
	for i, text := range s.Files[f.path] {
		line := pageLine{ID: id + "l" + strconv.Itoa(i+1), Number: i + 1, Notes: notes[i+1]}
		if l := f.lines[i+1]; l != nil {
			line.Hits = fmt.Sprintf("%d×", l.hits)
			if l.hits > 0 {
				line.Class = "full"
			}
		}
		out.Gaps += len(line.Notes)
		for _, n := range line.Notes {
			if line.Class != "none" {
				line.Class = n.Class
			}
		}
		line.Pieces = pieces([]rune(strings.TrimSuffix(text, "\r")), marks[i+1])
		out.Lines = append(out.Lines, line)
	}
	return out
}

// notesOf tells by line what is missing: of a unit that was never asked only
// that, not that none of its atoms was.
func notesOf(f *fileLines) map[int][]pageNote {
	out := map[int][]pageNote{}
	for _, u := range f.units {
		if u.Evaluated == 0 || u.Kind == "rule" && u.Matched == 0 {
			out[u.Place.Line] = append(out[u.Place.Line], pageNote{visible(u.Name), saysOf(u), "none"})
		}
		for i := range u.Atoms {
			a := &u.Atoms[i]
			if missing := lacks(a); missing != "" && u.Evaluated > 0 {
				out[a.Place.Line] = append(out[a.Place.Line], pageNote{visible(a.Text), missing, atomClass(a)})
			}
		}
	}
	return out
}

func kindOf(u *coverage.Unit) string {
	switch {
	case u.Kind != "rule":
		return u.Kind
	case u.Shadow:
		return "shadow " + u.Effect + " rule"
	}
	return u.Effect + " rule"
}

// saysOf tells how often a unit was asked, and what it came to.
func saysOf(u *coverage.Unit) string {
	if u.Evaluated == 0 {
		return "never asked"
	}
	verb := "matched"
	if u.Kind != "rule" {
		verb = "true"
	}
	out := fmt.Sprintf("%s %d of %d times", verb, u.Matched, u.Evaluated)
	if u.Matched == 0 {
		out = "never " + verb + " in " + plural(u.Evaluated, "evaluation")
	}
	if u.Failed > 0 {
		out += ", an error " + plural(u.Failed, "time")
	}
	if u.Decided > 0 {
		out += ", decided " + plural(u.Decided, "case")
	}
	return out
}

func unitClass(u *coverage.Unit) string {
	switch {
	case complete(u):
		return "full"
	case u.Evaluated == 0 || u.Kind == "rule" && u.Matched == 0:
		return "none"
	}
	return "part"
}

// mark is the part of a line that an atom takes; to is -1 up to the end.
type mark struct {
	from, to int
	atom     *coverage.Atom
}

// marksOf lays atoms over the lines that they stand in.
func marksOf(f *fileLines) map[int][]mark {
	out := map[int][]mark{}
	for _, u := range f.units {
		for i := range u.Atoms {
			a := &u.Atoms[i]
			for n := a.Place.Line; n <= a.Place.EndLine; n++ {
				m := mark{from: 0, to: -1, atom: a}
				if n == a.Place.Line {
					m.from = a.Place.Column - 1
				}
				if n == a.Place.EndLine {
					m.to = a.Place.EndColumn - 1
				}
				out[n] = append(out[n], m)
			}
		}
	}
	return out
}

// pieces cuts a line at its marks.
func pieces(line []rune, marks []mark) []pagePiece {
	slices.SortStableFunc(marks, func(a, b mark) int { return cmp.Compare(a.from, b.from) })
	indent := 0
	for indent < len(line) && (line[indent] == ' ' || line[indent] == '\t') {
		indent++
	}
	var out []pagePiece
	done := 0
	put := func(to int, class, title string) {
		if to > done {
			out = append(out, pagePiece{visible(string(line[done:to])), class, title})
			done = to
		}
	}
	for _, m := range marks {
		to := len(line)
		if m.to >= 0 {
			to = min(m.to, len(line))
		}
		if from := min(max(m.from, indent, done), len(line)); from < to {
			put(from, "", "")
			put(to, atomClass(m.atom), cmp.Or(lacks(m.atom), "covered"))
		}
	}
	put(len(line), "", "")
	return out
}
