package policy

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A file of testdata/broken says what is wrong with a line at its end:
//
//	# want error[code] "part of the message"
//
// with as many findings as the line has. Each is found, and nothing else.
func TestBroken(t *testing.T) {
	for _, path := range testdata(t, "testdata/broken") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			f := readFile(t, path)
			want := wants(t, f)
			if len(want) == 0 {
				t.Fatal("nothing is wanted of the file")
			}
			_, found := Load([]File{f})
			for _, d := range found {
				i := slices.IndexFunc(want, func(w finding) bool {
					return d.Path == path && w.line == d.Line && w.severity == string(d.Severity) && w.code == d.Code && strings.Contains(d.Message, w.message)
				})
				if i < 0 {
					t.Errorf("not wanted: %s", d)
					continue
				}
				want = slices.Delete(want, i, i+1)
				checkFinding(t, f, d)
			}
			for _, w := range want {
				t.Errorf("not found: line %d: %s[%s] with %q", w.line, w.severity, w.code, w.message)
			}
		})
	}
}

type finding struct {
	line                    int
	severity, code, message string
}

var wantForm = regexp.MustCompile(`^ (error|warning|info)\[([a-z_]+)\] ("(?:[^"\\]|\\.)*")`)

func wants(t *testing.T, f File) []finding {
	t.Helper()
	var out []finding
	for i, line := range strings.Split(string(f.Data), "\n") {
		_, rest, ok := strings.Cut(line, "# want")
		for ok && rest != "" {
			m := wantForm.FindStringSubmatch(rest)
			if m == nil {
				t.Fatalf("line %d: cannot read %q", i+1, rest)
			}
			message, err := strconv.Unquote(m[3])
			if err != nil {
				t.Fatalf("line %d: %v", i+1, err)
			}
			out = append(out, finding{i + 1, m[1], m[2], message})
			rest = rest[len(m[0]):]
		}
	}
	return out
}

// checkFinding holds a finding to what every printer relies on.
func checkFinding(t *testing.T, f File, d Diagnostic) {
	t.Helper()
	line := strings.Split(string(f.Data), "\n")[d.Line-1]
	width := len([]rune(line))
	if d.SourceLine != line || d.Column < 1 || d.EndLine != d.Line || d.EndColumn <= d.Column || d.EndColumn > width+2 {
		t.Errorf("%s: ends at %d:%d in %q", d, d.EndLine, d.EndColumn, d.SourceLine)
	}
	if !strings.HasSuffix(d.URL, "#"+d.Code) || d.Message == "" || strings.HasSuffix(d.Message, ".") {
		t.Errorf("%s: URL %s", d, d.URL)
	}
}

// Every code that loading can report has a broken file.
func TestEveryCodeIsBroken(t *testing.T) {
	covered := map[string]bool{"too_many_files": true, "set_too_large": true} // TestTooManyFiles, TestExtent
	for _, path := range testdata(t, "testdata/broken") {
		for _, w := range wants(t, readFile(t, path)) {
			covered[w.code] = true
		}
	}
	raised := map[string]bool{}
	for _, dir := range []string{".", "document"} {
		for code, place := range codesIn(t, dir) {
			raised[code] = true
			if !covered[code] {
				t.Errorf("%s: no file of testdata/broken raises %s", place, code)
			}
		}
	}
	for code := range covered {
		if !raised[code] {
			t.Errorf("%s is wanted of a file, and nothing raises it", code)
		}
	}
	if len(raised) < 30 {
		t.Errorf("only %d codes are found in the sources", len(raised))
	}
}

// codesIn gives the codes in the sources of a directory, with their places.
func codesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	position := map[string]int{"Error": 1, "NewDiagnostic": 2, "report": 0} // of the code among the arguments
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			name := ""
			switch f := call.Fun.(type) {
			case *ast.Ident:
				name = f.Name
			case *ast.SelectorExpr:
				name = f.Sel.Name
			}
			i, ok := position[name]
			if !ok || i >= len(call.Args) {
				return true
			}
			lit, ok := call.Args[i].(*ast.BasicLit)
			if !ok {
				return true // passed on from a call that is looked at, too
			}
			code, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			out[code] = fset.Position(lit.Pos()).String()
			return true
		})
	}
	return out
}

func TestTooManyFiles(t *testing.T) {
	files := make([]File, MaxFiles+1)
	for i := range files {
		files[i] = File{Path: fmt.Sprintf("%05d.yaml", i), Data: []byte("x")}
	}
	if _, found := Load(files); len(found) != 1 || found[0].Code != "too_many_files" {
		t.Errorf("found %v", found)
	}
	files = files[:2]
	for i := range files {
		files[i].Data = []byte("apiVersion: gwctl.dev/v1\nkind: Directory\nmetadata: {name: d" + strconv.Itoa(i) + "}\nspec: {}\n")
	}
	if set, found := Load(files); len(found) != 0 || len(set.Directories) != 2 {
		t.Errorf("two files: %v", found)
	}
}

func testdata(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(dir + "/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	return paths
}

func readFile(t *testing.T, path string) File {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return File{Path: filepath.ToSlash(path), Data: data}
}
