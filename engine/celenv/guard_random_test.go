package celenv_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

// randomCondition writes a condition about three optional attributes.
func randomCondition(r *rand.Rand, depth int) string {
	leaves := []string{
		"has(user.country)", "user.country == 'DE'", "user.?country.hasValue()", "user.country.startsWith('D')",
		"has(user.mfa)", "user.mfa", "user.mfa == false", "has(resource.owner)", "resource.owner == user.id",
		"vars.has_owner", "vars.no_owner", "vars.is_owner", "common.has_owner", "user.authenticated", "true", "false",
		"user.groups.exists(g, g == user.country)", "user.groups.all(g, has(user.country) && g == user.country)",
	}
	if depth == 0 || r.IntN(5) == 0 {
		return leaves[r.IntN(len(leaves))]
	}
	sub := func() string { return randomCondition(r, depth-1) }
	switch r.IntN(8) {
	case 0, 1, 2:
		return "(" + sub() + " && " + sub() + ")"
	case 3, 4:
		return "(" + sub() + " || " + sub() + ")"
	case 5:
		return "!(" + sub() + ")"
	case 6:
		return "(" + sub() + " ? " + sub() + " : " + sub() + ")"
	}
	return []string{"user.groups.exists(g, ", "user.groups.all(g, "}[r.IntN(2)] + sub() + ")"
}

// What compiles never fails for an absent attribute, whichever are absent, and
// neither does any part of it that is evaluated.
func TestGuardedNeverFails(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 1))
	s := newScope(t)
	layout := slot.NewLayout(attributes())
	accepted := 0
	for range 300 {
		src := randomCondition(r, 3)
		e, problems := s.CompileRule(src, celenv.RuleOptions{})
		for _, p := range problems {
			if p.Code != "unguarded_optional" && p.Code != "too_nested" && p.Code != "cost_over_budget" {
				t.Fatalf("seed %d: %s: %+v", seed, src, p)
			}
		}
		if e == nil {
			continue
		}
		accepted++
		for present := range 8 {
			values := slot.NewValues(layout)
			values.Set(slot.UserAuthenticated, slot.BoolValue(r.IntN(2) == 0))
			values.Set(slot.UserID, slot.StringValue("x"))
			values.Set(slot.UserGroups, slot.StringsValue([]string{"DE", "a"}[:r.IntN(3)]))
			for i, name := range []string{"country", "mfa"} {
				if at, ok := layout.Lookup(slot.User, name); ok && present&(1<<i) != 0 {
					values.Set(at, []slot.Value{slot.StringValue("DE"), slot.BoolValue(r.IntN(2) == 0)}[i])
				}
			}
			if at, ok := layout.Lookup(slot.Resource, "owner"); ok && present&4 != 0 {
				values.Set(at, slot.StringValue("x"))
			}
			if failed := failure(e, s.NewFrame(values)); failed != "" {
				t.Fatalf("seed %d: %s with %03b present: %s", seed, src, present, failed)
			}
		}
	}
	if accepted < 30 {
		t.Errorf("seed %d: only %d conditions compiled, so this says little", seed, accepted)
	}
}

func failure(e *celenv.Expr, f *celenv.Frame) string {
	var absent *celenv.AttributeError
	if _, err := e.EvalBool(f); errors.As(err, &absent) {
		return err.Error()
	}
	for _, p := range e.Trace(f).Parts {
		if p.State == celenv.Failed {
			return fmt.Sprintf("%s: %s", p.Text, p.Value)
		}
	}
	return ""
}
