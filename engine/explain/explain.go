// Package explain says why a request was decided as it was.
//
// [Explain] decides a request with the set's own algorithm while watching
// every condition, and returns the decision together with what each candidate
// rule came to. It changes no decision and reads nothing that the request does
// not hold.
package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

// Explanation is a decision with its reasons.
type Explanation struct {
	Decision engine.Decision `json:"decision"`
	Step     string          `json:"step"` // which step of the algorithm decided, in words
	Next     string          `json:"next,omitempty"`
	Inputs   []Input         `json:"inputs"`
	Rules    []Rule          `json:"rules"`
}

// Input is one attribute that the candidate rules can read.
type Input struct {
	Name  string `json:"name"`
	State string `json:"state"`
	Value string `json:"value,omitempty"` // as JSON
	Why   string `json:"why,omitempty"`
}

// Rule is what one candidate came to.
type Rule struct {
	Rule     string     `json:"rule"`
	Effect   string     `json:"effect"`
	Position string     `json:"position"`
	Outcome  string     `json:"outcome"` // matched, not_matched, error, not_evaluated
	Why      string     `json:"why,omitempty"`
	Decides  bool       `json:"decides"`
	Shadow   bool       `json:"shadow,omitempty"`
	When     string     `json:"when,omitempty"`
	Parts    []Part     `json:"parts,omitempty"`
	Vars     []Variable `json:"vars,omitempty"`

	Reason string `json:"-"` // code that the rule gives when it denies; "" for none of its own
}

// Part is a sub-expression of a condition with its value.
type Part struct {
	Depth int    `json:"depth"`
	Text  string `json:"text"`
	State string `json:"state"` // value, error, not_evaluated
	Value string `json:"value,omitempty"`

	Op string      `json:"-"` // &&, ||, ! or ?: of a part that is made of conditions
	At policy.Span `json:"-"` // of its own word or sign
}

// Variable is a variable that was read on the way.
type Variable struct {
	Name   string `json:"name"`
	Source string `json:"source"`
	Parts  []Part `json:"parts"`
}

// Explain decides the request, which must not be used afterwards.
func Explain(set *engine.Set, r *engine.Request) Explanation {
	traces := map[*engine.Rule]celenv.Trace{}
	r.Observe(func(rule *engine.Rule) (bool, error) {
		t := rule.When.Trace(rule.Scope().NewFrame(r.Values()))
		traces[rule] = t
		return t.Result, t.Err
	})
	d := set.Decide(r)
	x := Explanation{Decision: d, Inputs: inputs(r), Rules: []Rule{}}
	w := &walker{set: set, r: r, d: d, traces: traces}
	deny, allow := r.Candidates()
	for _, rule := range slices.Concat(deny, allow) {
		x.Rules = append(x.Rules, w.rule(rule))
	}
	for _, rule := range r.Shadows() {
		shadow := w.rule(rule)
		shadow.Shadow, shadow.Decides = true, false
		if d.Shadow != nil {
			for _, s := range d.Shadow.Results {
				if s.Rule == rule.Ref {
					shadow.Outcome = s.Outcome
				}
			}
			if shadow.Outcome == "matched" {
				shadow.Why = "it is a shadow rule: recorded, without effect"
			}
		}
		x.Rules = append(x.Rules, shadow)
	}
	x.Step, x.Next = step(r, d)
	return x
}

// Recorded puts what shadow rules came to once in the place of what they come to
// now, for a request that does not hold what they read.
func (x *Explanation) Recorded(was *engine.Shadow) {
	x.Decision.Shadow = was
	for i := range x.Rules {
		rule := &x.Rules[i]
		if !rule.Shadow {
			continue
		}
		rule.Outcome, rule.Why, rule.Parts, rule.Vars = OutcomeUnknown, "it reads what the record does not tell", nil, nil
		for _, s := range was.Results {
			if s.Rule.String() == rule.Rule {
				rule.Outcome, rule.Why = s.Outcome, "as recorded"
			}
		}
	}
}

func inputs(r *engine.Request) []Input {
	out := []Input{}
	for _, i := range r.Reads().Slots {
		attr := r.Values().Layout().Attr(i)
		v, state := r.Values().Get(i)
		in := Input{Name: attr.FullName(), State: state.String()}
		if state == slot.Present {
			in.Value = string(v.AppendJSON(nil))
		}
		if err := r.Values().Err(i); err != nil {
			in.Why = err.Error()
		}
		out = append(out, in)
	}
	return out
}

type walker struct {
	set    *engine.Set
	r      *engine.Request
	d      engine.Decision
	traces map[*engine.Rule]celenv.Trace
}

func (w *walker) rule(rule *engine.Rule) Rule {
	out := Rule{
		Rule: rule.Ref.String(), Effect: rule.Decl.Effect.Value(), Position: rule.Decl.At.Span().String(),
		Decides: w.d.Rule == rule.Ref, Outcome: "not_matched",
	}
	if rule.When != nil {
		out.When = rule.When.Source
	}
	if rule.Decl.Reason != nil {
		out.Reason = rule.Decl.Reason.Code.Value()
	}
	t, evaluated := w.traces[rule]
	out.Parts = parts(t.Parts, rule.Decl.When)
	for _, v := range t.Vars {
		out.Vars = append(out.Vars, Variable{Name: v.Name, Source: v.Source, Parts: parts(v.Parts, w.declared(rule, v.Name))})
	}
	switch {
	case slices.Contains(w.d.Matched, rule.Ref):
		out.Outcome = "matched"
	case w.failure(rule) != "":
		out.Outcome, out.Why = "error", w.failure(rule)
	case evaluated && !t.Result:
		out.Why = "the condition is false"
	case w.r.Anonymous() && rule.Decl.Allow && !rule.Decl.Anonymous:
		out.Outcome, out.Why = "not_evaluated", "the user is anonymous and the rule does not say anonymous: true"
	case w.skipped(rule):
		out.Outcome, out.Why = "not_evaluated", "the decision was made before"
	case w.inapplicable(rule) != "":
		out.Why = "not applicable: " + w.inapplicable(rule)
	case !w.holdsAny(slot.UserRoles, rule.Decl.Roles):
		out.Why = "the user has none of the roles " + names(rule.Decl.Roles)
	default:
		out.Why = "the user lacks the scope " + names(slices.Concat(rule.Decl.Scopes, rule.Decl.AnyScope))
	}
	return out
}

// failure is the error of a rule, "" if it had none.
func (w *walker) failure(rule *engine.Rule) string {
	for _, e := range w.d.Errors {
		if e.Rule == rule.Ref {
			return e.Message
		}
	}
	return ""
}

// stopped tells whether a fault ended the evaluation as a whole.
func stopped(d engine.Decision) bool { return d.Reason == engine.ReasonEvalError && d.Rule.IsZero() }

// skipped tells whether the decision was made before the rule's phase.
func (w *walker) skipped(rule *engine.Rule) bool {
	deny, _ := w.r.Candidates()
	switch {
	case w.d.Attribute != "", w.d.Reason == engine.ReasonBodyInvalid, w.d.Reason == engine.ReasonBodyUnavailable, stopped(w.d):
		return true
	}
	return rule.Decl.Allow && slices.ContainsFunc(deny, func(x *engine.Rule) bool { return x.Ref == w.d.Rule })
}

func (w *walker) holdsAny(i slot.Index, want []policy.Text) bool {
	held, _ := w.r.Values().Get(i)
	has := func(t policy.Text) bool {
		return slices.ContainsFunc(held.Items(), func(v slot.Value) bool { return v.Str() == t.Value() })
	}
	return len(want) == 0 || slices.ContainsFunc(want, has)
}

func names(list []policy.Text) string {
	var out []string
	for _, t := range list {
		out = append(out, t.Value())
	}
	return strings.Join(out, ", ")
}

func parts(in []celenv.Part, source policy.Text) []Part {
	var out []Part
	for _, p := range in {
		out = append(out, Part{Depth: p.Depth, Text: p.Text, State: string(p.State), Value: p.Value, Op: p.Op, At: source.At(p.Offset, p.Length)})
	}
	return out
}

// declared finds the text of a variable, which a library's is named
// LIBRARY.NAME.
func (w *walker) declared(rule *engine.Rule, name string) policy.Text {
	vars := rule.Policy.Vars
	if lib, own, ok := strings.Cut(name, "."); ok {
		name = own
		for _, l := range w.set.Source().Libraries {
			if l.Name.Value() == lib {
				vars = l.Vars
			}
		}
	}
	for _, v := range vars {
		if v.Name.Value() == name {
			return v.Expr
		}
	}
	return policy.Text{}
}

// step says in words which step decided, and what would have to be different.
func step(r *engine.Request, d engine.Decision) (what, next string) {
	switch {
	case d.Allowed():
		return fmt.Sprintf("step 4: allow rule %s matched and no deny rule did", d.Rule), ""
	case d.Reason == engine.ReasonBodyInvalid:
		return "step 2: the body is not what the route declares", ""
	case d.Reason == engine.ReasonBodyUnavailable:
		return "step 2: the body that the route reads is not there", "give the body of the request"
	case d.Reason == engine.ReasonNoRoute && d.Status == 421:
		return "step 1: no route is left for the host", "add the host to a Resource"
	case d.Reason == engine.ReasonObligationError:
		return fmt.Sprintf("step 4: an obligation of %s cannot be fulfilled", d.Rule), ""
	case d.Reason == engine.ReasonNoRoute && len(r.Allow()) > 0:
		return "step 1: the path is routed, but not for this method", "routed methods: " + strings.Join(r.Allow(), ", ")
	case d.Reason == engine.ReasonNoRoute:
		return "step 1: no route leads to a resource and action", "add a route to a Resource"
	case stopped(d):
		return "the evaluation stopped at a fault in gwctl, and so the request is denied", "please report it"
	case d.Attribute != "":
		return fmt.Sprintf("step 2: %s is needed by a candidate rule and cannot be used", d.Attribute), ""
	case !d.Rule.IsZero() && len(d.Matched) > 0:
		return fmt.Sprintf("step 3: deny rule %s matched", d.Rule), ""
	case !d.Rule.IsZero():
		return fmt.Sprintf("step 3: deny rule %s could not be evaluated, so it denies", d.Rule), ""
	case d.Reason == engine.ReasonUnauthenticated:
		return "step 5: no rule allows this to an anonymous user", "send a token"
	case d.Reason == engine.ReasonInsufficientScope:
		return "step 5: all that was missing is a scope", "scopes wanted: " + strings.Join(d.Scopes, ", ")
	case d.Reason == engine.ReasonAttributeUnavailable:
		return "step 5: an attribute was unavailable, which kept an allow rule from matching", "try again when its source answers"
	}
	_, allow := r.Candidates()
	if len(allow) == 0 {
		return "step 5: no allow rule speaks about this resource and action", "add an allow rule for it"
	}
	return "step 5: no allow rule matched", ""
}
