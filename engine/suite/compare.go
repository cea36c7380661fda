package suite

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/policy"
)

// Difference is one thing that is not as expected.
type Difference struct {
	What string `json:"what"` // effect, rule, reason, status, headers, errors, shadow …
	Want string `json:"want"`
	Got  string `json:"got"`
	// Wanted and Found are the single headers, where headers differ.
	Wanted []string `json:"-"`
	Found  []string `json:"-"`
}

// String says it in a sentence.
func (d Difference) String() string {
	return fmt.Sprintf("expected %s %s, got %s", d.What, d.Want, d.Got)
}

// compare tells what differs from the expectation.
func (c *Case) compare(d *engine.Decision) []Difference {
	var out []Difference
	differ := func(what, want, got string) {
		if want != got {
			out = append(out, Difference{What: what, Want: orNone(want), Got: orNone(got)})
		}
	}
	e := &c.Expect
	differ("effect", e.Effect.Value(), d.Effect.String())
	if e.Rule.IsSet() && !isRule(e.Rule.Value(), d.Rule) {
		differ("rule", e.Rule.Value(), d.Rule.String())
	}
	if e.Reason.IsSet() {
		differ("reason", e.Reason.Value(), d.Reason)
	}
	if e.Status != 0 && e.Status != d.HTTPStatus() {
		differ("status", fmt.Sprint(e.Status), fmt.Sprint(d.HTTPStatus()))
	}
	if e.HeadersSet && (len(e.Headers) > 0 || len(d.Obligations) > 0) {
		if want, got := expectedHeaders(e.Headers), headersOf(d.Obligations); !slices.Equal(want, got) {
			differ("headers", strings.Join(want, ", "), strings.Join(got, ", "))
			out[len(out)-1].Wanted, out[len(out)-1].Found = want, got
		}
	}
	if e.Errors != int64(len(d.Errors)) {
		differ("errors", fmt.Sprint(e.Errors), fmt.Sprint(len(d.Errors)))
	}
	if e.Shadow != nil {
		compareShadow(e.Shadow, d.Shadow, differ)
	}
	return out
}

func isRule(name string, r engine.RuleRef) bool {
	policy, rule, _ := strings.Cut(name, "/")
	return policy == r.Policy && rule == r.Rule
}

// compareShadow compares what would be with the shadow rules enforced.
func compareShadow(want *policy.ExpectShadow, got *engine.Shadow, differ func(what, want, got string)) {
	if got == nil {
		differ("shadow", "results", "no shadow rule speaks about the request")
		return
	}
	if want.Effect.IsSet() {
		differ("shadow effect", want.Effect.Value(), got.Effect.String())
	}
	if want.Rule.IsSet() {
		differ("shadow rule", want.Rule.Value(), got.Rule.String())
	}
	if want.Reason.IsSet() {
		differ("shadow reason", want.Reason.Value(), got.Reason)
	}
	for _, r := range want.Rules {
		outcome := "not a candidate"
		for _, x := range got.Results {
			if isRule(r.Key.Value(), x.Rule) {
				outcome = x.Outcome
			}
		}
		differ("shadow rule "+r.Key.Value(), r.Value.Value(), outcome)
	}
}

func orNone(s string) string { return cmp.Or(s, "none") }

// expectedHeaders and headersOf give headers in one form, sorted, names folded.
func expectedHeaders(list []policy.Label) []string {
	var out []string
	for _, l := range list {
		out = append(out, http.CanonicalHeaderKey(l.Key.Value())+": "+l.Value.Value())
	}
	slices.Sort(out)
	return out
}

func headersOf(list []engine.Obligation) []string {
	var out []string
	for _, o := range list {
		out = append(out, http.CanonicalHeaderKey(o.Name)+": "+o.Value)
	}
	slices.Sort(out)
	return out
}
