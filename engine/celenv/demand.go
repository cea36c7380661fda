package celenv

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"

	"github.com/gwctl/gwctl/engine/slot"
)

// read demands that an attribute which may be absent is known to be there.
func (g *guard) read(e ast.Expr, a *slot.Attr, have facts) {
	path := g.path(e)
	switch {
	case path != "" && have.know(path):
	case g.ofRule(e.AsSelect().Operand(), a):
		g.demand(e, path, have, path)
	case a.Optional && !g.presumed(a):
		g.unguarded(e, a, path, have)
	}
}

// ofRule tells whether it depends on the rule that an attribute is there: what
// only HTTP has, what only some bodies have, and what only some actions have.
func (g *guard) ofRule(operand ast.Expr, a *slot.Attr) bool {
	if isBody(operand) {
		return true
	}
	return operand.Kind() == ast.IdentKind && (a.Root == slot.Request || a.Root == slot.Action && a.Optional || a == g.scope.layout.Attr(slot.EnvIP))
}

// demand is a read of what depends on the rule. An expression that has no rule
// yet passes the demand on to its readers.
func (g *guard) demand(e ast.Expr, path string, have facts, what string) {
	switch http := g.onlyHTTP(path); {
	case have.know(path) || http != "" && (g.HTTPOnly || have.know(http)):
	case g.unplaced:
		if !slices.Contains(g.needs, path) {
			g.needs = append(g.needs, path)
		}
	case http == httpPath && path == httpPath:
		g.report(e, what+" is absent outside HTTP, and reading it then is an error", "add transports: [http] to the rule, or write has(request.path) && … before it")
	case http != "":
		g.report(e, what+" is absent outside HTTP, and reading it then is an error", fmt.Sprintf("add transports: [http] to the rule, or write has(%s) && … before it", path))
	default:
		g.report(e, what+" may be absent, and reading it then is an error", fmt.Sprintf("write has(%s) && … or !has(%s) || … before it; it is always there if each action of the rule declares it", path, path))
	}
}

// onlyHTTP gives what tells that an attribute is there, if it is wherever HTTP
// is; "" for what can be absent there too.
func (g *guard) onlyHTTP(path string) string {
	if name, ok := strings.CutPrefix(path, bodyPath+"."); ok {
		if i, found := g.scope.layout.Lookup(slot.Body, name); found && g.scope.layout.Attr(i).Optional {
			return ""
		}
		return bodyPath
	}
	switch {
	case path == httpPath || strings.HasPrefix(path, "request."):
		return httpPath
	case path == "env.ip":
		return path
	}
	return ""
}

// presumed are built-in attributes that a few kinds of requests lack and that
// the language does not call optional. Reading one where it is absent is an
// evaluation error, as with any attribute.
func (g *guard) presumed(a *slot.Attr) bool {
	return a == g.scope.layout.Attr(slot.ResourceID) || a == g.scope.layout.Attr(slot.UserIssuer)
}

func (g *guard) unguarded(e ast.Expr, a *slot.Attr, path string, have facts) {
	if path == "" {
		g.report(e, fmt.Sprintf("the field %s may be absent, and reading it then is an error", a.Name), "read it as .?"+a.Name)
		return
	}
	message := fmt.Sprintf("%s may be absent, and reading it then is an error", path)
	if len(a.For) > 0 {
		message = fmt.Sprintf("only users of type %s have %s, and reading it of others is an error", strings.Join(a.For, ", "), path)
	}
	at := strings.LastIndex(path, ".")
	g.report(e, message, fmt.Sprintf("%s, or read %s.?%s", g.test(e, have), path[:at], path[at+1:]))
}

// test words the tests that a read needs.
func (g *guard) test(e ast.Expr, have facts) string {
	list := g.tests(e, have)
	return fmt.Sprintf("write %s && … or !%s || … before it", strings.Join(list, " && "), strings.Join(list, " || !"))
}

// tests are the has() that a read of an attribute needs: its own, and those of
// what it is a part of.
func (g *guard) tests(e ast.Expr, have facts) (out []string) {
	for e != nil {
		if e.Kind() == ast.SelectKind && e.AsSelect().IsTestOnly() {
			return append([]string{"has(" + g.path(e) + ")"}, out...)
		}
		var next ast.Expr
		a, ok := g.attr(e)
		switch {
		case e.Kind() == ast.SelectKind:
			next = e.AsSelect().Operand()
		case isCall(e, "_?._"):
			a, _, ok = g.optionalField(e)
			next = e.AsCall().Args()[0]
		}
		if path := g.path(e); ok && path != "" && a.Optional && !have.know(path) {
			out = append([]string{"has(" + path + ")"}, out...)
		}
		e = next
	}
	return out
}

// need holds the reader of a variable to what the variable itself needs.
func (g *guard) need(e ast.Expr, x *Expr, have facts) {
	before := len(g.problems)
	for _, path := range x.static.needs {
		if len(g.problems) == before { // one finding a read is enough
			g.demand(e, path, have, fmt.Sprintf("what %s reads of %s", g.path(e), path))
		}
	}
}
