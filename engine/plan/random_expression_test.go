package plan_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// node is an expression as it was put together.
type node struct {
	op     *operator
	typ    typ
	pieces []string
	args   []*node
}

func (n *node) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *node) write(b *strings.Builder) {
	for i, text := range n.pieces {
		b.WriteString(text)
		if i < len(n.args) {
			n.args[i].write(b)
		}
	}
}

func (n *node) visit(f func(*node)) {
	f(n)
	for _, a := range n.args {
		a.visit(f)
	}
}

// generator makes random well-typed expressions.
type generator struct {
	rng    *rand.Rand
	lang   *language
	locals []local
	loops  int
}

const maxLoops = 2

// about makes an expression of type bool or string in which an operator
// stands near the top, so that what is wrong with it shows.
func (g *generator) about(op *operator) *node {
	n := g.build(op, bound{}, g.depth(), nil, -1)
	if g.rng.IntN(3) == 0 && slices.Contains([]string{"int", "double", "timestamp", "duration", "ip", "cidr"}, n.typ.name) {
		return &node{op: &operator{name: "written"}, typ: stringTyp, pieces: []string{"string(", ")"}, args: []*node{n}}
	}
	for range g.rng.IntN(3) {
		n = g.around(n)
	}
	for tries := 0; n.typ.name != "bool" && n.typ.name != "string"; tries++ {
		if tries < 2 {
			n = g.around(n)
			continue
		}
		n = g.compared(n)
	}
	return n
}

// depth of the operands: mostly shallow, since in deep expressions one error
// hides the rest.
func (g *generator) depth() int { return []int{0, 0, 1, 1, 1, 2, 2, 3}[g.rng.IntN(8)] }

// around puts an expression into a place of another one, one that does not
// wrap it up further.
func (g *generator) around(n *node) *node {
	var keep []fitting
	for _, f := range g.lang.taking(n.typ) {
		if f.op.result.levels() <= max(1, f.op.places[f.at].typ.levels()-1) {
			keep = append(keep, f)
		}
	}
	f, ok := pick(g.rng.IntN(1<<20), keep, func(*operator) bool { return true })
	if !ok {
		return g.compared(n)
	}
	return g.build(f.op, maps.Clone(f.bound), g.rng.IntN(2), n, f.at)
}

// compared asks whether an expression equals another one.
func (g *generator) compared(n *node) *node {
	other := g.expr(n.typ, g.rng.IntN(2))
	return &node{op: &operator{name: "compared"}, typ: boolTyp, pieces: []string{"(", " == ", ")"}, args: []*node{n, other}}
}

// expr makes an expression of a type.
func (g *generator) expr(t typ, depth int) *node {
	if depth <= 0 || g.rng.IntN(5) == 0 {
		return g.leaf(t, depth)
	}
	f, ok := pick(g.rng.IntN(1<<20), g.lang.giving(t), func(op *operator) bool {
		return (len(op.places) > 0 || g.rng.IntN(4) == 0) && (!op.loop || g.loops < maxLoops)
	})
	if !ok {
		return g.leaf(t, depth)
	}
	return g.build(f.op, maps.Clone(f.bound), depth-1, nil, -1)
}

// build fills the places of an operator; given, if any, goes to place at.
func (g *generator) build(op *operator, b bound, depth int, given *node, at int) *node {
	n := &node{op: op}
	if op.loop {
		g.loops++
		defer func() { g.loops-- }()
	}
	names := g.names(op)
	for i, p := range op.places {
		before := maps.Clone(b)
		t := b.fill(p.typ, g.variable)
		for !g.lang.can(op, b) {
			b = maps.Clone(before)
			t = b.fill(p.typ, g.variable)
		}
		outside := len(g.locals)
		if i > 0 { // the operator's variables hide others, also where they are not to be read
			for _, name := range names {
				g.locals = append(g.locals, local{name: name})
			}
		}
		for _, r := range p.reads {
			g.locals = append(g.locals, local{names[r.name], b.fill(r.typ, g.variable)})
		}
		switch {
		case i == at:
			n.args = append(n.args, given)
		case p.mark == '!':
			n.args = append(n.args, g.constant(t))
		default:
			n.args = append(n.args, g.operand(t, p, depth))
		}
		g.locals = g.locals[:outside]
	}
	n.typ = b.fill(op.result, g.variable)
	for _, text := range op.pieces {
		n.pieces = append(n.pieces, g.worded(text, names))
	}
	return n
}

func (g *generator) operand(t typ, p place, depth int) *node {
	if len(p.reads) > 0 {
		depth = max(depth, g.rng.IntN(2)) // a loop's body should do something
	}
	if p.mark == '~' {
		if f, ok := pick(g.rng.IntN(1<<20), g.lang.giving(t), func(op *operator) bool { return op.name == "read" }); ok {
			return g.build(f.op, maps.Clone(f.bound), 0, nil, -1)
		}
	}
	return g.expr(t, depth)
}

// variable binds a type variable: often to the type of a loop's variable, so
// that it is used.
func (g *generator) variable(name string) typ {
	if len(g.locals) > 0 && g.rng.IntN(2) == 0 {
		if t := g.locals[g.rng.IntN(len(g.locals))].typ; t.name != "" && fits(name, t) {
			return t
		}
	}
	return choose(g.rng, name)
}

// names chooses the loop's variables. They may hide those of a loop outside.
func (g *generator) names(op *operator) map[string]string {
	out := map[string]string{}
	pool := []string{"x", "y", "k", "e"}
	g.rng.Shuffle(len(pool), func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
	for i, b := range op.binds {
		out[b] = pool[i]
	}
	return out
}

// worded replaces @x and %w in a piece of text.
func (g *generator) worded(text string, names map[string]string) string {
	for _, sign := range []byte{'@', '%'} {
		for from := 0; ; {
			i := strings.IndexByte(text[from:], sign)
			if i < 0 {
				break
			}
			i += from
			n := nameLength(text[i+1:])
			from = i + 1
			if word := text[i+1 : i+1+n]; n > 1 && sign == '%' {
				text = text[:i] + one(g.rng, words(word)) + text[i+1+n:]
			} else if sign == '@' {
				text = text[:i] + names[word] + text[i+1+n:]
			}
		}
	}
	return text
}

func (g *generator) leaf(t typ, depth int) *node {
	if name, ok := g.local(t); ok && g.rng.IntN(5) > 1 {
		return &node{op: &operator{name: "loop variable"}, typ: t, pieces: []string{name}}
	}
	if g.rng.IntN(3) > 0 {
		if f, ok := pick(g.rng.IntN(1<<20), g.lang.giving(t), func(op *operator) bool { return len(op.places) == 0 }); ok {
			return g.build(f.op, maps.Clone(f.bound), depth, nil, -1)
		}
	}
	return g.constant(t)
}

// local finds a loop's variable of a type that no inner one hides.
func (g *generator) local(t typ) (string, bool) {
	var hidden, found []string
	for _, l := range slices.Backward(g.locals) {
		if !slices.Contains(hidden, l.name) && l.typ.is(t) {
			found = append(found, l.name)
		}
		hidden = append(hidden, l.name)
	}
	if len(found) == 0 {
		return "", false
	}
	return one(g.rng, found), true
}

// constant makes a literal or reads a constant; objects have neither and are
// read from an attribute.
func (g *generator) constant(t typ) *node {
	named, ok := pick(g.rng.IntN(1<<20), g.lang.giving(t), func(op *operator) bool { return op.constant })
	if ok && g.rng.IntN(3) == 0 {
		return g.build(named.op, maps.Clone(named.bound), 0, nil, -1)
	}
	if text, ok := literal(g.rng, t); ok {
		return &node{op: &operator{name: "literal " + t.name, constant: true}, typ: t, pieces: []string{text}}
	}
	if f, ok := pick(g.rng.IntN(1<<20), g.lang.giving(t), func(op *operator) bool { return len(op.places) == 0 }); ok {
		return g.build(f.op, maps.Clone(f.bound), 0, nil, -1)
	}
	// A list, map or optional of objects.
	f, ok := pick(g.rng.IntN(1<<20), g.lang.giving(t), func(op *operator) bool {
		return strings.HasPrefix(op.name, "list(A) <- [$A") || op.name == "map(K, A) <- {$K: $A}" || op.name == "optional(A) <- optional.of($A)"
	})
	if !ok {
		panic("nothing gives " + t.String())
	}
	return g.build(f.op, maps.Clone(f.bound), 0, nil, -1)
}
