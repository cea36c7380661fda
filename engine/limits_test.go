package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/policy"
)

const limitsSet = `apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: r}
spec: {actions: {read: {}}}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: p}
spec:
  resources: [r]
`

func TestObligationLength(t *testing.T) {
	if !headerText(strings.Repeat("a", maxObligation)) {
		t.Errorf("%d bytes are refused", maxObligation)
	}
	if headerText(strings.Repeat("a", maxObligation+1)) {
		t.Errorf("%d bytes are taken", maxObligation+1)
	}
}

// TestConditionLimits compiles conditions that are as large as may be, and
// larger ones.
func TestConditionLimits(t *testing.T) {
	compile := func(spec string) string {
		src, found := policy.Load([]policy.File{{Path: "a.yaml", Data: []byte(limitsSet + spec)}})
		if !found.HasErrors() {
			_, found = Compile(src)
		}
		if len(found) == 0 {
			return ""
		}
		return found[0].Code
	}
	when := func(text string) string { return compile("  rules: [{id: a, effect: deny, when: \"" + text + "\"}]\n") }
	for _, tt := range []struct {
		name string
		with func(n int) string
		most int
		code string
	}{
		{"characters", func(n int) string {
			return when("user.authenticated" + strings.Repeat(" ", n-len("user.authenticated||true")) + "||true")
		}, celenv.MaxExpressionSize, "cel_syntax"},
		{"items of a constant", func(n int) string {
			return compile("  consts: {c: [" + strings.TrimSuffix(strings.Repeat("a, ", n), ", ") + "]}\n  rules: [{id: a, effect: deny, when: user.authenticated}]\n")
		}, 10000, "bad_constant"},
		{"bytes of a constant", func(n int) string {
			return compile(fmt.Sprintf("  consts: {c: %s}\n  rules: [{id: a, effect: deny, when: user.authenticated}]\n", strings.Repeat("a", n)))
		}, 8192, "bad_constant"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.with(tt.most); got != "" {
				t.Errorf("%d: %s", tt.most, got)
			}
			if got := tt.with(tt.most + 1); got != tt.code {
				t.Errorf("%d: %q, want %s", tt.most+1, got, tt.code)
			}
		})
	}
	// The size of a compiled pattern grows in leaps.
	if got := when("has(user.id) && user.id.matches('^(a{100}){10}$')"); got != "" {
		t.Errorf("a pattern of 1000 steps: %s", got)
	}
	if got := when("has(user.id) && user.id.matches('^(a{1000}b{1000}c{1000}d{1000}e{1000})$')"); got != "bad_pattern" {
		t.Errorf("a pattern of 5000 steps: %q", got)
	}
}
