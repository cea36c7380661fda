package report

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gwctl/gwctl/engine/explain"
)

// Explanation is the output of `explain`.
type Explanation struct {
	Envelope
	Summary  ExplainSummary       `json:"summary"`
	Notes    []string             `json:"notes"` // what was assumed, such as a token that was not verified
	Request  string               `json:"request"`
	User     string               `json:"user"` // "" if the request is refused before the user is looked at
	Explain  *explain.Explanation `json:"explanation,omitempty"`
	Response Response             `json:"response"`
	Recorded *Recorded            `json:"recorded,omitempty"`
}

// Recorded is the decision that an explanation is of, as its record has it.
type Recorded struct {
	Place       string    `json:"place"` // FILE:LINE
	Time        time.Time `json:"time"`
	Seq         uint64    `json:"seq"`
	Kind        string    `json:"event"`
	Effect      string    `json:"effect"`
	Reason      string    `json:"reason"`
	Digest      string    `json:"set_digest"`
	Repeated    bool      `json:"repeated"`    // the decision was made once more
	Differences []string  `json:"differences"` // in what it came out otherwise
	Unknown     []string  `json:"unknown"`     // inputs that the record does not tell
}

// ExplainSummary is the outcome in short.
type ExplainSummary struct {
	Effect string `json:"effect"`
	Reason string `json:"reason"`
	Status int    `json:"status"`
	Rule   string `json:"rule"` // "" if no rule decided
}

// Summarize fills the summary from the decision and the answer.
func (x *Explanation) Summarize() {
	x.Summary = ExplainSummary{Effect: "deny", Reason: x.Response.Reason, Status: x.Response.Status}
	if x.Explain != nil {
		x.Summary.Effect, x.Summary.Rule = x.Explain.Decision.Effect.String(), x.Explain.Decision.Rule.String()
	}
}

// Response is the HTTP answer that the sidecar would give.
type Response struct {
	Status  int               `json:"status"`
	Reason  string            `json:"reason"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body,omitempty"`
}

// Write prints the explanation.
func (x *Explanation) Write(out io.Writer, format string, color bool) error {
	if format == "json" {
		return writeJSON(out, x)
	}
	p := paint(color)
	w := &indented{w: out, indent: -2, color: p}
	w.field("request", x.Request)
	if x.User != "" {
		w.field("user", x.User)
	}
	if r := x.Recorded; r != nil {
		w.field("recorded", fmt.Sprintf("%s %s, reason %s, at %s", r.Kind, p.in(bold, r.Effect), r.Reason, r.Time.UTC().Format(time.RFC3339Nano)))
		w.field("record", r.Place)
		w.field("again", r.again(p))
	}
	for _, n := range x.Notes {
		w.field("note", n)
	}
	if x.Explain != nil {
		explanation(w, x.Explain, p)
	}
	w.line(0, "")
	answer := "the request goes on to the upstream"
	if x.Response.Status >= http.StatusBadRequest {
		answer = fmt.Sprintf("HTTP %d, reason %s", x.Response.Status, x.Response.Reason)
	}
	w.field("answer", p.in(bold, answer))
	for _, name := range []string{"WWW-Authenticate", "Allow", "Retry-After"} {
		if v := x.Response.Headers[http.CanonicalHeaderKey(name)]; v != "" {
			w.line(12, name+": "+v)
		}
	}
	return w.err
}

// again says what became of the decision when it was made once more.
func (r *Recorded) again(p paint) string {
	switch {
	case !r.Repeated:
		return "not repeated"
	case len(r.Differences) == 0:
		return p.in(green, "the same")
	}
	return p.in(red, "different: "+strings.Join(r.Differences, "; "))
}

// explanation prints route, candidates and the deciding step.
func explanation(w *indented, x *explain.Explanation, p paint) {
	d := x.Decision
	if d.Route != "" {
		w.field("route", d.Route)
	}
	if d.Resource != "" {
		w.field("resource", fmt.Sprintf("%s, action %s", d.Resource, d.Action))
	}
	for _, in := range x.Inputs {
		text := in.Value
		if in.State != "present" {
			text = in.State
			if in.Why != "" {
				text += ": " + in.Why
			}
		}
		w.line(4, fmt.Sprintf("%-18s %s", in.Name, text))
	}
	for _, r := range x.Rules {
		w.line(0, "")
		rule(w, r, p)
	}
	w.line(0, "")
	shade := red
	if d.Allowed() {
		shade = green
	}
	w.field("decision", fmt.Sprintf("%s, reason %s", p.in(shade, strings.ToUpper(d.Effect.String())), d.Reason))
	w.field("because", x.Step)
	if x.Next != "" {
		w.field("next", x.Next)
	}
}

func rule(w *indented, r explain.Rule, p paint) {
	outcome := strings.ReplaceAll(r.Outcome, "_", " ")
	switch r.Outcome {
	case "matched":
		outcome = p.in(green, outcome)
	case "error":
		outcome = p.in(red, outcome)
	}
	if r.Decides {
		outcome += p.in(bold, ", decides")
	}
	w.line(2, fmt.Sprintf("%s %s: %s", r.Effect, p.in(bold, r.Rule), outcome))
	w.line(4, p.in(dim, "at "+r.Position))
	if r.Why != "" {
		w.line(4, r.Why)
	}
	if r.When != "" {
		w.line(4, "when: "+r.When)
	}
	parts(w, 6, r.Parts, p)
	for _, v := range r.Vars {
		name := v.Name
		if !strings.Contains(name, ".") { // that of a library is name.x
			name = "vars." + name
		}
		w.line(4, name+": "+v.Source)
		parts(w, 6, v.Parts, p)
	}
}

func parts(w *indented, at int, list []explain.Part, p paint) {
	for _, x := range list {
		value := p.in(bold, x.Value)
		switch x.State {
		case "not_evaluated":
			value = p.in(dim, "not evaluated")
		case "error":
			value = p.in(red, "error: "+x.Value)
		}
		w.line(at+2*x.Depth, fmt.Sprintf("%s  = %s", x.Text, value))
	}
}
