package celenv

import (
	"fmt"
	"strings"
	"testing"
)

// TestStrangers: an expression of thousands of unknown names is refused for some
// of them, at their places; with few of them every fault is told.
func TestStrangers(t *testing.T) {
	r := newRig(t)
	chain := func(n int) string {
		var parts []string
		for i := range n {
			parts = append(parts, fmt.Sprintf("x%d", i))
		}
		return strings.Join(parts, " && ")
	}
	for n, want := range map[int]int{3: 3, maxStrangers: maxStrangers, maxStrangers + 1: maxStrangers, 1000: maxStrangers} {
		source := chain(n)
		e, problems := r.scope.Compile(source, boolean)
		if e != nil || len(problems) != want {
			t.Errorf("%d names: %d problems, want %d", n, len(problems), want)
		}
		for i, p := range problems {
			if token := source[p.Offset : p.Offset+p.Length]; p.Code != "undeclared_name" || token != fmt.Sprintf("x%d", i) {
				t.Errorf("%d names: %s at %q", n, p.Code, token)
			}
		}
	}
	long := strings.Repeat("['a'].exists(x, x == 'a') && math.greatest(1, 2) == 2 && ", maxStrangers+1) + ".user.id == 'x'"
	if e, problems := r.scope.Compile(long, boolean); e == nil {
		t.Errorf("loops and namespaces: %+v", problems)
	}
}
