package engine

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gwctl/gwctl/policy"
)

// Obligation is a header that the upstream gets with an allowed request.
type Obligation struct {
	Name  string
	Value string
}

const maxObligation = 1024 // bytes of a value

// complete holds the enforced allow rules of one resource type and action to
// the same headers: otherwise it would depend on which of them decides, and so
// on the name of a policy, whether a filter reaches the upstream.
func (c *compiler) complete(res *resource, action string) {
	for over := range transports {
		allow := res.actions[action][over].allow
		wanted := map[string]*Rule{}
		for _, r := range allow {
			for _, h := range r.Headers {
				if name := policy.Fold(h.Name); wanted[name] == nil {
					wanted[name] = r
				}
			}
		}
		for _, r := range allow {
			for name, by := range wanted {
				if !slices.ContainsFunc(r.Headers, func(h Header) bool { return policy.Fold(h.Name) == name }) {
					c.w.Error(r.Decl.ID.Span(), "obligation_gap", fmt.Sprintf("set it here too, with an empty string where it says nothing; %s is at %s", by.Ref, by.Decl.ID.Span()),
						"%s sets the header %s for %s %s, and %s can decide it without", by.Ref, name, res.name, action, r.Ref)
				}
			}
		}
	}
}

// oblige evaluates the obligations of the deciding rule. ok is false when one
// of them cannot be fulfilled, which denies.
func (r *Request) oblige(rule *Rule, d *Decision) (ok bool) {
	for _, h := range rule.Headers {
		text, err := h.Value.EvalString(r.frame(rule))
		if err == nil && !headerText(text) {
			err = fmt.Errorf("the value of %s cannot stand in a header", h.Name)
		}
		if err != nil {
			d.failed(rule, err)
			d.Obligations = nil
			return false
		}
		d.Obligations = append(d.Obligations, Obligation{Name: h.Name, Value: text})
	}
	return true
}

// headerText tells whether a value can be sent without changing its meaning.
func headerText(s string) bool {
	if len(s) > maxObligation || !utf8.ValidString(s) || strings.TrimSpace(s) != s {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 })
}

// ObligationHeaders names every header that some rule of the set can set.
// Clients must not be able to send them.
func (s *Set) ObligationHeaders() []string {
	var out []string
	for _, r := range s.rules {
		for _, h := range r.Headers {
			out = append(out, h.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
