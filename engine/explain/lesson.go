package explain

import (
	"slices"
	"strings"

	"github.com/gwctl/gwctl/engine"
)

// Lesson is one rule that a surprised reader should look at, and why.
type Lesson struct {
	Title   string   `json:"title"`
	Rule    string   `json:"rule"`
	Stopped []string `json:"stopped,omitempty"` // what kept it from matching, in words
	Shown   *Rule    `json:"-"`
}

// Lessons picks the rules that say why a decision is not what was expected: the
// rule that decided; of a denial that should be an allow, the allow rule that
// was nearest to matching; and the rule that was expected to decide, if one was
// named, itself or by the reason that it gives.
func (x *Explanation) Lessons(wanted engine.Effect, rule, reason string) []Lesson {
	var out []Lesson
	add := func(title string, r *Rule) {
		if r != nil && !slices.ContainsFunc(out, func(l Lesson) bool { return l.Rule == r.Rule }) {
			out = append(out, Lesson{Title: title, Rule: r.Rule, Stopped: r.Stopped(), Shown: r})
		}
	}
	d := &x.Decision
	switch {
	case d.Allowed():
		add("the rule that let it in", x.rule(d.Rule.String()))
	case !d.Rule.IsZero():
		add("the rule that denied it", x.rule(d.Rule.String()))
	}
	if rule != "" && rule != d.Rule.String() {
		add("the rule that was expected to decide", x.rule(rule))
	}
	for i := range x.Rules {
		if r := &x.Rules[i]; reason != "" && reason != d.Reason && r.Reason == reason {
			add("the rule that gives the expected reason", r)
		}
	}
	if wanted == engine.Allow && !d.Allowed() {
		add("the nearest allow rule", x.nearest())
	}
	return out
}

func (x *Explanation) rule(name string) *Rule {
	for i := range x.Rules {
		if x.Rules[i].Rule == name {
			return &x.Rules[i]
		}
	}
	return nil
}

// nearest is the enforced allow rule that lacked least: scopes alone, then the
// greatest part of its condition, then roles.
func (x *Explanation) nearest() *Rule {
	var best *Rule
	least := 0.0
	for i := range x.Rules {
		r := &x.Rules[i]
		if r.Effect != "allow" || r.Shadow {
			continue
		}
		if d := r.distance(); best == nil || d < least {
			best, least = r, d
		}
	}
	return best
}

// distance grows with what a rule lacks.
func (r *Rule) distance() float64 {
	switch {
	case r.Outcome == "not_evaluated":
		return 3
	case len(r.Parts) == 0:
		return 2 // its roles or an index kept it from being asked
	case r.Parts[0].Value == "true":
		return 0 // but for its scopes
	}
	held, all := 0, 0
	for _, p := range r.Parts {
		if p.Op != "" || p.State == "value" && p.Value != "true" && p.Value != "false" {
			continue
		}
		if all++; p.Value == "true" {
			held++
		}
	}
	return 1 + 1/float64(1+held) - 1/float64(2+all)
}

// Stopped says what kept the rule from matching: the parts of its condition
// that were not as they had to be, or what was missing before and after it.
func (r *Rule) Stopped() []string {
	if r.Outcome == "matched" {
		return nil
	}
	if len(r.Parts) > 0 && r.Parts[0].State == "value" && r.Parts[0].Value == "false" {
		return r.culprits(r.Parts, 0, "false")
	}
	if r.Why == "" {
		return nil
	}
	return []string{r.Why}
}

// culprits are the parts below one that made it what it is.
func (r *Rule) culprits(parts []Part, at int, value string) []string {
	p := parts[at]
	if p.State != "value" || p.Value != value {
		return nil
	}
	var out []string
	switch p.Op {
	case "!":
		value = map[string]string{"true": "false", "false": "true"}[value]
		fallthrough
	case "&&", "||":
		for _, i := range below(parts, at) {
			out = append(out, r.culprits(parts, i, value)...)
		}
	}
	if len(out) > 0 {
		return out
	}
	text := p.Text + " is " + p.Value
	var read []string
	own := below(parts, at)
	for i, c := range parts {
		// A part that stands twice in a condition is listed where it stands first.
		told := slices.Contains(own, i) || c.Depth == p.Depth+1 && mentions(p.Text, c.Text)
		if told && c.State == "value" && c.Text != c.Value {
			read = append(read, c.Text+" is "+c.Value)
		}
	}
	for i := range r.Vars {
		if v := &r.Vars[i]; strings.TrimPrefix(p.Text, "vars.") == v.Name && len(v.Parts) > 0 {
			read = append(read, r.culprits(v.Parts, 0, value)...)
		}
	}
	if len(read) > 0 {
		text += ": " + strings.Join(read, ", ")
	}
	return []string{text}
}

// mentions tells whether a text has a part as a word of its own.
func mentions(text, part string) bool {
	word := func(s string, at int) bool {
		return at >= 0 && at < len(s) && (s[at] == '_' || s[at] == '.' || s[at] >= '0' && s[at] <= '9' || s[at] >= 'a' && s[at] <= 'z' || s[at] >= 'A' && s[at] <= 'Z')
	}
	for from := 0; ; {
		i := strings.Index(text[from:], part)
		if i < 0 {
			return false
		}
		i += from
		if !word(text, i-1) && !word(text, i+len(part)) {
			return true
		}
		from = i + 1
	}
}

// below lists the parts that one is made of.
func below(parts []Part, at int) []int {
	var out []int
	for i := at + 1; i < len(parts) && parts[i].Depth > parts[at].Depth; i++ {
		if parts[i].Depth == parts[at].Depth+1 {
			out = append(out, i)
		}
	}
	return out
}
