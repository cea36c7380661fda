package report

import (
	"encoding/json"
	"encoding/xml"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/coverage"
)

func covered() *Coverage {
	at := func(line, from, to int) coverage.Place {
		return coverage.Place{Path: "p.yaml", Line: line, Column: from, EndLine: line, EndColumn: to}
	}
	r := &coverage.Report{
		Units: []coverage.Unit{
			{Kind: "rule", Name: "p/full", Effect: "allow", Place: at(1, 7, 11), Evaluated: 2, Matched: 1, NotMatched: 1, Decided: 1, Atoms: []coverage.Atom{
				{Text: "<a>", Place: at(2, 13, 16), True: 1, False: 1, Independent: true, ShownBy: &coverage.Pair{True: "s/<x>", False: "s/y"}}}},
			{Kind: "rule", Name: "p/half", Effect: "deny", Place: at(3, 7, 11), Evaluated: 1, NotMatched: 1, Atoms: []coverage.Atom{
				{Text: "b", Place: at(4, 13, 14), False: 1}, {Text: "c", Place: at(4, 18, 19)}}},
			{Kind: "rule", Name: "p/none", Effect: "deny", Place: at(5, 7, 11), Atoms: []coverage.Atom{}},
		},
		Routes: []coverage.Route{{Route: "GET /x", Resource: "r", Action: "a", Place: at(9, 1, 2)}},
		Unused: []coverage.Fixture{{Kind: "user", Name: "u", Place: at(9, 1, 2)}},
	}
	r.Summary = coverage.Summary{Rules: coverage.Ratio{Covered: 1, Total: 3, Percent: 100. / 3}, Conditions: coverage.Ratio{Covered: 3, Total: 6, Percent: 50}, MCDC: coverage.Ratio{Covered: 1, Total: 3, Percent: 100. / 3}}
	lines := []string{"    - id: full", "      when: <a>", "    - id: half", "      when: b && c", "    - id: none", "<script>alert(1)</script>"}
	return &Coverage{Envelope: NewEnvelope("policy test"), Now: time.Unix(1, 0), Coverage: []SetCoverage{{Set: "dir", Report: r, Files: map[string][]string{"p.yaml": lines}}}}
}

func file(t *testing.T, c *Coverage, format string) string {
	t.Helper()
	var out strings.Builder
	if err := c.Write(&out, format); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestCoverageText draws what is missing, and only that, on the lines.
func TestCoverageText(t *testing.T) {
	var out strings.Builder
	covered().Coverage[0].text(&out, false)
	want := `coverage of dir
  rules         33.3 %  1 of 3
  conditions    50.0 %  3 of 6
  MC/DC         33.3 %  1 of 3

p.yaml
  deny p/half: never true in 1 evaluation
      4 | when: b && c
        |       ^ never true
        |            ^ never asked
  deny p/none: never asked

routes without a case
  GET /x (r, action a) at p.yaml:9:1

fixtures that no case uses
  user u at p.yaml:9:1

`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

// hostile is the coverage of a set whose files and names mean mischief.
func hostile() *Coverage {
	c := covered()
	const name = "<script>alert(1)</script>\"'>&\x00\x1b[31m\n]]>\u202e"
	set := &c.Coverage[0]
	set.Set = name
	set.Files = map[string][]string{name: append([]string{name, "\xff\xfe"}, set.Files["p.yaml"]...)}
	for i := range set.Units {
		u := &set.Units[i]
		u.Name, u.Place.Path = name, name
		for j := range u.Atoms {
			a := &u.Atoms[j]
			a.Text, a.Place.Path = name, name
			if a.ShownBy != nil {
				a.ShownBy = &coverage.Pair{True: name, False: name}
			}
		}
	}
	set.Routes[0].Route, set.Unused[0].Name = name, name
	return c
}

// lcovRecord are the lines of a tracefile that gwctl writes, each with the form
// that geninfo's manual gives it.
var lcovRecord = regexp.MustCompile(`^(TN:|SF:.+|FN:[1-9]\d*,.+|FNDA:\d+,.+|(FNF|FNH|BRF|BRH|MCF|MCH|LF|LH):\d+|BRDA:[1-9]\d*,\d+,\d+,(\d+|-)|MCDC:[1-9]\d*,[1-9]\d*,[tf],\d+,\d+,.+|DA:[1-9]\d*,\d+|end_of_record)$`)

// TestLCOVRecords: nothing of a name begins a record of its own.
func TestLCOVRecords(t *testing.T) {
	for _, c := range []*Coverage{covered(), hostile()} {
		lines := strings.Split(strings.TrimSuffix(file(t, c, "lcov"), "\n"), "\n")
		if len(lines) != strings.Count(file(t, covered(), "lcov"), "\n") {
			t.Errorf("%d lines", len(lines))
		}
		for _, l := range lines {
			if !lcovRecord.MatchString(l) || strings.ContainsFunc(l, func(r rune) bool { return r < ' ' }) {
				t.Errorf("%q", l)
			}
		}
	}
}

// TestLCOV: the records of a file, whose sums are those of its lines.
func TestLCOV(t *testing.T) {
	want := "TN: SF:p.yaml FN:1,p/full FN:3,p/half FN:5,p/none FNDA:1,p/full FNDA:0,p/half FNDA:0,p/none FNF:3 FNH:1 " +
		"BRDA:2,0,0,1 BRDA:2,0,1,1 BRDA:4,0,0,0 BRDA:4,0,1,1 BRDA:4,1,0,- BRDA:4,1,1,- BRF:6 BRH:3 " +
		"MCDC:2,1,t,1,0,<a> MCDC:2,1,f,1,0,<a> MCDC:4,2,t,0,0,b MCDC:4,2,f,0,0,b MCDC:4,2,t,0,1,c MCDC:4,2,f,0,1,c MCF:6 MCH:2 DA:1,1 DA:2,2 DA:3,0 DA:4,1 DA:5,0 LF:5 LH:3 end_of_record"
	if got := strings.Join(strings.Fields(file(t, covered(), "lcov")), " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestCobertura: what its document type asks for, and sums that agree.
func TestCobertura(t *testing.T) {
	text := file(t, covered(), "cobertura")
	coberturaRules.holds(t, text)
	var back coberturaReport
	if err := xml.Unmarshal([]byte(text), &back); err != nil {
		t.Fatal(err)
	}
	if back.LinesValid != 5 || back.LinesCovered != 3 || back.BranchesValid != 6 || back.BranchesCovered != 3 || back.LineRate != "0.6000" || back.BranchRate != "0.5000" || back.Timestamp != 1000 {
		t.Errorf("%+v", back)
	}
	lines := back.Packages[0].Classes[0].Lines
	if len(lines) != 5 || lines[3].Condition != "25% (1/4)" || lines[0].Branch {
		t.Errorf("%+v", lines)
	}
	if !strings.Contains(text, "<!DOCTYPE coverage SYSTEM") {
		t.Error("the document type is not named")
	}
	coberturaRules.holds(t, file(t, hostile(), "cobertura"))
	coberturaRules.holds(t, file(t, &Coverage{Envelope: NewEnvelope("policy test")}, "cobertura"))
}

func TestCoverageJSON(t *testing.T) {
	var back map[string]any
	if err := json.Unmarshal([]byte(file(t, covered(), "json")), &back); err != nil {
		t.Fatal(err)
	}
	set := back["coverage"].([]any)[0].(map[string]any)
	if back["version"] != 1.0 || set["set"] != "dir" || set["summary"].(map[string]any)["mcdc"].(map[string]any)["covered"] != 1.0 || len(set["units"].([]any)) != 3 {
		t.Errorf("%v", back)
	}
}

// TestBelow: exactly the least is enough.
func TestBelow(t *testing.T) {
	s := &covered().Coverage[0]
	for _, tt := range []struct {
		measure string
		least   float64
		below   bool
	}{{"rule", 33, false}, {"rule", 34, true}, {"condition", 50, false}, {"condition", 50.1, true}, {"mcdc", 100, true}, {"mcdc", 0, false}} {
		got := s.Below([]Minimum{{tt.measure, tt.least}})
		if (len(got) == 1) != tt.below || tt.below && !strings.Contains(got[0], strconv.FormatFloat(tt.least, 'g', -1, 64)) {
			t.Errorf("%s %v: %q", tt.measure, tt.least, got)
		}
	}
	if got := percent(99.99); got != "99.9" {
		t.Errorf("99.99 reads %s", got)
	}
	if got := strings.Join([]string{CoverageFormat("a/B.HTML"), CoverageFormat("x.info"), CoverageFormat("x.xml"), CoverageFormat("x.json"), CoverageFormat("x.txt")}, " "); got != "html lcov cobertura json " {
		t.Error(got)
	}
}
