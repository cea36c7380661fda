package celenv

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/debug"
)

// places lists every node with where CEL says that it stands. The two place a
// name with a leading dot at the dot and behind it.
func places(a *ast.AST) string {
	var b strings.Builder
	ast.PreOrderVisit(a.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		at, ok := a.SourceInfo().GetOffsetRange(e.ID())
		if e.Kind() == ast.IdentKind && strings.HasPrefix(e.AsIdent(), ".") {
			at.Start = 0
		}
		fmt.Fprintf(&b, "%d:%t@%d ", e.Kind(), ok, at.Start)
	}))
	return b.String()
}

// sameParse compares what the two parsers of CEL make of a text: the tree, or
// a refusal.
func sameParse(l *Library, source string) (accepted bool, difference string) {
	ours, errs := l.parse(source)
	theirs, issues := l.env.Parse(source)
	switch {
	case (len(errs) == 0) != (issues.Err() == nil):
		return false, fmt.Sprintf("ours: %v, CEL's: %v", errs, issues.Err())
	case len(errs) > 0:
		return false, ""
	}
	want := theirs.NativeRep()
	if got, want := debug.ToDebugString(ours.Expr()), debug.ToDebugString(want.Expr()); got != want {
		return true, fmt.Sprintf("tree %s, want %s", got, want)
	}
	if got, want := places(ours), places(want); got != want {
		return true, fmt.Sprintf("places %s, want %s", got, want)
	}
	return true, ""
}

// TestParsersAgree: the quick parser reads every expression like the one that
// defines the language.
func TestParsersAgree(t *testing.T) {
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("GWCTL_SEED"); text != "" {
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("seed %d (set GWCTL_SEED to repeat)", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	accepted := 0
	for range 4000 {
		source := randomSource(rng, 4)
		if rng.IntN(3) == 0 {
			source = spoilt(rng, source)
		}
		ok, difference := sameParse(lib, source)
		if difference != "" {
			t.Errorf("%s\n%s", source, difference)
		}
		if ok {
			accepted++
		}
	}
	if accepted < 2000 || accepted > 3900 {
		t.Errorf("%d of 4000 texts are expressions: the test compares too few trees, or too few refusals", accepted)
	}
}

// randomSource writes an expression; most are of no use, but can be read.
func randomSource(rng *rand.Rand, depth int) string {
	pick := func(of ...string) string { return of[rng.IntN(len(of))] }
	sub := func() string { return randomSource(rng, depth-1) }
	if depth == 0 || rng.IntN(5) == 0 {
		return pick("user.id", "user.country", "vars.x", "consts.n", "request.body.a", "x", ".user.id", "1", "-1", "1u", "0x1F", "1.5", "1e3", "-2.5e-3",
			"true", "false", "null", "'a'", `"b\n\u00e9"`, "r'^\\d+$'", "b'x'", "'''t'''", "[]", "{}", "user.?plan", "env.time", "9223372036854775807")
	}
	switch rng.IntN(12) {
	case 0, 1:
		return sub() + pick(" && ", " || ", "&&", "||\n  ") + sub()
	case 2:
		return sub() + pick(" == ", " != ", " < ", " <= ", ">", " >= ", " in ") + sub()
	case 3:
		return sub() + pick(" + ", " - ", "*", " / ", " % ") + sub()
	case 4:
		return pick("!", "-", "!!", "--") + sub()
	case 5:
		return "(" + sub() + ")"
	case 6:
		return sub() + " ? " + sub() + " : " + sub()
	case 7:
		return "[" + sub() + ", " + sub() + pick("", ",", ", ?user.?plan") + "]"
	case 8:
		return "{" + sub() + ": " + sub() + pick("", ", 'k': 1") + "}"
	case 9:
		return pick("has(user.country)", "user.roles", "size("+sub()+")", "matches("+sub()+", 'x')", "cidr('::/0')", "date(env.time, 'UTC')")
	case 10:
		return "user.roles." + pick("exists", "all", "exists_one", "filter", "map") + "(r, " + sub() + ")"
	}
	return "user.x" + pick(".y", ".f("+sub()+")", "["+sub()+"]", "[?"+sub()+"]", ".?z", ".startsWith("+sub()+")", ".optMap(v, "+sub()+")", ".exists(i, v, "+sub()+")")
}

// spoilt drops, doubles or exchanges a character.
func spoilt(rng *rand.Rand, source string) string {
	runes := []rune(source)
	at := rng.IntN(len(runes))
	switch rng.IntN(3) {
	case 0:
		return string(runes[:at]) + string(runes[at+1:])
	case 1:
		return string(runes[:at]) + string(runes[at]) + string(runes[at:])
	}
	runes[at] = []rune("()[]{}.,?:!=&|'\"\\ \n#/é0a_")[rng.IntN(25)]
	return string(runes)
}
