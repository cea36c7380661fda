package celenv_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/expr"
	_ "cel.dev/expr/conformance/proto2" // messages that the files speak of
	_ "cel.dev/expr/conformance/proto3"
	conformance "cel.dev/expr/conformance/test"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/gwctl/gwctl/engine/celenv"
)

var update = flag.Bool("update", false, "write the table of docs/cel.md anew")

const conformancePage = "../../docs/cel.md"

// reasons tell what a test that fails on purpose has in it, in the order in
// which they count; the names are those of the page.
var reasons = []struct {
	name string
	in   []string
}{
	{"dyn", []string{"dyn("}},
	{"type", []string{"type("}},
	{"bind", []string{"cel.bind("}},
	{"base64", []string{"base64."}},
	{"messages", []string{"TestAllTypes", "TestRequired", "GlobalEnum", "google.protobuf", "proto."}},
}

// TestConformance runs the conformance files of cel-spec through the
// environment of conditions. What may fail is what cel-go fails, and what the
// page lists with a reason; what is listed must fail.
func TestConformance(t *testing.T) {
	root := os.Getenv("GWCTL_EXTERNAL")
	if root == "" {
		t.Skip("GWCTL_EXTERNAL is not set: it names the folder with the cel-spec files")
	}
	files, err := filepath.Glob(filepath.Join(root, "cel", "cel-spec", "*.textproto"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no conformance files below %s: %v", root, err)
	}
	lib, err := celenv.NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	cases, failures := map[string]*conformance.SimpleTest{}, map[string]error{}
	for _, f := range files {
		loadConformance(t, f, cases)
	}
	for name, c := range cases {
		if err := conform(lib, c); err != nil {
			failures[name] = err
		}
	}
	baseline := readBaseline(t, root)
	if *update {
		writePage(t, cases, failures, baseline)
	}
	listed := readPage(t)
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		reason, onPurpose := listed[name]
		switch err := failures[name]; {
		case err == nil && onPurpose:
			t.Errorf("%s passes, but is listed as failing for %s", name, reason)
		case err == nil && baseline[name] && !betterThanBaseline(name):
			t.Errorf("%s passes, but is in the baseline", name)
		case err != nil && !onPurpose && !baseline[name]:
			t.Errorf("%s: %q: %v", name, cases[name].GetExpr(), err)
		case onPurpose && reasonOf(cases[name], err) != reason:
			t.Errorf("%s is listed as failing for %s, but looks like %s", name, reason, reasonOf(cases[name], err))
		}
	}
	t.Logf("%d tests, %d fail on purpose or in the baseline", len(cases), len(failures))
}

// betterThanBaseline names what fails in cel-go's own run and not here.
func betterThanBaseline(name string) bool {
	return name == "optionals/optionals/map_optional_select_has"
}

func loadConformance(t *testing.T, path string, into map[string]*conformance.SimpleTest) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file conformance.SimpleTestFile
	if err := prototext.Unmarshal(data, &file); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, section := range file.GetSection() {
		for _, c := range section.GetTest() {
			into[file.GetName()+"/"+section.GetName()+"/"+c.GetName()] = c
		}
	}
}

func readBaseline(t *testing.T, root string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "cel", "*baseline*.txt"))
	if err != nil || len(files) != 1 {
		t.Fatalf("want one file with cel-go's own failures below %s: %v", root, files)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, name := range strings.Fields(string(data)) {
		out[name] = true
	}
	return out
}

// readPage gives the reasons of the page's table by test.
func readPage(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile(conformancePage)
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(data), "\n## Conformance\n")
	if !found {
		t.Fatalf("%s has no section Conformance", conformancePage)
	}
	out := map[string]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		section := strings.Trim(cells[1], " `")
		for name := range strings.SplitSeq(cells[2], ",") {
			out[section+"/"+strings.TrimSpace(name)] = strings.TrimSpace(cells[3])
		}
	}
	return out
}

// writePage writes the table anew; rows of files that did not run stay.
func writePage(t *testing.T, cases map[string]*conformance.SimpleTest, failures map[string]error, baseline map[string]bool) {
	t.Helper()
	rows := map[[2]string][]string{}
	add := func(name, reason string) {
		at := strings.LastIndex(name, "/")
		row := [2]string{name[:at], reason}
		rows[row] = append(rows[row], name[at+1:])
	}
	for name, reason := range readPage(t) {
		if _, ran := cases[name]; !ran {
			add(name, reason)
		}
	}
	for name, err := range failures {
		if !baseline[name] {
			add(name, reasonOf(cases[name], err))
		}
	}
	data, err := os.ReadFile(conformancePage)
	if err != nil {
		t.Fatal(err)
	}
	const head = "| tests | which | left out |\n|---|---|---|\n"
	page, _, _ := strings.Cut(string(data), head)
	page += head
	order := slices.SortedFunc(maps.Keys(rows), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	for _, row := range order {
		slices.Sort(rows[row])
		page += fmt.Sprintf("| `%s` | %s | %s |\n", row[0], strings.Join(rows[row], ", "), row[1])
	}
	if err := os.WriteFile(conformancePage, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
}

// mixedLiteral is what the checker says of a literal with elements of several
// types, which no text of the test gives away.
var mixedLiteral = regexp.MustCompile(`expected type '\w+' but found '\w+'`)

func reasonOf(c *conformance.SimpleTest, failure error) string {
	text := c.GetExpr() + c.GetContainer() + prototext.Format(c)
	for _, r := range reasons {
		if slices.ContainsFunc(r.in, func(part string) bool { return strings.Contains(text, part) }) {
			return r.name
		}
	}
	if mixedLiteral.MatchString(failure.Error()) {
		return "mixed"
	}
	return "no reason"
}

var errWrongResult = errors.New("wrong result")

func conform(lib *celenv.Library, c *conformance.SimpleTest) error {
	p := celenv.Probe{Source: c.GetExpr(), Container: c.GetContainer(), Unchecked: c.GetDisableCheck(), NoMacros: c.GetDisableMacros()}
	for _, d := range c.GetTypeEnv() {
		o, err := cel.ProtoAsDeclaration(d)
		if err != nil {
			return fmt.Errorf("declaration: %w", err)
		}
		p.Declarations = append(p.Declarations, o)
	}
	for name, v := range c.GetBindings() {
		bound, err := cel.ProtoAsValue(types.DefaultTypeAdapter, v.GetValue())
		if err != nil {
			return fmt.Errorf("bound value: %w", err)
		}
		p.Bindings = append(p.Bindings, celenv.Binding{Name: name, Value: bound})
	}
	kind, err := lib.Check(p)
	if err != nil {
		return err
	}
	if want := c.GetTypedResult().GetDeducedType(); want != nil {
		if got, err := types.TypeToProto(kind); err != nil || !proto.Equal(got, want) {
			return fmt.Errorf("%w: type %s, want %s", errWrongResult, got, want)
		}
	}
	if c.GetCheckOnly() {
		return nil
	}
	got, err := lib.Eval(p)
	if err != nil {
		return err
	}
	return sameValue(c, got)
}

func sameValue(c *conformance.SimpleTest, got ref.Val) error {
	want := c.GetValue()
	wantError := c.GetEvalError() != nil || c.GetAnyEvalErrors() != nil
	switch {
	case wantError != types.IsError(got):
		return fmt.Errorf("%w: %v, error wanted: %t", errWrongResult, got, wantError)
	case wantError:
		return nil
	case c.GetTypedResult() != nil:
		want = c.GetTypedResult().GetResult()
	case want == nil:
		want = &expr.Value{Kind: &expr.Value_BoolValue{BoolValue: true}}
	}
	v, err := cel.ProtoAsValue(types.DefaultTypeAdapter, want)
	if err != nil {
		return fmt.Errorf("expected value: %w", err)
	}
	if got.Type() != v.Type() || !identical(got, v) {
		return fmt.Errorf("%w: %v, want %v", errWrongResult, got, v)
	}
	return nil
}

// identical is equality in which NaN equals itself.
func identical(a, b ref.Val) bool {
	x, isDouble := a.(types.Double)
	y, areDoubles := b.(types.Double)
	return a.Equal(b) == types.True || isDouble && areDoubles && x != x && y != y
}
