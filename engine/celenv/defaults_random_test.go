package celenv_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

// randomDeny writes a deny condition that reads user.clearance by its default
// only.
func randomDeny(r *rand.Rand, depth int) string {
	ops := []string{"==", "!=", "<", "<=", ">", ">="}
	if depth == 0 || r.IntN(4) == 0 {
		d, op := r.IntN(12)-1, ops[r.IntN(len(ops))]
		switch r.IntN(8) {
		case 0, 1, 2:
			return fmt.Sprintf("user.?clearance.orValue(%d) %s %d", d, op, r.IntN(10))
		case 3, 4:
			return fmt.Sprintf("user.?clearance.orValue(%d) %s resource.level", d, op)
		case 5:
			return fmt.Sprintf("resource.level %s user.?clearance.orValue(%d)", op, d)
		case 6:
			return fmt.Sprintf("user.?clearance.orValue(%d) in [0, 3, 9]", d)
		}
		return "user.authenticated"
	}
	sub := func() string { return randomDeny(r, depth-1) }
	switch r.IntN(8) {
	case 6:
		return "(" + sub() + " ? " + sub() + " : false)"
	case 7:
		return "(" + sub() + " ? false : " + sub() + ")"
	case 0, 1:
		return "(" + sub() + " && " + sub() + ")"
	case 2, 3:
		return "(" + sub() + " || " + sub() + ")"
	case 4:
		return "!(" + sub() + ")"
	}
	return "(user.authenticated ? " + sub() + " : " + sub() + ")"
}

// A deny rule that compiles denies where the attribute is absent, if it denies
// for any value of it.
func TestAbsenceDenies(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 2))
	s := newScope(t)
	layout := slot.NewLayout(attributes())
	clearance, _ := layout.Lookup(slot.User, "clearance")
	level, _ := layout.Lookup(slot.Resource, "level")
	accepted := 0
	for range 250 {
		src := randomDeny(r, 2)
		e, _ := s.CompileRule(src, celenv.RuleOptions{Deny: true})
		if e == nil {
			continue
		}
		accepted++
		for n := range 10 { // levels 1 to 5, with and without a user
			denies := func(value int) bool {
				values := slot.NewValues(layout)
				values.Set(slot.UserAuthenticated, slot.BoolValue(n < 5))
				values.Set(level, slot.IntValue(int64(n%5+1)))
				if value >= 0 {
					values.Set(clearance, slot.IntValue(int64(value)))
				}
				got, err := e.EvalBool(s.NewFrame(values))
				if err != nil {
					t.Fatalf("seed %d: %s: %v", seed, src, err)
				}
				return got
			}
			for value := range 10 {
				if denies(value) && !denies(-1) {
					t.Fatalf("seed %d: %s denies clearance %d and not its absence, at level %d", seed, src, value, n%5+1)
				}
			}
		}
	}
	if accepted < 10 {
		t.Errorf("seed %d: only %d conditions compiled, so this says little", seed, accepted)
	}
}
