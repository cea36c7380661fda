package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
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
		allow := c.set.list(&res.actions[action][over].allow)
		wanted := map[string]*Rule{}
		for _, r := range allow {
			for _, h := range r.Headers {
				if name := policy.Fold(h.Name); wanted[name] == nil {
					wanted[name] = r
				}
			}
		}
		if len(wanted) == 0 {
			continue
		}
		names := slices.Sorted(maps.Keys(wanted))
		for _, r := range allow {
			set := map[string]bool{}
			for _, h := range r.Headers {
				set[policy.Fold(h.Name)] = true
			}
			if len(set) == len(wanted) {
				continue
			}
			for _, name := range names {
				by := wanted[name]
				if len(c.w.Found()) >= document.MaxFindings {
					return // each of many rules can lack what each other one sets
				}
				if !set[name] {
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
	for i := range rule.Headers {
		h := &rule.Headers[i]
		text, err := r.text(rule, h)
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
