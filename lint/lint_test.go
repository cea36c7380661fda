package lint

import (
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// TestValidate pairs a complete rule with the same one lacking something.
func TestValidate(t *testing.T) {
	good := func() *Rule {
		return &Rule{Code: "some_rule", Title: "t", Severity: document.Info, Why: "w", Before: "b", After: "a", Run: func(*Pass) {}}
	}
	if err := good().Validate(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*Rule){
		"no code": func(r *Rule) { r.Code = "" }, "capitals": func(r *Rule) { r.Code = "Some" }, "hyphen": func(r *Rule) { r.Code = "some-rule" }, "digits": func(r *Rule) { r.Code = "rule1" },
		"no title": func(r *Rule) { r.Title = "" }, "no why": func(r *Rule) { r.Why = "" }, "no before": func(r *Rule) { r.Before = "" }, "no after": func(r *Rule) { r.After = "" },
		"no severity": func(r *Rule) { r.Severity = "" }, "odd severity": func(r *Rule) { r.Severity = "fatal" }, "nothing to run": func(r *Rule) { r.Run = nil },
	} {
		r := good()
		if spoil(r); r.Validate() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// TestRun: findings carry the rule's code and severity, come once per place and
// are sorted.
func TestRun(t *testing.T) {
	src, found := policy.Load([]policy.File{{Path: "set.yaml", Data: []byte("apiVersion: gwctl.dev/v1\nkind: Resource\nmetadata: {name: order}\nspec: {actions: {read: {}, list: {}}}\n")}})
	if found.HasErrors() {
		t.Fatal(found)
	}
	set, found := engine.Compile(src)
	if found.HasErrors() {
		t.Fatal(found)
	}
	actions := set.Source().Resources[0].Actions
	rule := func(code string, severity document.Severity) *Rule {
		return &Rule{Code: code, Severity: severity, Run: func(p *Pass) {
			for i := range 4 {
				at := actions[(i+1)%2].Name
				p.Report(at.Span(), "do so", "action %s", at.Value())
			}
		}}
	}
	var got []string
	for _, d := range Run(set, nil, []*Rule{rule("b", document.Warning), rule("a", document.Error)}, time.Time{}) {
		got = append(got, d.String())
		if d.Hint != "do so" {
			t.Errorf("hint %q", d.Hint)
		}
	}
	want := "set.yaml:4:18: error[a]: action read\nset.yaml:4:18: warning[b]: action read\nset.yaml:4:28: error[a]: action list\nset.yaml:4:28: warning[b]: action list"
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	if found := Run(set, nil, nil, time.Time{}); len(found) != 0 {
		t.Errorf("no rules find %v", found)
	}
}
