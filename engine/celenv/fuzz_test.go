package celenv

import (
	"strings"
	"testing"
)

// FuzzCompile: whatever stands in a condition, it compiles or there is a
// problem inside of it; nothing an author types stops the loading.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{
		"", " ", "\n", "user.contry == 'x'", "user.?contry", "has(user.x)", "[1, 'a']", "user.id.matches('[')", "request.header('X')", "vars.x && consts.n == 3", "user", "{", "'", "`x`", "a.b.c(d)",
		"[1].exists(user, true)", "'é' == user.contry", "user.\n\n contry", "duration('x')", "env.time.getHours('Local')", "cidr('x')", "user.plan in ['x']", "dyn(1)", "type(type)", "matches('a', '(')",
		"b'\\xff' == b''", "1u == 1", "user.id = 1", "\"\"\"a\"\"\"", "r'\\'", "@", "\x00", "\xff", "has(vars.x)", "{'a': 1}.transformMap(k, v, v)", "user{a: 1}", strings.Repeat("(", 80), strings.Repeat("a", MaxExpressionSize+1),
	} {
		f.Add(s)
	}
	r := newRig(f, "x = user.flag")
	r.full()
	f.Fuzz(func(t *testing.T, source string) {
		e, problems := r.scope.CompileUnguarded(source, boolean)
		if (e == nil) != (len(problems) > 0) {
			t.Fatalf("%q: an expression %t and problems %v", source, e != nil, problems)
		}
		for _, p := range problems {
			if n := len([]rune(source)); p.Offset < 0 || p.Offset > n || p.Length < 1 || p.Code == "" || p.Message == "" {
				t.Fatalf("%q: %+v of %d runes", source, p, n)
			}
		}
		if e == nil {
			return
		}
		e.Constant()
		want, wantErr := e.EvalBool(r.scope.NewFrame(r.values))
		if trace := e.Trace(r.scope.NewFrame(r.values)); trace.Result != want || (trace.Err == nil) != (wantErr == nil) {
			t.Fatalf("%q: traced %t, %v; evaluated %t, %v", source, trace.Result, trace.Err, want, wantErr)
		}
	})
}
