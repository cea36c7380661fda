package format

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func testGrammar(t *testing.T) *grammar {
	t.Helper()
	g, err := newGrammar()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestExpression(t *testing.T) {
	same := func(text string) [2]string { return [2]string{text, text} }
	for _, c := range [][2]string{
		// Spacing.
		{"a&&b||c", "(a && b) || c"},
		{"a  ==\n  b", "a == b"},
		{"f( a,b ) [ 0 ].x", "f(a, b)[0].x"},
		{"[ 1,2 , ]", "[1, 2]"},
		{"{ 'a' :1,'b':2}", "{'a': 1, 'b': 2}"},
		{"a?b:c", "a ? b : c"},
		{"x in[1]", "x in [1]"},
		{"! a", "!a"},
		{"- 5", "-5"},
		{"T{a:1,?b:c}", "T{a: 1, ?b: c}"},
		{"[?a,b]", "[?a, b]"},
		{"a.?b[?'c']", "a.?b[?'c']"},
		// Parentheses.
		{"((a))", "a"},
		{"(a == b) && (c)", "a == b && c"},
		{"a || (b && c)", "a || (b && c)"},
		{"a && (b || c)", "a && (b || c)"},
		{"!(a && b)", "!(a && b)"},
		{"!(a)", "!a"},
		{"!!!a", "!a"},
		same("!(!a)"),
		same("-(-5)"),
		same("-(5)"),
		same("(-5).f()"),
		same("(a + b).f()"),
		same("a - (b - c)"),
		{"(a - b) - c", "a - b - c"},
		{"(a * b) + c", "a * b + c"},
		same("a * (b + c)"),
		same("(a ? b : c) ? d : e"),
		{"a ? b : (c ? d : e)", "a ? b : c ? d : e"},
		same("a ? (b ? c : d) : e"),
		{"(a == b) == c", "a == b == c"},
		same("a == (b == c)"),
		// Chains keep the tree that the parser made.
		{"a&&b&&c&&d&&e", "a && b && c && d && e"},
		same("a && (b && c)"),
		{"(a && b) && c", "a && b && c"},
		same("a && (b && (c && d))"),
		same("(a || b) && c && (d || e)"),
		// Quotes.
		{`"a"`, `'a'`},
		same(`"it's"`),
		{`"say \"hi\""`, `'say "hi"'`},
		{`'say \"hi\"'`, `'say "hi"'`},
		same(`'it\'s'`),
		same(`'a\\'`),
		{`"a\\\"b"`, `'a\\"b'`},
		{`r"^\d+$"`, `r'^\d+$'`},
		{`R'\d'`, `r'\d'`},
		same(`r"it's \d"`),
		{`b"\x00"`, `b'\x00'`},
		{`bR"\x"`, `br'\x'`},
		{`"""a"""`, `'a'`},
		{`"""a "b" c"""`, `'a "b" c'`},
		{"'''it's\n\"x\"'''", `"it's\n\"x\""`},
		{`r"""it's "x" """`, `r"""it's "x" """`},
		// Numbers keep their spelling.
		same("1000000.0"), same("1.50e+3"), same("0x1F"), same("3u"), same(".5"), same("1e-9"), same("[1, -2.0, 007]"),
		// Names.
		{"a . b", "a.b"}, same(".a.b"), same("a.`b-c`"), same("a.`in`"), same("has(a.b)"), same("x.exists(y, y == 1)"),
		same("'é' + ' '"),
	} {
		g := testGrammar(t)
		e, errs := g.expression(c[0])
		if errs != nil || e == nil {
			t.Errorf("%s: not read: %v", c[0], errs)
			continue
		}
		if e.flat != c[1] {
			t.Errorf("%s: got %s, want %s", c[0], e.flat, c[1])
		}
	}
}

// An expression that cannot be printed stays as it was written.
func TestExpressionLeftAlone(t *testing.T) {
	g := testGrammar(t)
	for _, c := range []struct{ alone, twin string }{
		{"a // why\n&& b", "a\n&& b"},
		{"'//' + a // why", "'//' + a"},
		{"'r' // it's", "'r'"},
		{"r'''a\nb'''", "'''a\nb'''"},
		{"'\u202e'", `'\u202e'`},
		{"'\t'", `'\t'`},
	} {
		if e, errs := g.expression(c.alone); e != nil || errs != nil {
			t.Errorf("%q: got %v, %v", c.alone, e, errs)
		}
		if e, errs := g.expression(c.twin); e == nil || errs != nil {
			t.Errorf("%q: got %v, %v", c.twin, e, errs)
		}
	}
}

func TestBroken(t *testing.T) {
	for _, c := range []struct {
		width      int
		text, want string
	}{
		{40, "a && b && c", "a &&\nb &&\nc"},
		{40, "a || b && c", "a ||\n(b && c)"},
		{40, "f(a)", "f(a)"},
		{12, "aaa && (bbb || ccc || (ddd && eee))", "aaa &&\n(bbb ||\n  ccc ||\n  (ddd &&\n    eee))"},
		{30, "aaa && (bbb || ccc || (ddd && eee))", "aaa &&\n(bbb || ccc || (ddd && eee))"},
		{12, "!(aaaa || bbbb) && c", "!(aaaa ||\n  bbbb) &&\nc"},
		{12, "list.all(x, x.aaa && x.bbb)", "list.all(x, x.aaa &&\n  x.bbb)"},
		{12, "!list.all(x, !(x.aaa || x.bbb))", "!list.all(x, !(x.aaa ||\n  x.bbb))"},
		{12, "aaaaaa ? bbbbbb || c : dddddd", "aaaaaa ? bbbbbb || c : dddddd"},
	} {
		g := testGrammar(t)
		e, _ := g.expression(c.text)
		got := strings.Join(e.broken(c.width), "\n")
		if got != c.want || !g.same(got, c.text) {
			t.Errorf("%s at %d: got\n%s\nwant\n%s", c.text, c.width, got, c.want)
		}
	}
}

// Whatever way an expression is written, what is printed is the same tree,
// prints as itself, and stays the same tree when it is broken.
func TestExpressionProperty(t *testing.T) {
	g := testGrammar(t)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 150 {
		text := randomExpression(rng, 4)
		e, errs := g.expression(text)
		if errs != nil || e == nil {
			t.Fatalf("%s: not read: %v", text, errs)
		}
		again, errs := g.expression(e.flat)
		if errs != nil || again == nil || again.flat != e.flat {
			t.Fatalf("%s\nprints as  %s\nand that as %v %v", text, e.flat, again, errs)
		}
		width := 5 + rng.IntN(60)
		if lines := strings.Join(e.broken(width), "\n"); !g.same(text, lines) {
			t.Fatalf("%s\nis not, at width %d,\n%s", text, width, lines)
		}
	}
}

// randomExpression writes a random expression with random spacing, quotes and
// parentheses.
func randomExpression(rng *rand.Rand, depth int) string {
	space := func() string { return []string{"", " ", "  ", "\n"}[rng.IntN(4)] }
	sub := func() string { return space() + randomExpression(rng, depth-1) + space() }
	// An operand that is not in parentheses anyway needs them for most operators.
	member := func() string { return "(" + sub() + ")" }
	if depth == 0 || rng.IntN(6) == 0 {
		return []string{"a", "user.id", "'x'", `"it's"`, `"q\"q"`, "1", "-2", "0x1F", "1.50", "true", "null", `r"\d"`, "b'z'", "a.?b", "'''m'm'''"}[rng.IntN(15)]
	}
	switch rng.IntN(12) {
	case 0, 1, 2, 3:
		op := []string{"&&", "||"}[rng.IntN(2)]
		parts := []string{}
		for range 2 + rng.IntN(4) {
			part := member()
			if rng.IntN(3) > 0 {
				part = space() + randomExpression(rng, 0) + space()
			}
			parts = append(parts, part)
		}
		return strings.Join(parts, op)
	case 4, 5:
		op := []string{"==", "<", "+", "-", "*", "%", " in "}[rng.IntN(7)]
		return member() + op + member()
	case 6:
		return []string{"!", "-"}[rng.IntN(2)] + member()
	case 7:
		return member() + "?" + member() + ":" + sub()
	case 8:
		return fmt.Sprintf("f(%s,%s)", sub(), sub())
	case 9:
		return fmt.Sprintf("list.exists(x,%s)", sub())
	case 10:
		return fmt.Sprintf("[%s,%s][%s]", sub(), sub(), sub())
	}
	return fmt.Sprintf("{%s:%s}.k", sub(), sub())
}
