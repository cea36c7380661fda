package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/gwctl/gwctl/engine/explain"
)

// Explanation is the output of `explain`.
type Explanation struct {
	Envelope
	Notes    []string             `json:"notes"` // what was assumed, such as a token that was not verified
	Request  string               `json:"request"`
	User     string               `json:"user"`
	Explain  *explain.Explanation `json:"explanation,omitempty"`
	Response Response             `json:"response"`
}

// Response is the HTTP answer that the sidecar would give.
type Response struct {
	Status  int               `json:"status"`
	Reason  string            `json:"reason"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body,omitempty"`
}

// width is what explanations fit into.
const width = 80

// Write prints the explanation.
func (x *Explanation) Write(out io.Writer, format string, color bool) error {
	if format == "json" {
		return writeJSON(out, x)
	}
	p := paint(color)
	w := &indented{w: out, indent: -2}
	w.field("request", x.Request)
	w.field("user", x.User)
	for _, n := range x.Notes {
		w.field("note", n)
	}
	if x.Explain != nil {
		explanation(w, x.Explain, p)
	}
	w.line(0, "")
	answer := "the request goes on to the upstream"
	if x.Response.Status >= 400 {
		answer = fmt.Sprintf("HTTP %d, reason %s", x.Response.Status, x.Response.Reason)
	}
	w.field("answer", p.in(bold, answer))
	for _, name := range []string{"WWW-Authenticate", "Allow", "Retry-After"} {
		if v := x.Response.Headers[name]; v != "" {
			w.line(12, name+": "+v)
		}
	}
	return w.err
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
		w.line(4, fmt.Sprintf("vars.%s: %s", v.Name, v.Source))
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

// indented writes lines that fit into the width, going on below their own
// indentation.
type indented struct {
	w      io.Writer
	indent int
	err    error
}

func (w *indented) field(name, text string) { w.line(2, fmt.Sprintf("%-9s %s", name, text)) }

func (w *indented) line(at int, text string) {
	at = max(0, at+w.indent)
	first := true
	for _, piece := range fold(clean(text), width-at, 2) {
		pad := at
		if !first {
			pad += 2
		}
		first = false
		if _, err := fmt.Fprintln(w.w, strings.TrimRight(strings.Repeat(" ", pad)+piece, " ")); err != nil && w.err == nil {
			w.err = err
		}
	}
}

// clean makes text safe for a terminal but keeps our own colours.
func clean(s string) string {
	var out strings.Builder
	for s != "" {
		skip := ""
		for _, code := range []string{red, green, yellow, bold, dim, reset} {
			if strings.HasPrefix(s, code) {
				skip = code
			}
		}
		if skip != "" {
			out.WriteString(skip)
			s = s[len(skip):]
			continue
		}
		r := []rune(s[:min(len(s), 4)])[0]
		n := len(string(r))
		out.WriteString(visible(string(r)))
		s = s[min(n, len(s)):]
	}
	return out.String()
}

// fold breaks text at blanks, or anywhere if it has none, so that no line has
// more than width columns; later lines have hang columns less. Colour codes
// take no column.
func fold(text string, width, hang int) []string {
	var out []string
	var line strings.Builder
	used, limit := 0, width
	flush := func() {
		out = append(out, line.String())
		line.Reset()
		used, limit = 0, width-hang
	}
	for i, word := range strings.Split(text, " ") {
		cols := columns(word)
		if i > 0 {
			if used+1+cols > limit && used > 0 {
				flush()
			} else {
				line.WriteByte(' ')
				used++
			}
		}
		for cols > limit-used && cols > limit {
			head := cut(word, limit-used)
			line.WriteString(head)
			word = word[len(head):]
			cols = columns(word)
			flush()
		}
		line.WriteString(word)
		used += cols
	}
	return append(out, line.String())
}

// columns counts what a terminal shows of a word.
func columns(s string) int {
	for _, code := range []string{red, green, yellow, bold, dim, reset} {
		s = strings.ReplaceAll(s, code, "")
	}
	return len([]rune(s))
}

// cut gives the head of a word with the given columns.
func cut(s string, cols int) string {
	for i := range s {
		if i > 0 && columns(s[:i]) >= max(cols, 1) {
			return s[:i]
		}
	}
	return s
}
