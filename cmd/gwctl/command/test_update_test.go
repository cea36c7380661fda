package command

import (
	"strings"
	"testing"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// headersOf reads the headers of a suite that expects them.
func headersOf(t *testing.T, mapping string) []policy.Label {
	t.Helper()
	const suite = "apiVersion: gwctl.dev/v1\nkind: TestSuite\nmetadata: {name: t}\nspec:\n  cases:\n    - {name: a, user: anonymous, request: GET /, expect: {effect: allow, headers: "
	src, found := policy.Load([]policy.File{{Path: "a_test.yaml", Data: []byte(suite + mapping + "}}\n")}})
	if len(src.Suites) != 1 || len(src.Suites[0].Cases) != 1 {
		t.Fatalf("%s: %v", mapping, found)
	}
	return src.Suites[0].Cases[0].Expect.Headers
}

// TestHeadersInBraces: what --update writes over is the mapping and nothing
// behind it, however it is spelt and whatever follows; or nothing at all.
func TestHeadersInBraces(t *testing.T) {
	for mapping, found := range map[string]bool{
		"{}": true, "{X-A: b}": true, `{X-A: it's}`: true, `{X-A: it's, X-B: 'it''s}'}`: true, `{X-A: "a\"}" , 'X-B': "\\"}`: true, `{ X-A: a"b, "X-B": '{', X-C: '}' }`: true,
		"{X-A: 7, X-B: true}": true, "{X-A: a#b}": true, "{X-A:\n      b,\n      X-B: c}": true, "{X-A: a, # it's {\n      X-B: c}": false, "{X-A: a\t# x\n      }": false,
	} {
		want := headersOf(t, mapping)
		for _, tail := range []string{"", "}}\n", ", errors: 0} # it's }\n", "}\n- {headers: {X-A: it's}}\n- 'x'}\n", " # \"\n", "}\n- {X-A: it's, X-B: \"}\"}"} {
			text := []rune("é: 1\nexpect: " + mapping + tail)
			from, to, ok := flowMapping(text, document.Position{Line: 2, Column: 9})
			ok = ok && sameHeaders(text[from:to], want)
			if ok != found || ok && string(text[from:to]) != mapping {
				t.Errorf("%s before %q: found %t, %q", mapping, tail, ok, string(text[min(from, len(text)):to]))
			}
		}
	}
	if sameHeaders([]rune("{X-A: a, X-B: b}"), headersOf(t, "{X-A: a}")) || sameHeaders([]rune("{X-A: a}"), headersOf(t, "{X-A: b}")) || sameHeaders([]rune("{X-A: a}"), headersOf(t, "{X-B: a}")) || sameHeaders([]rune("{X-A: a}\n---\nx: y"), headersOf(t, "{X-A: a}")) {
		t.Error("other headers are taken for the same")
	}
	for _, at := range []document.Position{{Line: 1, Column: 1}, {Line: 9, Column: 1}, {Line: 1, Column: 99}} {
		if _, _, ok := flowMapping([]rune("x: {}"), at); ok {
			t.Errorf("a mapping at %v", at)
		}
	}
	if _, _, ok := flowMapping([]rune("{a: {"+strings.Repeat("x", 9)), document.Position{Line: 1, Column: 1}); ok {
		t.Error("a mapping without an end")
	}
}
