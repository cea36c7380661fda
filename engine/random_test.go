package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/slot"
)

func randomNode(rng *rand.Rand, depth int) *node {
	attrs := []string{"user.a", "user.b", "user.c", "user.plan", "resource.tenant", "resource.number"}
	if depth == 0 || rng.IntN(4) == 0 {
		op := []string{"read", "read", "read", "has", "true", "false"}[rng.IntN(6)]
		return &node{op: op, attr: attrs[rng.IntN(len(attrs))]}
	}
	op := []string{"and", "or", "not"}[rng.IntN(3)]
	return &node{op: op, left: randomNode(rng, depth-1), right: randomNode(rng, depth-1)}
}

func randomRules(rng *rand.Rand) []*referenceRule {
	some := func(from ...string) (out []string) {
		for _, x := range from {
			if rng.IntN(2) == 0 {
				out = append(out, x)
			}
		}
		return out
	}
	var out []*referenceRule
	for p := range 1 + rng.IntN(3) {
		policy := string(rune('a'+rng.IntN(20))) + fmt.Sprint(p)
		for i := range 1 + rng.IntN(4) {
			r := &referenceRule{policy: policy, id: fmt.Sprintf("r%d", i), allow: rng.IntN(3) > 0}
			if rng.IntN(3) > 0 {
				r.actions = some("read", "list", "delete")
			}
			if rng.IntN(5) > 0 {
				r.when = randomNode(rng, rng.IntN(4))
			}
			if r.allow && rng.IntN(3) == 0 {
				r.roles = some("admin", "customer")
			}
			if r.allow && rng.IntN(3) == 0 {
				r.scopes = some("s1", "s2")
			}
			if r.allow && rng.IntN(5) == 0 {
				r.anyS = some("s2", "s3")
			}
			r.anonymous = r.allow && rng.IntN(4) == 0
			out = append(out, r)
		}
	}
	return out
}

func randomQuery(rng *rand.Rand) *query {
	pick := func(of ...string) string { return of[rng.IntN(len(of))] }
	q := &query{action: pick("read", "list", "delete"), authenticated: rng.IntN(5) > 0, kind: pick("human", "service"), states: map[string]string{}}
	for _, a := range []string{"user.a", "user.b", "user.c"} {
		q.states[a] = pick(isTrue, isTrue, isTrue, isFalse, isFalse, isFalse, "absent", "unavailable")
	}
	q.states["user.plan"] = pick(isTrue, isTrue, isFalse, isTrue, isFalse, isTrue, "absent")
	q.states["resource.tenant"] = pick(isTrue, isTrue, isFalse, isTrue, isFalse, isTrue, isTrue, "absent", "conflict", "unavailable")
	q.states["resource.number"] = pick(isTrue, isFalse, isTrue, isFalse, "absent", "absent", "unavailable", "invalid")
	if rng.IntN(20) == 0 {
		q.states["user.a"] = pick("invalid", "conflict")
	}
	for list, held := range map[string]*[]string{"user.roles": &q.roles, "user.scopes": &q.scopes} {
		if rng.IntN(20) == 0 {
			q.states[list] = "unavailable"
		}
		for _, x := range []string{"admin", "customer", "s1", "s2", "s3"} {
			if rng.IntN(2) == 0 {
				*held = append(*held, x)
			}
		}
	}
	slices.Sort(q.roles)
	return q
}

// bind makes the engine's request of the same query.
func (q *query) bind(s *Set) *Request {
	r := s.DirectRequest("order", q.action)
	q.bindUser(r)
	q.bindStates(r, "resource")
	return r
}

func (q *query) bindUser(r *Request) {
	if q.authenticated {
		r.Authenticate(Principal{Method: "jwt", Type: q.kind})
	}
	r.Supply(slot.Credential, slot.User, "roles", slot.Strings(q.roles))
	r.Supply(slot.Credential, slot.User, "scopes", slot.Strings(q.scopes))
	q.bindStates(r, "user")
}

func (q *query) bindStates(r *Request, of string) {
	values := map[string][2]string{"user.plan": {"pro", "free"}, "resource.tenant": {"acme", "evil"}, "resource.number": {"6", "5"}}
	for name, state := range q.states {
		root, attr, _ := strings.Cut(name, ".")
		if root != of {
			continue
		}
		at, from := slot.User, slot.Credential
		if root == "resource" {
			at, from = slot.Resource, slot.Source
		}
		texts, ok := values[name]
		if !ok {
			texts = [2]string{isTrue, isFalse}
		}
		switch state {
		case isTrue:
			r.Supply(from, at, attr, slot.Plain(texts[0]))
		case isFalse:
			r.Supply(from, at, attr, slot.Plain(texts[1]))
		case "conflict":
			r.Supply(from, at, attr, slot.Plain(texts[0]))
			r.Supply(from, at, attr, slot.Plain(texts[1]))
		case "invalid":
			r.Supply(from, at, attr, slot.Quoted("?"))
		case "unavailable":
			r.Fail(at, attr, errBroken)
		}
	}
}

// differs says where a decision is not what the reference wants.
func (v verdict) differs(d Decision) string {
	var matched, errs []string
	for _, m := range d.Matched {
		matched = append(matched, m.String())
	}
	for _, e := range d.Errors {
		errs = append(errs, e.Rule.String()+":"+e.Code)
	}
	switch {
	case d.Effect != v.effect, d.Reason != v.reason, d.Status != v.status:
		return fmt.Sprintf("%s %s %d, want %s %s %d", d.Effect, d.Reason, d.Status, v.effect, v.reason, v.status)
	case d.Rule.String() != v.rule:
		return fmt.Sprintf("by %q, want %q", d.Rule, v.rule)
	case !slices.Equal(matched, v.matched):
		return fmt.Sprintf("matched %v, want %v", matched, v.matched)
	case !slices.Equal(errs, v.errors):
		return fmt.Sprintf("errors %v, want %v", errs, v.errors)
	case (d.Attribute != "") != (len(v.about) > 0) || d.Attribute != "" && !slices.Contains(v.about, d.Attribute):
		return fmt.Sprintf("about %q, want one of %v", d.Attribute, v.about)
	}
	return ""
}

// TestDecideAgainstReference: on random sets and requests Decide and the
// reference agree on effect, reason, status, deciding rule, matched rules and
// errors.
func TestDecideAgainstReference(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	seen := map[string]int{}
	for range 50 {
		rules := randomRules(rng)
		byPolicy := map[string][]string{}
		for _, r := range rules {
			byPolicy[r.policy] = append(byPolicy[r.policy], r.String())
		}
		var docs []string
		for name, list := range byPolicy { // in any order: it must not matter
			docs = append(docs, policyOf(name, list...))
		}
		set := shopSet(t, docs...)
		for range 420 {
			q := randomQuery(rng)
			want, got := q.decide(rules), set.Decide(q.bind(set))
			if diff := want.differs(got); diff != "" {
				t.Fatalf("%s\n%s\nquery %+v", diff, strings.Join(docs, "\n"), *q)
			}
			seen[want.reason]++
		}
	}
	for _, reason := range []string{
		ReasonAllowed, ReasonDeniedByRule, ReasonEvalError, ReasonAttributeUnavailable, ReasonAttributeInvalid, ReasonAttributeConflict, ReasonAttributeMissing,
		ReasonUnauthenticated, ReasonInsufficientScope, ReasonNoMatchingRule,
	} {
		if seen[reason] < 50 {
			t.Errorf("%s came up %d times: the sets are too tame", reason, seen[reason])
		}
	}
	t.Log(seen)
}
