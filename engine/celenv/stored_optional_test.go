package celenv

import "testing"

// TestStoredOptional: what CEL does not look into is refused, and the ways
// around it are not.
func TestStoredOptional(t *testing.T) {
	r := newRig(t, "o = user.?labels", "plain = user.?labels.orValue({})")
	for _, source := range []string{
		"vars.o.?k.hasValue()", "vars.o[?'k'].hasValue()", "has(vars.o.k)", "vars.o.k.hasValue()", "[user.?labels][0].?k.hasValue()", "{'a': user.?labels}['a'].?k.hasValue()", "{'a': user.?labels}.a.?k.hasValue()",
	} {
		e, problems := r.scope.CompileUnguarded(source, boolean)
		if e != nil || len(problems) != 1 || problems[0].Code != "stored_optional" {
			t.Errorf("%s: %+v", source, problems)
		}
	}
	for _, source := range []string{
		"user.?labels.?k.hasValue()", "user.?labels[?'k'].hasValue()", "vars.o.hasValue()", "vars.o.orValue({'k': 'x'}).k == 'x'", "vars.plain.?k.hasValue()", "vars.o.optMap(m, 'k' in m).orValue(false)",
	} {
		if e, problems := r.scope.CompileUnguarded(source, boolean); e == nil {
			t.Errorf("%s: %+v", source, problems)
		}
	}
}
