package plan_test

import (
	"slices"
	"strings"
)

// operator is one way to write a value of a type with values of other types,
// read from a line such as
//
//	bool <- $list(A).exists(@x, $bool{x: A})
//
// in which $T is a place for any expression of type T, $T! for a literal or a
// constant, $T~ for an attribute, %w for a word of some kind (a zone, a
// key), and @x for a loop's variable, which the places marked {x: T} can read.
type operator struct {
	name     string // the line, or for attributes a name of their kind
	result   typ
	pieces   []string // texts around the places
	places   []place
	binds    []string // placeholders of loop variables
	weight   int
	loop     bool
	constant bool // a literal or a constant
}

type place struct {
	typ   typ
	mark  byte // '!', '~' or 0
	reads []local
}

// local is a loop's variable.
type local struct {
	name string
	typ  typ
}

func parseOperator(line string, weight int) *operator {
	result, template, ok := strings.Cut(line, " <- ")
	if !ok {
		panic("no operator: " + line)
	}
	op := &operator{name: line, result: mustTyp(result), weight: weight}
	op.parse(template)
	op.loop = len(op.binds) > 0 && !strings.Contains(template, ".opt")
	return op
}

func (op *operator) parse(template string) {
	var text strings.Builder
	for i := 0; i < len(template); i++ {
		switch {
		case template[i] == '@':
			n := nameLength(template[i+1:])
			if name := template[i+1 : i+1+n]; !slices.Contains(op.binds, name) {
				op.binds = append(op.binds, name)
			}
			text.WriteString(template[i : i+1+n])
			i += n
		case template[i] == '$':
			t, rest := parseTyp(template[i+1:])
			p := place{typ: t}
			if rest != "" && (rest[0] == '!' || rest[0] == '~') {
				p.mark, rest = rest[0], rest[1:]
			}
			if strings.HasPrefix(rest, "{") {
				p.reads, rest = parseReads(rest[1:])
			}
			op.pieces, op.places = append(op.pieces, text.String()), append(op.places, p)
			text.Reset()
			i = len(template) - len(rest) - 1
		default:
			text.WriteByte(template[i])
		}
	}
	op.pieces = append(op.pieces, text.String())
}

func parseReads(s string) (reads []local, rest string) {
	for {
		s = strings.TrimLeft(s, ", ")
		if s[0] == '}' {
			return reads, s[1:]
		}
		name, after, _ := strings.Cut(s, ":")
		t, more := parseTyp(after)
		reads, s = append(reads, local{name, t}), more
	}
}

func nameLength(s string) int {
	n := 0
	for n < len(s) && s[n] >= 'a' && s[n] <= 'z' {
		n++
	}
	return n
}

// leafOperator is a name that stands for itself.
func leafOperator(name, text string, t typ, weight int) *operator {
	return &operator{name: name, result: t, pieces: []string{text}, weight: weight}
}

// language is what expressions can be made of, with an index by result.
type language struct {
	held      bool // types of heldTypes only
	operators []*operator
	byResult  map[string][]fitting
	byPlace   map[string][]fitting
}

// fitting is an operator that gives a type, or whose place takes it.
type fitting struct {
	op    *operator
	at    int
	bound bound
}

func newLanguage(held bool, groups ...[]*operator) *language {
	l := &language{held: held, byResult: map[string][]fitting{}, byPlace: map[string][]fitting{}}
	for _, op := range slices.Concat(groups...) {
		if l.can(op, bound{}) {
			l.operators = append(l.operators, op)
		}
	}
	return l
}

func (l *language) add(op *operator) {
	l.operators = append(l.operators, op)
	clear(l.byResult)
	clear(l.byPlace)
}

// giving lists the operators whose result is of a type.
func (l *language) giving(t typ) []fitting {
	out, ok := l.byResult[t.String()]
	if !ok {
		for _, op := range l.operators {
			if b := (bound{}); b.unify(op.result, t) && l.can(op, b) {
				out = append(out, fitting{op: op, bound: b})
			}
		}
		l.byResult[t.String()] = out
	}
	return out
}

// taking lists the places that a value of a type can stand in.
func (l *language) taking(t typ) []fitting {
	out, ok := l.byPlace[t.String()]
	if !ok {
		for _, op := range l.operators {
			for i, p := range op.places {
				if b := (bound{}); p.mark == 0 && b.unify(p.typ, t) && l.can(op, b) {
					out = append(out, fitting{op: op, at: i, bound: b})
				}
			}
		}
		l.byPlace[t.String()] = out
	}
	return out
}

// can tells whether the language has the types of an operator.
func (l *language) can(op *operator, b bound) bool {
	switch {
	case !l.held:
		return true
	case b["O"].name == "bool", b["A"].name == "optional" && strings.Contains(op.name, " in ["), b.filled(op.result).unheld():
		return false
	}
	return !slices.ContainsFunc(op.places, func(p place) bool { return b.filled(p.typ).unheld() })
}

// pick chooses by weight.
func pick(n int, from []fitting, keep func(*operator) bool) (fitting, bool) {
	total := 0
	for _, f := range from {
		if keep(f.op) {
			total += f.op.weight
		}
	}
	if total == 0 {
		return fitting{}, false
	}
	n %= total
	for _, f := range from {
		if !keep(f.op) {
			continue
		}
		if n -= f.op.weight; n < 0 {
			return f, true
		}
	}
	return fitting{}, false
}
