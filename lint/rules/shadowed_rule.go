package rules

import (
	"slices"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/lint"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

func shadowedRule() *lint.Rule {
	return &lint.Rule{
		Code:     "shadowed_rule",
		Title:    "a rule changes nothing because an unconditional one of the same effect covers it",
		Severity: document.Warning,
		Why:      "The narrower rule looks as if it mattered. Whoever tightens it later changes no decision, and whoever reads it believes in a limit that is not there.",
		Before: "- id: support-reads\n  effect: allow\n  actions: [read]\n  roles: [support]\n  when: vars.same_tenant\n" +
			"- id: everybody-reads\n  effect: allow\n  actions: [read, list]",
		After: "- id: support-reads\n  effect: allow\n  actions: [read]\n  roles: [support]\n  when: vars.same_tenant",
		Run:   runShadowed,
	}
}

func runShadowed(p *lint.Pass) {
	in := p.Set.Inspect()
	byResource := map[string][]*engine.Rule{}
	for _, r := range in.Rules {
		byResource[r.Resource] = append(byResource[r.Resource], r)
	}
	// A rule over several types is shadowed only if it is so for each of them.
	shadow := map[engine.RuleRef]*engine.Rule{}
	alive := map[engine.RuleRef]bool{}
	for _, r := range in.Rules {
		i := slices.IndexFunc(byResource[r.Resource], func(by *engine.Rule) bool {
			return by.Ref != r.Ref && shadows(p.Set, in, by, r)
		})
		if i < 0 {
			alive[r.Ref] = true
		} else if shadow[r.Ref] == nil {
			shadow[r.Ref] = byResource[r.Resource][i]
		}
	}
	for _, r := range in.Rules {
		if by := shadow[r.Ref]; by != nil && !alive[r.Ref] {
			p.Report(r.Decl.ID.Span(), "remove the rule, or narrow the other one at "+by.Decl.ID.Span().String(),
				"%s changes nothing: %s %ss the same without a condition", r.Ref, by.Ref, by.Decl.Effect.Value())
		}
	}
}

// shadows tells whether rule b can never decide anything that a does not
// decide in the same way.
func shadows(set *engine.Set, in engine.Inspection, a, b *engine.Rule) bool {
	if a.Decl.Allow != b.Decl.Allow || !covers(set, a, b) {
		return false
	}
	// Of two that cover each other the later one is shadowed. A deny rule that
	// stands first also gives the reason, so no later one shadows it.
	first := in.Order[a.Ref] < in.Order[b.Ref]
	return first || a.Decl.Allow && !covers(set, b, a)
}

// covers tells whether a, which has no condition, matches whenever b does.
func covers(set *engine.Set, a, b *engine.Rule) bool {
	if a.Decl.Shadow && !b.Decl.Shadow || b.Decl.HTTP && !a.Decl.HTTP || b.Decl.AuthZEN && !a.Decl.AuthZEN || len(a.Headers)+len(b.Headers) > 0 {
		return false // without effect, asked by fewer, or saying more than allow
	}
	if a.When != nil || b.Decl.Anonymous && !a.Decl.Anonymous || !within(b.Decl.Roles, a.Decl.Roles) {
		return false
	}
	if len(a.Decl.Scopes)+len(a.Decl.AnyScope) > 0 && !sameScopes(a.Decl, b.Decl) {
		return false
	}
	return !slices.ContainsFunc(set.Actions(b.Resource), func(action string) bool { return b.Covers(action) && !a.Covers(action) })
}

// within tells whether whoever holds any of inner holds any of outer; an empty
// outer holds everybody.
func within(inner, outer []policy.Text) bool {
	if len(outer) == 0 {
		return true
	}
	return len(inner) > 0 && !slices.ContainsFunc(inner, func(t policy.Text) bool { return !has(outer, t) })
}

func has(list []policy.Text, t policy.Text) bool {
	return slices.ContainsFunc(list, func(x policy.Text) bool { return x.Value() == t.Value() })
}

func sameScopes(a, b *policy.Rule) bool {
	same := func(x, y []policy.Text) bool {
		return len(x) == len(y) && !slices.ContainsFunc(x, func(t policy.Text) bool { return !has(y, t) })
	}
	return same(a.Scopes, b.Scopes) && same(a.AnyScope, b.AnyScope)
}
