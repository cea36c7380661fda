package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// loadOne gives the codes of what is wrong with a document.
func loadOne(kind, name, spec string) string {
	text := "apiVersion: gwctl.dev/v1\nkind: " + kind + "\nmetadata: {name: " + name + "}\nspec: " + spec + "\n"
	_, found := Load([]File{{"f.yaml", []byte(text)}})
	var out []string
	for _, d := range found {
		out = append(out, d.Code)
	}
	return strings.Join(out, " ")
}

func TestNames(t *testing.T) {
	long := strings.Repeat("a", maxName)
	places := map[string]func(string) string{
		"document": func(n string) string { return loadOne("Directory", n, "{}") },
		"action":   func(n string) string { return loadOne("Resource", "r", "{actions: {"+n+": {}}}") },
		"rule": func(n string) string {
			return loadOne("Policy", "p", "{resources: [r], rules: [{id: "+n+", effect: deny}]}")
		},
	}
	for place, load := range places {
		for _, n := range []string{"a", "orders", "a-b", "a1", "a--", "null-", "x-509", long} {
			if got := load(strconv.Quote(n)); got != "" {
				t.Errorf("%s %q: %s", place, n, got)
			}
		}
		for _, n := range []string{"A", "1a", "-a", "a_b", "a.b", "a b", "a/b", "ä", "aA", "a\n", "a\x00", "*", "а", long + "a"} {
			if got := load(strconv.Quote(n)); got != "bad_name" {
				t.Errorf("%s %q: %q, want bad_name", place, n, got)
			}
		}
	}
}

func TestIdents(t *testing.T) {
	long := strings.Repeat("a", maxName)
	places := map[string]func(string) string{
		"user attribute": func(n string) string { return loadOne("Schema", "s", "{user: {"+n+": {type: int}}}") },
		"env attribute":  func(n string) string { return loadOne("Schema", "s", "{env: {"+n+": {type: int}}}") },
		"resource attribute": func(n string) string {
			return loadOne("Resource", "r", "{actions: {a: {}}, attributes: {"+n+": {type: int}}}")
		},
		"constant": func(n string) string {
			return loadOne("Policy", "p", "{resources: [r], consts: {"+n+": 1}, rules: [{id: a, effect: deny}]}")
		},
		"variable": func(n string) string {
			return loadOne("Policy", "p", "{resources: [r], vars: {"+n+": \"1\"}, rules: [{id: a, effect: deny}]}")
		},
	}
	for place, load := range places {
		for _, n := range []string{"a", "_", "_a", "a_b", "a1", "nulls", "in_", "yes", long} {
			if got := load(strconv.Quote(n)); got != "" {
				t.Errorf("%s %q: %s", place, n, got)
			}
		}
		words := append([]string{"A", "1a", "a-b", "a.b", "a b", "ä", "a\n", long + "a"}, celWords...)
		for _, n := range words {
			if got := load(strconv.Quote(n)); got != "bad_name" {
				t.Errorf("%s %q: %q, want bad_name", place, n, got)
			}
		}
	}
}

func TestReasonCodes(t *testing.T) {
	load := func(code string) string {
		return loadOne("Policy", "p", "{resources: [r], rules: [{id: a, effect: deny, reason: {code: "+strconv.Quote(code)+"}}]}")
	}
	for _, code := range reservedCodes {
		if got := load(code); got != "bad_reason" {
			t.Errorf("%s: %q, want bad_reason", code, got)
		}
		if got := load("my_" + code); got != "" {
			t.Errorf("my_%s: %s", code, got)
		}
	}
	for _, code := range []string{"Embargo", "embargo-1", "1a", "_a", "a b", "ä", "a\n", strings.Repeat("a", 65)} {
		if got := load(code); got != "bad_reason" {
			t.Errorf("%q: %q, want bad_reason", code, got)
		}
	}
	if got := load(strings.Repeat("a", 64)); got != "" {
		t.Errorf("64 letters: %s", got)
	}
	sorted := slices.Clone(reservedCodes)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) != len(reservedCodes) {
		t.Error("a reserved code stands twice")
	}
}

func TestReasonStatus(t *testing.T) {
	allowed := []int{402, 403, 404, 409, 422, 423, 428, 429, 451}
	for status := 100; status < 600; status++ {
		got := loadOne("Policy", "p", fmt.Sprintf("{resources: [r], rules: [{id: a, effect: deny, reason: {code: c, status: %d}}]}", status))
		want := "bad_reason"
		if slices.Contains(allowed, status) {
			want = ""
		}
		if got != want {
			t.Errorf("status %d: %q, want %q", status, got, want)
		}
	}
}
