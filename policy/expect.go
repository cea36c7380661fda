package policy

import (
	"slices"
	"strings"

	"github.com/gwctl/gwctl/policy/document"
)

// Expect is an expected decision. Unset texts are not checked.
type Expect struct {
	Effect Text
	Rule   Text
	Reason Text
	Status int
	Errors int64
	// Headers is the exact set of headers that obligations set; checked only
	// if HeadersSet.
	Headers     []Label
	HeadersSet  bool
	HeadersSpan Span          // of the mapping
	Shadow      *ExpectShadow // nil is not checked
	Span        Span
}

// ExpectShadow is what shadow rules are expected to come to. Unset texts are
// not checked.
type ExpectShadow struct {
	Effect Text // of the decision with the shadow rules enforced
	Rule   Text
	Reason Text
	Rules  []Label // outcomes by POLICY/ID: matched, not_matched or error
	Span   Span
}

// shadowOutcomes are what a shadow rule can come to.
var shadowOutcomes = []string{"matched", "not_matched", "error"}

func readExpect(w *reader, n *document.Node) Expect {
	if n == nil {
		return Expect{}
	}
	if n.IsScalar() {
		return Expect{Effect: checkEffect(w, w.Text(n, "expect")), Span: n.Span()}
	}
	o := w.Object(n, "expect")
	e := Expect{Effect: checkEffect(w, o.Text("effect")), Rule: o.Text("rule"), Reason: o.Text("reason"), Span: n.Span()}
	if status, ok := o.Int("status"); ok {
		if status < 200 || status > 599 {
			w.Error(o.Key("status"), "bad_expect", "use an HTTP status such as 403", "no decision has the status %d", status)
		}
		e.Status = int(status)
	}
	if e.Errors, _ = o.Int("errors"); e.Errors < 0 {
		w.Error(o.Key("errors"), "bad_expect", "write how many errors the decision has", "there cannot be %d errors", e.Errors)
	}
	if e.HeadersSet = o.Has("headers"); e.HeadersSet {
		e.HeadersSpan = o.Object("headers").Span()
		for _, h := range o.Object("headers").Entries() {
			e.Headers = append(e.Headers, Label{Key: h.Key, Value: readHeaderValue(w, h)})
		}
	}
	if sn := o.Node("shadow"); sn != nil {
		e.Shadow = readExpectShadow(w, sn)
	}
	o.Require("effect")
	o.Done()
	return e
}

// readExpectShadow reads what would be with the shadow rules enforced: an
// effect, or more of it.
func readExpectShadow(w *reader, n *document.Node) *ExpectShadow {
	if n.IsScalar() {
		return &ExpectShadow{Effect: checkEffect(w, w.Text(n, "shadow")), Span: n.Span()}
	}
	o := w.Object(n, "shadow")
	s := &ExpectShadow{Effect: checkEffect(w, o.Text("effect")), Rule: o.Text("rule"), Reason: o.Text("reason"), Span: n.Span()}
	for _, e := range o.Object("rules").Entries() {
		outcome := w.Text(e.Value, "what "+e.Key.Value()+" comes to")
		if outcome.IsSet() && !slices.Contains(shadowOutcomes, outcome.Value()) {
			w.Error(outcome.Span(), "bad_expect", "write "+strings.Join(shadowOutcomes, ", "), "%q is not what a rule comes to", outcome.Value())
		}
		s.Rules = append(s.Rules, Label{Key: e.Key, Value: outcome})
	}
	if n.IsMap() && !s.Effect.IsSet() && !s.Rule.IsSet() && !s.Reason.IsSet() && len(s.Rules) == 0 {
		w.Error(n.Span(), "bad_expect", "write an effect, or rules with what they come to", "nothing is expected of the shadow rules")
	}
	o.Done()
	return s
}

// readHeaderValue reads the value of an expected header. An obligation may set
// an empty one.
func readHeaderValue(w *reader, e document.Entry) Text {
	if e.Value.IsScalar() {
		return w.Value(e.Value, "header "+e.Key.Value()).Text
	}
	return w.Text(e.Value, "header "+e.Key.Value())
}

func checkEffect(w *reader, t Text) Text {
	if t.IsSet() && t.Value() != "allow" && t.Value() != "deny" {
		w.Error(t.Span(), "bad_effect", "write allow or deny", "effect %q is neither allow nor deny", t.Value())
	}
	return t
}
