package plan_test

import (
	"fmt"
	"slices"
	"strings"
)

// shrink looks for a smaller expression that still differs, and describes it.
func (r *rig) shrink(d *difference) string {
	original := d.subject.node.String()
	for left := 3000; left > 0; {
		smaller := r.smaller(d, &left)
		if smaller == nil {
			break
		}
		d = smaller
	}
	text := d.subject.node.String()
	var b strings.Builder
	if text != original {
		fmt.Fprintf(&b, "expression: %s\n", original)
	}
	fmt.Fprintf(&b, "shrunk:     %s\n%s%s", text, d.subject.scope.definitions(text), describe(d.values, d.subject.expr.Reads().Slots))
	fmt.Fprintf(&b, "cel-go:     %s\nplan:       %s\n", d.want, d.got)
	for _, f := range d.subject.program.Fallbacks() {
		fmt.Fprintf(&b, "left to cel-go: %s (%s)\n", f.Text, f.Reason)
	}
	return b.String()
}

// smaller gives the first smaller expression that differs.
func (r *rig) smaller(d *difference, left *int) *difference {
	for _, n := range candidates(d.subject.node, d.subject.scope.vars) {
		if *left--; *left < 0 {
			return nil
		}
		if n.typ.name != "bool" && n.typ.name != "string" {
			continue
		}
		x, _ := r.subject(d.subject.scope, n)
		if x == nil {
			continue // a loop's variable outside of its loop, or an empty literal of no type
		}
		if found := r.difference(x, d.values); found != nil {
			return found
		}
	}
	return nil
}

// candidates are the expressions with one part replaced by something smaller:
// a part of itself of the same type, or a plain literal. A variable is replaced
// by what it stands for.
func candidates(n *node, vars map[string]*node) []*node {
	var out []*node
	n.visit(func(part *node) {
		if part != n && (part.typ.name == "bool" || part.typ.name == "string") {
			out = append(out, part)
		}
	})
	var walk func(part *node, put func(*node) *node)
	walk = func(part *node, put func(*node) *node) {
		for _, x := range replacements(part, vars) {
			out = append(out, put(x))
		}
		for i, a := range part.args {
			walk(a, func(x *node) *node {
				copied := *part
				copied.args = slices.Clone(part.args)
				copied.args[i] = x
				return put(&copied)
			})
		}
	}
	walk(n, func(x *node) *node { return x })
	return out
}

func replacements(part *node, vars map[string]*node) []*node {
	var out []*node
	if name, ok := strings.CutPrefix(part.pieces[0], "vars."); ok && len(part.args) == 0 && vars[name] != nil {
		out = append(out, vars[name])
	}
	size := len(part.String())
	for _, text := range simplest(part.typ) {
		if len(text) < size {
			out = append(out, &node{op: &operator{name: "literal", constant: true}, typ: part.typ, pieces: []string{text}})
		}
	}
	part.visit(func(x *node) {
		if x != part && x.typ.is(part.typ) {
			out = append(out, x)
		}
	})
	return out
}

// definitions lists the variables that a text names, and those that they name.
func (s *policyScope) definitions(text string) string {
	var b strings.Builder
	seen := map[string]bool{}
	for todo := []string{text}; len(todo) > 0; todo = todo[1:] {
		for i := range variablesOfScope() {
			name := fmt.Sprintf("v%d", i)
			for prefix, defined := range map[string]map[string]*node{"vars.": s.vars, "common.": s.imported} {
				if n := defined[name]; n != nil && names(todo[0], prefix+name) && !seen[prefix+name] {
					seen[prefix+name] = true
					fmt.Fprintf(&b, "  %s%s = %s\n", prefix, name, n)
					if prefix == "vars." {
						todo = append(todo, n.String())
					}
				}
			}
		}
	}
	return b.String()
}

// names tells whether a text reads a variable, and not one of a longer name.
func names(text, variable string) bool {
	for rest := text; ; {
		i := strings.Index(rest, variable)
		if i < 0 {
			return false
		}
		rest = rest[i+len(variable):]
		if rest == "" || rest[0] < '0' || rest[0] > '9' {
			return true
		}
	}
}
