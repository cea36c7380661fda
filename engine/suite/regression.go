package suite

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

// Regression is a recorded decision as a test suite with one case.
type Regression struct {
	Name  string   // of the suite
	YAML  string   // the file, ready to be put beside the policies
	Notes []string // what the record did not hold, so that the case differs
}

// FromRecord makes a case of a recorded decision: with the same request, the
// inputs that the record holds, and the decision as it was. Values that the
// record withholds, and those of sensitive attributes, become stand-ins of the
// same type. The error is for records that are no decisions.
func (r *Runner) FromRecord(e *record.Event) (*Regression, error) {
	if e.Kind != record.KindDecision || e.Decision == nil {
		return nil, fmt.Errorf("the record %s is of kind %s, and no decision", e.DecisionID, e.Kind)
	}
	if e.Decision.Resource == "" && e.HTTP == nil {
		return nil, errors.New("the record names neither a request nor a resource")
	}
	g := &regression{runner: r, event: e, d: e.Decision, out: &Regression{Name: "decision-" + slug(e.DecisionID)}}
	g.bind()
	for _, in := range e.Inputs {
		g.input(in)
	}
	g.out.YAML = g.yaml()
	return g.out, nil
}

// slug makes a name of an id that may hold anything.
func slug(id string) string {
	var out strings.Builder
	for _, c := range strings.ToLower(id) {
		if (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') && out.Len() < 60 {
			out.WriteRune(c)
		}
	}
	return strings.Trim(out.String(), "-")
}

// member is one name with its value as YAML.
type member struct{ name, value string }

type regression struct {
	runner *Runner
	event  *record.Event
	d      *engine.Decision
	req    *engine.Request // what the request says by itself
	out    *Regression

	anonymous           bool
	user, resource, env []member
	host, path          string // of the request, without what is withheld
	delivered, failing  bool
}

func (g *regression) note(format string, args ...any) {
	g.out.Notes = append(g.out.Notes, fmt.Sprintf(format, args...))
}

func (g *regression) bind() {
	g.anonymous = g.event.Subject == ""
	if h := g.event.HTTP; h != nil {
		g.host, g.path = h.Host, h.Path
		ip, _ := netip.ParseAddr(g.event.SourceIP) // the zero one is none
		http, err := g.runner.read(&policy.RequestSpec{Method: h.Method, Host: h.Host, Path: h.Path}, ip)
		if err == nil {
			g.req = g.runner.set.HTTPRequest(http)
		} else {
			g.note("the request is refused now: %s", err)
		}
		if ip.IsValid() {
			g.env = append(g.env, member{"ip", quote(ip.String())})
		}
	}
	if g.req == nil || g.req.Resource() == "" {
		g.req = g.runner.set.DirectRequest(g.d.Resource, g.d.Action)
	}
	for _, name := range g.req.Values().Layout().Names(slot.Resource) {
		// Its value may stand in the request, though no rule has read it.
		if _, attr := g.attribute(slot.Resource.String(), name); attr.Sensitive {
			g.withhold(name, standIn(attr))
		}
	}
	if g.d.Resource != g.req.Resource() || g.d.Action != g.req.Action() {
		g.note("the request led to %s of %q when it was recorded", g.d.Action, g.d.Resource)
	}
}

// input takes one input of the record.
func (g *regression) input(in record.Input) {
	root, name, _ := strings.Cut(in.Name, ".")
	switch {
	case in.Shadow && (in.Masked || in.State != record.StatePresent):
		return // the case is about the decision
	case in.State == record.StateAbsent || in.Name == "env.ip" || in.Name == "env.time":
		return
	case in.State == record.StateUnavailable && root == slot.Resource.String():
		g.failing = true
		return
	case in.State == record.StateUnavailable, in.State == "conflict":
		g.note("%s was in the state %s, which a case cannot say", in.Name, in.State)
		return
	}
	i, attr := g.attribute(root, name)
	if attr == nil {
		if root == slot.Request.String() {
			g.fromRequest(name)
			return
		}
		g.note("%s is not declared any more", in.Name)
		return
	}
	withheld := in.Masked || attr.Sensitive || len(in.Value) == 0
	if v, state := g.req.Values().Get(i); state == slot.Present && !withheld && string(v.AppendJSON(nil)) == compact(in.Value) {
		return // the request itself says so
	}
	value := flow(in.Value)
	if withheld {
		value = standIn(attr)
		g.note("%s is a stand-in: its value is withheld", in.Name)
		if root == slot.Resource.String() && g.withhold(name, value) {
			return // the request says so again
		}
	}
	switch root {
	case slot.User.String():
		if name != "authenticated" {
			g.user = append(g.user, member{name, value})
		}
	case slot.Resource.String():
		if name != "type" {
			g.resource, g.delivered = append(g.resource, member{name, value}), true
		}
	case slot.Env.String():
		g.env = append(g.env, member{name, value})
	case slot.Request.String():
		g.fromRequest(name)
	default:
		g.note("%s had the value %s", in.Name, value)
	}
}

// fromRequest tells what of a request no record holds.
func (g *regression) fromRequest(name string) {
	switch {
	case name == "headers" || name == "query" || strings.HasPrefix(name, "body"):
		g.note("rules read request.%s, which records do not hold whole: add it to the request", name)
	}
}

func (g *regression) attribute(root, name string) (slot.Index, *slot.Attr) {
	layout := g.req.Values().Layout()
	for at := range slot.Roots {
		if at.String() == root {
			if i, ok := layout.Lookup(at, name); ok {
				return i, layout.Attr(i)
			}
		}
	}
	return 0, nil
}

func (g *regression) yaml() string {
	var w strings.Builder
	e, d := g.event, g.d
	fmt.Fprintf(&w, "# Decision %s of %s.\n", oneLine(e.DecisionID), e.Time.UTC().Format(time.RFC3339))
	for _, n := range g.out.Notes {
		fmt.Fprintf(&w, "# %s\n", oneLine(n))
	}
	fmt.Fprintf(&w, "apiVersion: gwctl.dev/v1\nkind: TestSuite\nmetadata: {name: %s}\nspec:\n  now: %s\n", g.out.Name, quote(e.Time.UTC().Format(time.RFC3339Nano)))
	if len(g.env) > 0 {
		fmt.Fprintf(&w, "  env: %s\n", braces(g.env))
	}
	user := "anonymous"
	if !g.anonymous {
		user = "recorded"
		if !has(g.user, "id") {
			id := quote(e.Subject)
			if _, attr := g.attribute(slot.User.String(), "id"); attr != nil && attr.Sensitive {
				id = standIn(attr)
			}
			g.user = append([]member{{"id", id}}, g.user...)
		}
		if e.Method != "" && !has(g.user, "method") {
			g.user = append(g.user, member{"method", quote(e.Method)})
		}
		fmt.Fprintf(&w, "  users:\n    recorded: %s\n", braces(g.user))
	}
	if e.HTTP == nil {
		fmt.Fprintf(&w, "  resources:\n    recorded: %s\n", braces(append([]member{{"type", quote(d.Resource)}}, g.resource...)))
	}
	fmt.Fprintf(&w, "  cases:\n    - name: %s\n      user: %s\n", quote("decision "+e.DecisionID), user)
	switch {
	case e.HTTP == nil:
		fmt.Fprintf(&w, "      resource: recorded\n      action: %s\n", quote(d.Action))
	default:
		fmt.Fprintf(&w, "      request: {method: %s, host: %s, path: %s}\n", quote(e.HTTP.Method), quote(g.host), quote(g.path))
		if g.failing {
			w.WriteString("      delivers: unavailable\n")
		} else if g.delivered {
			fmt.Fprintf(&w, "      delivers: %s\n", braces(g.resource))
		}
	}
	expect := []member{{"effect", d.Effect.String()}}
	if !d.Rule.IsZero() {
		expect = append(expect, member{"rule", quote(d.Rule.String())})
	}
	expect = append(expect, member{"reason", quote(d.Reason)}, member{"status", fmt.Sprint(d.HTTPStatus())})
	if len(d.Errors) > 0 {
		expect = append(expect, member{"errors", fmt.Sprint(len(d.Errors))})
	}
	fmt.Fprintf(&w, "      expect: %s\n", braces(expect))
	return w.String()
}

func has(list []member, name string) bool {
	for _, m := range list {
		if m.name == name {
			return true
		}
	}
	return false
}

func braces(list []member) string {
	var out []string
	for _, m := range list {
		out = append(out, m.name+": "+m.value)
	}
	return "{" + strings.Join(out, ", ") + "}"
}

// oneLine keeps a comment in its line.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u0085' || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

// quote writes a text as YAML in double quotes, in which JSON is YAML.
func quote(s string) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return `""`
	}
	return strings.TrimSpace(out.String())
}

func compact(raw json.RawMessage) string {
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		return ""
	}
	return out.String()
}

// flow writes JSON as YAML, with a blank behind what parts its members.
func flow(raw json.RawMessage) string {
	var v any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return quote(string(raw))
	}
	text, err := json.Marshal(v)
	if err != nil {
		return quote(string(raw))
	}
	return string(text)
}

// standIn is a value that an attribute can have, and that says nothing about
// the one it stands for. A pattern is not looked at: the author sees to it.
func standIn(a *slot.Attr) string {
	switch {
	case len(a.Enum) > 0:
		return flow(a.Enum[0].AppendJSON(nil))
	case a.Min.Kind() != slot.Invalid:
		return flow(a.Min.AppendJSON(nil))
	}
	switch a.Type.Kind {
	case slot.Bool:
		return "false"
	case slot.Int:
		return "0"
	case slot.Double:
		return "0.0"
	case slot.Timestamp:
		return quote("2000-01-01T00:00:00Z")
	case slot.Duration:
		return quote("0s")
	case slot.IP:
		return quote("192.0.2.1")
	case slot.CIDR:
		return quote("192.0.2.0/24")
	case slot.List:
		return "[]"
	case slot.Map, slot.Object:
		return "{}"
	}
	return quote("withheld")
}
