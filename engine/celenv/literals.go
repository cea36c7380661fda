package celenv

import (
	"fmt"
	"net/netip"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy/document"
)

// forms are the functions that read a text, with what is wrong with a literal
// one. At run time such a text would only be an error of every request.
var forms = map[string]func(string) string{
	"duration": func(s string) string {
		_, err := time.ParseDuration(s)
		return unless(err == nil, "is no duration such as 90s")
	},
	"timestamp": func(s string) string {
		_, err := time.Parse(time.RFC3339, s)
		return unless(err == nil, "is no timestamp such as 2026-01-15T10:00:00Z")
	},
	"ip": ipForm, "containsIP": ipForm, "cidr": cidrForm, "containsCIDR": cidrForm,
}

// readByForm tells whether a literal is the argument of such a function.
func readByForm(a *ast.AST, id int64) bool {
	found := false
	ast.PostOrderVisit(a.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.CallKind && forms[e.AsCall().FunctionName()] != nil {
			found = found || slices.ContainsFunc(e.AsCall().Args(), func(x ast.Expr) bool { return x.ID() == id })
		}
	}))
	return found
}

func unless(ok bool, what string) string {
	if ok {
		return ""
	}
	return what
}

func ipForm(s string) string {
	a, err := netip.ParseAddr(s)
	return unless(err == nil && a.Zone() == "" && !a.Is4In6(), "is no IP address")
}

func cidrForm(s string) string {
	p, err := netip.ParsePrefix(s)
	return unless(err == nil && p == p.Masked() && !p.Addr().Is4In6(), "is no network without host bits, such as 192.0.2.0/24")
}

// zoned are the functions of a timestamp that take a time zone.
var zoned = []string{
	"getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear",
	"getHours", "getMinutes", "getSeconds", "getMilliseconds",
}

// literals holds what is written into a call to what can ever be meant. A
// misspelt value of an enum is not just useless: in `user.plan != 'fre'` it
// lets everybody in.
func (r *reader) literals(e ast.Expr, call ast.CallExpr, locals []string) {
	args := call.Args()
	switch name := call.FunctionName(); {
	case name == "matches":
		for _, w := range r.written(args[len(args)-1]) {
			if text, ok := w.value.(types.String); ok {
				r.pattern(w.at, string(text))
			}
		}
	case forms[name] != nil && len(args) == 1:
		for _, w := range r.written(args[0]) {
			text, ok := w.value.(types.String)
			if wrong := forms[name](string(text)); ok && wrong != "" {
				r.report(w.at, "bad_literal", fmt.Sprintf("%q %s", string(text), wrong), "")
			}
		}
	case slices.Contains(zoned, name) && len(args) == 1:
		r.zone(args[0], false)
	case slices.Contains([]string{"date", "clock", "weekday"}, name) && len(args) == 2:
		r.zone(args[1], true)
	case name == "_==_" || name == "_!=_" || name == "@in":
		r.compared(args[0], args[1], locals)
		r.compared(args[1], args[0], locals)
	}
}

func literalText(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

var offsetForm = regexp.MustCompile(`^[+-]?([01][0-9]|2[0-3]):[0-5][0-9]$`)

// zone holds a time zone to one that is named here: "Local" or an unknown name
// would make the decision depend on the machine. CEL's own functions also take
// an offset; ours want a name, as an offset knows no daylight saving.
func (r *reader) zone(at ast.Expr, nameOnly bool) {
	given := r.written(at)
	if len(given) == 0 {
		r.report(at, "literal_required", "a time zone is a literal or a constant", "write a name such as 'Europe/Berlin'")
	}
	for _, w := range given {
		text, _ := w.value.(types.String)
		_, err := time.LoadLocation(string(text))
		named := err == nil && isZoneName(string(text))
		if !named && (nameOnly || !offsetForm.MatchString(string(text))) {
			r.report(w.at, "bad_literal", fmt.Sprintf("%q is no time zone", string(text)), "write a name such as 'Europe/Berlin'")
		}
	}
}

// pattern holds a regular expression to saying where it begins and ends:
// matches() looks anywhere in a text, which hardly anyone expects.
func (r *reader) pattern(at ast.Expr, text string) {
	re, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		r.report(at, "bad_pattern", fmt.Sprintf("the pattern cannot be read: %s", err), "patterns follow RE2")
		return
	}
	if begin, end := anchors(re); !begin || !end {
		r.report(at, "unanchored_pattern", "the pattern also matches in the middle of a text",
			"begin it with ^ or .* and end it with $ or .*; put alternatives in (?:…)")
	}
}

// anchors tells whether every way through a pattern begins with ^ or .* and
// whether every one ends with $ or .*.
func anchors(re *syntax.Regexp) (begin, end bool) {
	switch re.Op {
	case syntax.OpBeginText:
		return true, false
	case syntax.OpEndText:
		return false, true
	case syntax.OpStar:
		any := re.Sub[0].Op == syntax.OpAnyChar || re.Sub[0].Op == syntax.OpAnyCharNotNL
		return any, any
	case syntax.OpCapture:
		return anchors(re.Sub[0])
	case syntax.OpConcat:
		begin, _ = anchors(re.Sub[0])
		_, end = anchors(re.Sub[len(re.Sub)-1])
		return begin, end
	case syntax.OpAlternate:
		begin, end = true, true
		for _, sub := range re.Sub {
			b, e := anchors(sub)
			begin, end = begin && b, end && e
		}
		return begin, end
	}
	return false, false
}

// compared holds the values that an attribute is compared with to those that
// it can have.
func (r *reader) compared(attribute, with ast.Expr, locals []string) {
	if attribute.Kind() != ast.SelectKind || attribute.AsSelect().IsTestOnly() {
		return
	}
	sel := attribute.AsSelect()
	if sel.Operand().Kind() != ast.IdentKind || slices.Contains(locals, sel.Operand().AsIdent()) {
		return
	}
	root, ok := rootNamed(sel.Operand().AsIdent())
	i, found := r.scope.layout.Lookup(root, sel.FieldName())
	if !ok || !found {
		return
	}
	attr := r.scope.layout.Attr(i)
	known := slices.Concat(attr.Enum, attr.Known)
	if len(known) == 0 || attr.Type.Kind == slot.Map {
		return // `in` asks a map for its keys, which are free
	}
	for _, w := range r.written(with) {
		if !slices.ContainsFunc(known, func(v slot.Value) bool { return celValue(v).Equal(w.value) == types.True }) {
			hint := "declared: " + strings.Join(names(known), ", ")
			if near, ok := document.Closest(Render(w.value), names(known)); ok {
				hint = fmt.Sprintf("did you mean %s?", near)
			}
			r.report(w.at, "undeclared_value", fmt.Sprintf("%s is never %s", attr.FullName(), Render(w.value)), hint)
		}
	}
}

func names(values []slot.Value) []string {
	var out []string
	for _, v := range values {
		out = append(out, Render(celValue(v)))
	}
	return out
}

type written struct {
	at    ast.Expr
	value ref.Val
}

// written are the literals that an operand stands for: itself, those of a
// list, or those of a constant.
func (r *reader) written(e ast.Expr) []written {
	switch e.Kind() {
	case ast.LiteralKind:
		return []written{{e, e.AsLiteral()}}
	case ast.ListKind:
		var out []written
		for _, x := range e.AsList().Elements() {
			out = append(out, r.written(x)...)
		}
		return out
	case ast.SelectKind:
		if !isIdent(e.AsSelect().Operand(), "consts") {
			return nil
		}
		switch value := r.scope.consts[e.AsSelect().FieldName()].(type) {
		case traits.Lister:
			var out []written
			for it := value.Iterator(); it.HasNext() == types.True; {
				out = append(out, written{e, it.Next()})
			}
			return out
		case traits.Mapper, nil:
			return nil
		default:
			return []written{{e, value}}
		}
	}
	return nil
}
