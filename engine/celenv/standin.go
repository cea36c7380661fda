package celenv

import (
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// A stand-in is a part of an expression that goes on where a value is absent,
// without a test that says so: orValue and its like, which choose a default,
// and what takes an optional as it is, so that an absent one equals nothing or
// is left out of a list.

// defaults tells whether a node has a stand-in.
func (v *view) defaults(e ast.Expr) bool { return len(v.defaultsIn(e)) > 0 }

// defaultsIn lists the outermost stand-ins of a node, and the variables that
// have one.
func (v *view) defaultsIn(e ast.Expr) []ast.Expr {
	var out []ast.Expr
	var inside []int64
	each(e, func(x ast.Expr) {
		if !v.givesDefault(x) || slices.Contains(inside, x.ID()) {
			return
		}
		out = append(out, x)
		each(x, func(y ast.Expr) { inside = append(inside, y.ID()) })
	})
	return out
}

func (v *view) givesDefault(e ast.Expr) bool {
	if x, ok := v.variable(e); ok {
		return len(x.static.standsIn) > 0
	}
	return len(v.standIn(e)) > 0
}

// standIn gives what a node stands in for: optional values, or the has() of a
// test. It is empty if the node is no stand-in.
func (v *view) standIn(e ast.Expr) []ast.Expr {
	switch e.Kind() {
	case ast.CallKind:
		return v.standInCall(e)
	case ast.ListKind:
		var out []ast.Expr
		for _, i := range e.AsList().OptionalIndices() {
			out = append(out, e.AsList().Elements()[i])
		}
		return out
	case ast.MapKind:
		var out []ast.Expr
		for _, x := range e.AsMap().Entries() {
			if x.AsMapEntry().IsOptional() {
				out = append(out, x.AsMapEntry().Value())
			}
		}
		return out
	}
	return nil
}

func (v *view) standInCall(e ast.Expr) []ast.Expr {
	call := e.AsCall()
	args := call.Args()
	switch name := call.FunctionName(); name {
	case "orValue", "unwrapOpt":
		return []ast.Expr{call.Target()}
	case "optional.unwrap":
		return args
	case "or":
		if v.madeUp(args[0]) {
			return []ast.Expr{call.Target()}
		}
	case "_==_", "_!=_", "@in":
		if _, isTest := comparedWithNone(args); isTest {
			return nil
		}
		var out []ast.Expr
		for _, a := range args {
			if isOptional(v.ast.GetType(a.ID())) && !isCall(a, "optional.of") {
				out = append(out, a)
			}
		}
		return out
	case "_?_:_":
		return v.standInChoice(e, args)
	}
	return nil
}

// standInChoice recognises has(x) ? x : 'y'. Of truth values ?: is logic and
// taken apart.
func (v *view) standInChoice(e ast.Expr, args []ast.Expr) []ast.Expr {
	if v.ast.GetType(e.ID()).Kind() == types.BoolKind || isOptional(v.ast.GetType(e.ID())) || v.reads(args[1]) && v.reads(args[2]) {
		return nil
	}
	var out []ast.Expr
	each(args[0], func(x ast.Expr) {
		switch {
		case x.Kind() == ast.SelectKind && x.AsSelect().IsTestOnly():
			out = append(out, x)
		case isCall(x, "hasValue"):
			out = append(out, x.AsCall().Target())
		}
	})
	return out
}

// reads tells whether a node depends on the request, and not on what is
// written down only.
func (v *view) reads(e ast.Expr) bool {
	out := false
	each(e, func(x ast.Expr) {
		_, isAttr := v.attr(x)
		y, isVar := v.variable(x)
		out = out || isAttr || isCall(x, "_?._") || isVar && len(y.reads.Slots) > 0 || x.Kind() == ast.IdentKind && !v.isRoot(x.AsIdent())
	})
	return out
}

// isRoot tells whether a name is one of the scope's and not that of a loop's
// variable.
func (v *view) isRoot(name string) bool { return isRoot(name) || v.scope.libs[name] != nil }

// madeUp tells whether an optional holds a value that is no attribute's.
func (v *view) madeUp(e ast.Expr) bool {
	out := false
	each(e, func(x ast.Expr) {
		out = out || isCall(x, "optional.of") || isCall(x, "optional.ofNonZeroValue")
		if y, ok := v.variable(x); ok {
			inner := newView(y)
			out = out || inner.madeUp(inner.root())
		}
	})
	return out
}

// chosen tells whether a stand-in has a default that could be another.
func (v *view) chosen(e ast.Expr) bool {
	if e.Kind() != ast.CallKind {
		return e.Kind() == ast.SelectKind
	}
	switch e.AsCall().FunctionName() {
	case "orValue", "or", "_?_:_":
		return true
	}
	return false
}

// origin is the optional that optMap was called on: what it makes is there
// where that is.
func (v *view) origin(e ast.Expr) ast.Expr {
	for e.Kind() == ast.ComprehensionKind && isBind(e.AsComprehension()) {
		c := e.AsComprehension()
		if !isCall(c.Result(), "_?_:_") || !isCall(c.Result().AsCall().Args()[1], "optional.of") {
			break
		}
		e = c.AccuInit()
	}
	return e
}

// compares tells whether a stand-in holds several values against each other.
func (v *view) compares(e ast.Expr) bool { return !v.chosen(e) }

// standsIn lists the attributes that the stand-ins of an expression are for;
// "" for what is no attribute.
func (v *view) standsIn(e ast.Expr) []string {
	var out []string
	for _, d := range v.defaultsIn(e) {
		if x, ok := v.variable(d); ok {
			out = append(out, x.static.standsIn...)
			continue
		}
		for _, x := range v.standIn(d) {
			x = v.origin(x)
			path := v.path(x)
			if _, _, ok := v.attribute(x); !ok {
				path = ""
			}
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
