package celenv_test

import (
	"strings"
	"testing"
)

// TestExtent: the stretch of each operand of the top-level operator.
func TestExtent(t *testing.T) {
	scope := newScope(t)
	for _, tt := range []struct{ source, want string }{
		{"user.id == 'a' && user.id != 'b'", "user.id == 'a'|user.id != 'b'"},
		{"has(user.id) && user.id == 'x'", "has(user.id)|user.id == 'x'"},
		{"(user.id == 'a') || !( user.id in ['a', 'b)'] )", "user.id == 'a'|!( user.id in ['a', 'b)'] )"},
		{"user.roles.exists(r, r == 'admin') && 'support' in user.roles", "user.roles.exists(r, r == 'admin')|'support' in user.roles"},
		{"user.id.startsWith(\"a\\\"(\") && user.id.size() > 3", "user.id.startsWith(\"a\\\"(\")|user.id.size() > 3"},
		{"user.id ==\n 'é' && 'ü' == user.id", "user.id ==\n 'é'|'ü' == user.id"},
	} {
		e, problems := scope.CompileUnguarded(tt.source, nil)
		if e == nil {
			t.Fatalf("%s: %v", tt.source, problems)
		}
		runes := []rune(tt.source)
		var got []string
		for _, x := range e.AST().Expr().AsCall().Args() {
			from, to := e.Extent(x)
			got = append(got, string(runes[from:to]))
		}
		if g := strings.Join(got, "|"); g != tt.want {
			t.Errorf("%s: %q, want %q", tt.source, g, tt.want)
		}
		if from, to := e.Extent(e.AST().Expr()); strings.TrimSpace(string(runes[from:to])) == "" {
			t.Errorf("%s: the whole is %d to %d", tt.source, from, to)
		}
	}
}
