package attacks_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// lastRow is the last number of the corpus. Larger ones in tests are something
// else.
const lastRow = 118

var (
	rowForm    = regexp.MustCompile(`\bA[0-9]{2,3}\b`)
	heldByForm = regexp.MustCompile("^`([a-z0-9]+)\\.((?:Test|Fuzz)[A-Za-z0-9]+)`$")
)

// tested is what the tests of this floor say.
type tested struct {
	rows  map[string]map[string]bool // by test ("attacks.TestPath"): rows that its file speaks of
	named map[string][]string        // by row: tests' files in which it names a case or a test
}

// readTests reads every test below sidecar.
func readTests(t *testing.T) tested {
	t.Helper()
	out := tested{rows: map[string]map[string]bool{}, named: map[string][]string{}}
	out.readBelow(t, "..")
	return out
}

func (o *tested) readBelow(t *testing.T, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		o.add(path, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (o *tested) add(path string, file *ast.File) {
	pkg := filepath.Base(filepath.Dir(path))
	if pkg == ".." {
		pkg = "sidecar"
	}
	rows := map[string]bool{}
	speak := func(text string) {
		for _, row := range rowForm.FindAllString(text, -1) {
			if n, _ := strconv.Atoi(row[1:]); n <= lastRow && !rows[row] {
				rows[row] = true
				o.named[row] = append(o.named[row], path)
			}
		}
	}
	if filepath.Base(path) != "page_test.go" {
		for _, c := range file.Comments {
			speak(c.Text())
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				speak(lit.Value)
			}
			return true
		})
	}
	for _, d := range file.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && (strings.HasPrefix(fn.Name.Name, "Test") || strings.HasPrefix(fn.Name.Name, "Fuzz")) {
			o.rows[pkg+"."+fn.Name.Name] = rows
		}
	}
}

// breaches compares a page with the tests.
func (o *tested) breaches(page string) (out []string) {
	seen := map[string]bool{}
	for line := range strings.Lines(page) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 6 || !rowForm.MatchString(cells[1]) {
			continue
		}
		row, does, held := strings.TrimSpace(cells[1]), cells[3], strings.TrimSpace(cells[4])
		if seen[row] {
			out = append(out, row+" is there twice")
		}
		seen[row] = true
		if held == "" {
			if !strings.Contains(does, "**not offered**:") && !strings.Contains(does, "**open**:") {
				out = append(out, row+" is held by nothing")
			}
			continue
		}
		for name := range strings.SplitSeq(held, ", ") {
			m := heldByForm.FindStringSubmatch(name)
			switch {
			case m == nil:
				out = append(out, fmt.Sprintf("%s: %s is no name of a test", row, name))
			case o.rows[m[1]+"."+m[2]] == nil:
				out = append(out, fmt.Sprintf("%s: %s is not there", row, name))
			case !o.rows[m[1]+"."+m[2]][row]:
				out = append(out, fmt.Sprintf("%s: %s does not speak of it", row, name))
			}
		}
	}
	for row, where := range o.named {
		if !seen[row] {
			out = append(out, fmt.Sprintf("%s, of %s, is not on the page", row, where[0]))
		}
	}
	slices.Sort(out)
	return out
}

// TestPage holds docs/attacks.md to the tests, and the tests to it.
func TestPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/attacks.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := readTests(t)
	for _, breach := range tests.breaches(string(text)) {
		t.Error(breach)
	}
	// A page that is wrong is found out.
	row := "| A01 | rules match the path as written, the service cleans it | 400 `dot_segment`, U0 | "
	for _, wrong := range []struct{ was, is, breach string }{
		{row, strings.Replace(row, "A01", "A03", 1), "A01, of "},
		{row, row + "`attacks.TestNothing`, ", "A01: `attacks.TestNothing` is not there"},
		{row, row + "`attacks.TestFraming`, ", "A01: `attacks.TestFraming` does not speak of it"},
		{row, row + "a look, ", "A01: a look is no name of a test"},
		{"**not offered**: gwctl logs nobody in", "gwctl logs nobody in", "A105 is held by nothing"},
		{"| A106 |", "| A105 |", "A105 is there twice"},
	} {
		changed := strings.Replace(string(text), wrong.was, wrong.is, 1)
		if found := tests.breaches(changed); !slices.ContainsFunc(found, func(b string) bool { return strings.HasPrefix(b, wrong.breach) }) {
			t.Errorf("%q is not found: %q", wrong.breach, found)
		}
	}
}
