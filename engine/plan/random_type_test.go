package plan_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// typ is a type of the language. A name of one capital letter is a type
// variable: A and B stand for any type, K for the key of a map and O for what
// can be ordered.
type typ struct {
	name string
	args []typ
}

var (
	boolTyp   = typ{name: "bool"}
	stringTyp = typ{name: "string"}
)

// parseTyp reads a type such as map(string, list(int)) from the front of a
// text and gives what follows it.
func parseTyp(s string) (t typ, rest string) {
	s = strings.TrimLeft(s, " ")
	n := 0
	for n < len(s) && (s[n] >= 'a' && s[n] <= 'z' || s[n] >= 'A' && s[n] <= 'Z') {
		n++
	}
	t.name, rest = s[:n], s[n:]
	if !strings.HasPrefix(rest, "(") || n == 0 {
		return t, rest
	}
	for rest[0] != ')' {
		var arg typ
		arg, rest = parseTyp(rest[1:])
		t.args = append(t.args, arg)
	}
	return t, rest[1:]
}

func mustTyp(s string) typ {
	t, rest := parseTyp(s)
	if rest != "" || t.name == "" {
		panic("no type: " + s)
	}
	return t
}

func (t typ) isVariable() bool { return len(t.name) == 1 && t.name[0] >= 'A' && t.name[0] <= 'Z' }

func (t typ) String() string {
	if len(t.args) == 0 {
		return t.name
	}
	var args []string
	for _, a := range t.args {
		args = append(args, a.String())
	}
	return t.name + "(" + strings.Join(args, ", ") + ")"
}

// levels counts how deep a type is nested; plain ones have one level.
func (t typ) levels() int {
	n := 0
	for _, a := range t.args {
		n = max(n, a.levels())
	}
	return n + 1
}

// unheld tells whether plan leaves all values of a type to cel-go that are not
// attributes: timestamps in lists and maps, which would lose their zone, maps
// of objects or with other keys than texts, and optionals in anything.
func (t typ) unheld() bool {
	switch t.name {
	case "map":
		return t.args[0].name != "string" && !t.args[0].isVariable() || t.args[1].holds("profile", "address", "wide", "timestamp", "optional") || t.args[1].unheld()
	case "list":
		return t.args[0].holds("timestamp", "optional") || t.args[0].unheld()
	case "optional":
		return t.args[0].name == "optional" || t.args[0].unheld()
	}
	return false
}

func (t typ) holds(names ...string) bool {
	return slices.Contains(names, t.name) || slices.ContainsFunc(t.args, func(a typ) bool { return a.holds(names...) })
}

func (t typ) is(o typ) bool { return t.String() == o.String() }

// bound are the types that variables stand for.
type bound map[string]typ

// unify makes a pattern equal to a type without variables.
func (b bound) unify(pattern, t typ) bool {
	if pattern.isVariable() {
		if was, ok := b[pattern.name]; ok {
			return was.is(t)
		}
		if !fits(pattern.name, t) {
			return false
		}
		b[pattern.name] = t
		return true
	}
	if pattern.name != t.name || len(pattern.args) != len(t.args) {
		return false
	}
	for i := range pattern.args {
		if !b.unify(pattern.args[i], t.args[i]) {
			return false
		}
	}
	return true
}

// fits tells whether a type may stand for a variable.
func fits(variable string, t typ) bool {
	switch variable {
	case "K":
		return t.name == "string" || t.name == "int" || t.name == "bool"
	case "O":
		return t.name == "double" || t.name == "timestamp" || t.name == "duration" || fits("K", t)
	}
	return true
}

// plainTypes and compoundTypes are what A and B stand for, the common ones
// more than once.
func plainTypes() []string {
	return []string{"bool", "bool", "int", "int", "int", "double", "double", "string", "string", "string", "string", "timestamp", "duration", "ip", "cidr"}
}

func compoundTypes() []string {
	return []string{
		"list(string)", "list(string)", "list(int)", "list(double)", "list(timestamp)", "list(list(int))", "map(string, string)", "map(string, int)", "map(string, list(string))",
		"map(string, map(string, int))", "map(int, string)", "optional(string)", "optional(int)", "profile", "address",
	}
}

// choose picks a type for a variable that nothing has bound.
func choose(rng *rand.Rand, variable string) typ {
	from := plainTypes()
	switch {
	case variable == "K":
		from = []string{"string", "string", "string", "string", "int", "bool"}
	case variable == "O":
		from = []string{"int", "int", "int", "double", "double", "double", "string", "string", "timestamp", "duration", "bool"}
	case rng.IntN(4) == 0:
		from = compoundTypes()
	}
	return mustTyp(from[rng.IntN(len(from))])
}

// filled replaces the variables of a pattern that are bound.
func (b bound) filled(pattern typ) typ {
	return maps.Clone(b).fill(pattern, func(variable string) typ { return typ{name: variable} })
}

// fill replaces the variables of a pattern; those that are unbound are bound
// by the given function.
func (b bound) fill(pattern typ, unbound func(variable string) typ) typ {
	if pattern.isVariable() {
		t, ok := b[pattern.name]
		if !ok {
			t = unbound(pattern.name)
			b[pattern.name] = t
		}
		return t
	}
	out := typ{name: pattern.name}
	for _, a := range pattern.args {
		out.args = append(out.args, b.fill(a, unbound))
	}
	return out
}
