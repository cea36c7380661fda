package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/cmd/gwctl/docs"
	"github.com/gwctl/gwctl/lint/rules"
)

// TestEveryCodeIsDocumented holds the table of codes to the source: what is
// raised is documented, and what is documented is raised.
func TestEveryCodeIsDocumented(t *testing.T) {
	raised, lost := raisedCodes(parseTree(t).files)
	for _, l := range lost {
		t.Error(l)
	}
	documented := map[string]bool{}
	for _, c := range docs.Codes() {
		if documented[c.Name] {
			t.Errorf("%s is documented twice", c.Name)
		}
		documented[c.Name] = true
	}
	for _, r := range rules.All() {
		if documented[r.Code] {
			t.Errorf("%s is a lint rule and a diagnostic of its own", r.Code)
		}
		documented[r.Code] = true
	}
	for _, code := range slices.Sorted(maps.Keys(raised)) {
		if !documented[code] {
			t.Errorf("%s is raised at %s and not documented: add it to cmd/gwctl/docs", code, raised[code])
		}
	}
	for _, code := range slices.Sorted(maps.Keys(documented)) {
		if raised[code] == "" {
			t.Errorf("%s is documented and raised nowhere", code)
		}
	}
}

// raisedCodes finds the diagnostic codes in the source, with a place of each.
// It begins at NewDiagnostic and at literals of the types below; a function
// that hands one of its parameters on as the code is followed to its callers. A
// code that cannot be followed is reported as lost.
func raisedCodes(files []*sourceFile) (raised map[string]string, lost []string) {
	raised = map[string]string{}
	f := &codeFinder{raised: raised, wrappers: map[string]wrapper{"NewDiagnostic": {param: 2, least: 4}}}
	for n := -1; n != len(f.wrappers); {
		n = len(f.wrappers)
		f.lost = nil
		for _, file := range files {
			if !file.test {
				f.file(file)
			}
		}
	}
	return raised, f.lost
}

// wrapper is a function whose callers give the code.
type wrapper struct {
	param  int // which argument
	least  int // arguments that a call has
	prefix string
}

type codeFinder struct {
	raised   map[string]string
	wrappers map[string]wrapper // by key
	lost     []string
	at       *sourceFile
}

// carriers are the types with a field Code that becomes a diagnostic's.
var carriers = []string{"Problem", "Diagnostic", "Diagnostics", "Rule"}

func (f *codeFinder) file(file *sourceFile) {
	f.at = file
	for _, d := range file.syntax.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			f.walk(d, nil)
			continue
		}
		f.walk(fn.Body, &scope{key: f.key(fn.Name), params: paramNames(fn.Type), variadic: isVariadic(fn.Type)})
	}
}

// key is how a function is found again: an exported one from everywhere, the
// others in their package.
func (f *codeFinder) key(name *ast.Ident) string {
	if name.IsExported() {
		return name.Name
	}
	return f.at.dir + "." + name.Name
}

// closureKey is the same for a function with a name in one file.
func (f *codeFinder) closureKey(name *ast.Ident) string { return f.at.path + "#" + name.Name }

// wrapper finds what a call calls.
func (f *codeFinder) wrapper(c *ast.CallExpr) (wrapper, bool) {
	name := calledName(c)
	if name == nil {
		return wrapper{}, false
	}
	w, ok := f.wrappers[f.closureKey(name)]
	if !ok {
		w, ok = f.wrappers[f.key(name)]
	}
	return w, ok
}

// scope is the function around a place.
type scope struct {
	key      string
	params   []string
	variadic bool
	outer    *scope
}

func (f *codeFinder) walk(n ast.Node, in *scope) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.AssignStmt:
			// A closure with a name, as in report := func(code string) {…}.
			if len(x.Lhs) == 1 && len(x.Rhs) == 1 {
				if lit, ok := x.Rhs[0].(*ast.FuncLit); ok {
					if id, ok := x.Lhs[0].(*ast.Ident); ok {
						f.walk(lit.Body, &scope{key: f.closureKey(id), params: paramNames(lit.Type), variadic: isVariadic(lit.Type), outer: in})
						return false
					}
				}
			}
			for i, l := range x.Lhs {
				if sel, ok := l.(*ast.SelectorExpr); ok && sel.Sel.Name == "Code" && len(x.Rhs) == len(x.Lhs) {
					f.code(x.Rhs[i], in)
				}
			}
		case *ast.CallExpr:
			if w, ok := f.wrapper(x); ok && len(x.Args) >= w.least && !isString(x.Args[0], w.param) {
				f.prefixed(x.Args[w.param], w.prefix, in)
			}
		case *ast.CompositeLit:
			if slices.Contains(carriers, typeName(x.Type)) {
				f.fields(x, in)
			}
		}
		return true
	})
}

// fields looks for Code in a literal, also in the elements of a list.
func (f *codeFinder) fields(lit *ast.CompositeLit, in *scope) {
	for _, e := range lit.Elts {
		switch x := e.(type) {
		case *ast.KeyValueExpr:
			if id, ok := x.Key.(*ast.Ident); ok && id.Name == "Code" {
				f.code(x.Value, in)
			}
		case *ast.CompositeLit:
			if x.Type == nil {
				f.fields(x, in)
			}
		}
	}
}

func (f *codeFinder) code(e ast.Expr, in *scope) { f.prefixed(e, "", in) }

// prefixed takes an expression that becomes a code.
func (f *codeFinder) prefixed(e ast.Expr, prefix string, in *scope) {
	switch x := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(x.Value); err == nil && x.Kind == token.STRING {
			f.found(prefix+text, x)
			return
		}
	case *ast.BinaryExpr: // "undeclared_" + what
		if lit, ok := x.X.(*ast.BasicLit); ok && x.Op == token.ADD {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				f.prefixed(x.Y, prefix+text, in)
				return
			}
		}
	case *ast.Ident:
		for s := in; s != nil; s = s.outer {
			if i := slices.Index(s.params, x.Name); i >= 0 {
				least := len(s.params)
				if s.variadic {
					least--
				}
				f.wrappers[s.key] = wrapper{param: i, least: least, prefix: prefix}
				return
			}
		}
	case *ast.SelectorExpr:
		if x.Sel.Name == "Code" {
			return // found where that field is set
		}
	}
	f.lost = append(f.lost, fmt.Sprintf("%s: this code cannot be followed; raise it as a literal", f.at.place(e)))
}

func (f *codeFinder) found(code string, at ast.Node) {
	if f.raised[code] == "" {
		f.raised[code] = f.at.place(at)
	}
}

// isString tells a call such as Logger.Error("text", …) from Walker.Error(at, code, …).
func isString(first ast.Expr, param int) bool {
	lit, ok := first.(*ast.BasicLit)
	return ok && lit.Kind == token.STRING && param > 0
}

func calledName(c *ast.CallExpr) *ast.Ident {
	switch fn := c.Fun.(type) {
	case *ast.Ident:
		return fn
	case *ast.SelectorExpr:
		return fn.Sel
	}
	return nil
}

func typeName(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	case *ast.ArrayType:
		return typeName(x.Elt)
	}
	return ""
}

func paramNames(t *ast.FuncType) []string {
	var out []string
	for _, p := range t.Params.List {
		for _, name := range p.Names {
			out = append(out, name.Name)
		}
	}
	return out
}

func isVariadic(t *ast.FuncType) bool {
	list := t.Params.List
	if len(list) == 0 {
		return false
	}
	_, ok := list[len(list)-1].Type.(*ast.Ellipsis)
	return ok
}

// TestRaisedCodes proves the search on sources that raise codes in every way
// the product does, and on one that hides its code.
func TestRaisedCodes(t *testing.T) {
	const src = `package x
func NewDiagnostic(at Span, severity Severity, code, message string) Diagnostic { return Diagnostic{Code: code} }
func (w *W) Error(at Span, code, hint, format string, args ...any) { add(NewDiagnostic(at, 1, code, format)) }
func (c *C) undeclared(t Text, what string) { c.w.Error(t, "undeclared_"+what, "", "") }
func use() {
	w.Error(at, "direct", "", "text")
	logger.Error("reload failed", "error", 1, 2, 3)
	c.undeclared(t, "role")
	report := func(code, message string) { f(NewDiagnostic(at, 1, code, message)) }
	report("closure", "")
	p := Problem{Code: "literal"}
	p.Code, p.Message = "assigned", ""
	list := Diagnostics{{Code: "listed"}}
}
`
	want := []string{"assigned", "closure", "direct", "listed", "literal", "undeclared_role"}
	raised, lost := raisedCodes(parseSources(t, map[string]string{"policy/x.go": src}).files)
	if got := slices.Sorted(maps.Keys(raised)); !slices.Equal(got, want) || len(lost) > 0 {
		t.Errorf("got %q, want %q; lost: %q", got, want, lost)
	}
	hidden := strings.Replace(src, `"direct"`, `names[0]`, 1)
	if _, lost := raisedCodes(parseSources(t, map[string]string{"policy/x.go": hidden}).files); len(lost) != 1 {
		t.Errorf("a code that is computed is not reported: %q", lost)
	}
}
