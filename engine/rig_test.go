package engine

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

// shop is the Schema and Resource that most tests here decide over.
const shop = `
apiVersion: gwctl.dev/v1
kind: Schema
metadata: {name: shop}
spec:
  user:
    plan: {type: string, enum: [free, pro], for: [human]}
    country: {type: string, optional: true}
    level: {type: int, min: 0, optional: true}
    a: {type: bool, optional: true}
    b: {type: bool, optional: true}
    c: {type: bool, optional: true}
    labels: {type: "map(string, string)", optional: true}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: order}
spec:
  actions: {read: {}, list: {}, delete: {}}
  attributes:
    tenant: {type: string, from: [path, source]}
    owner: {type: string, optional: true}
    number: {type: int, optional: true, from: [path, source]}
    rest: {type: string, optional: true, from: [path]}
    many: {type: list(int), optional: true, from: [path]}
  routes:
    - {route: "GET /orders/{id}", action: read}
    - {route: "DELETE /orders/{id}", action: delete}
    - {route: "GET /tenants/{tenant}/{number}", action: list}
    - {route: "GET /files/{rest...}", action: list}
`

// policyOf writes a Policy in short: its name and its rules in flow style.
func policyOf(name string, rules ...string) string {
	return guard(name, "[order]", rules...)
}

func guard(name, resources string, rules ...string) string {
	out := "apiVersion: gwctl.dev/v1\nkind: Policy\nmetadata: {name: " + name + "}\nspec:\n  resources: " + resources + "\n"
	var list []string
	for _, r := range rules {
		if strings.HasPrefix(r, "vars:") || strings.HasPrefix(r, "consts:") {
			out += "  " + r + "\n"
			continue
		}
		list = append(list, "    - {"+r+"}\n")
	}
	return out + "  rules:\n" + strings.Join(list, "")
}

func load(t testing.TB, docs ...string) *policy.Set {
	t.Helper()
	src, found := policy.Load([]policy.File{{Path: "set.yaml", Data: []byte(strings.Join(docs, "\n---\n"))}})
	if found.HasErrors() {
		t.Fatalf("%v\n%s", found, strings.Join(docs, "\n---\n"))
	}
	return src
}

func compile(t testing.TB, docs ...string) *Set {
	t.Helper()
	set, found := Compile(load(t, docs...))
	if found.HasErrors() || set == nil {
		t.Fatalf("%v\n%s", found, strings.Join(docs, "\n---\n"))
	}
	return set
}

// unguarded compiles rules that can fail, which Compile keeps out.
func unguarded(t testing.TB, docs ...string) *Set {
	t.Helper()
	lib, err := celenv.NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	c := newCompiler(load(t, docs...), lib)
	c.unguarded = true
	set, found := c.compile()
	if found.HasErrors() || set == nil {
		t.Fatalf("%v\n%s", found, strings.Join(docs, "\n---\n"))
	}
	return set
}

// shopSet compiles the shop with policies, whose rules may fail.
func shopSet(t testing.TB, policies ...string) *Set {
	t.Helper()
	return unguarded(t, append([]string{shop}, policies...)...)
}

// alice is an ordinary authenticated user.
func alice(r *Request) *Request {
	r.Authenticate(Principal{Method: "jwt", Issuer: "https://idp.example", Type: "human"})
	for name, text := range map[string]string{"id": "alice", "plan": "pro", "tenant": "acme"} {
		r.Supply(slot.Credential, slot.User, name, slot.Quoted(text))
	}
	r.Supply(slot.Credential, slot.User, "roles", slot.Strings([]string{"customer"}))
	r.Supply(slot.Credential, slot.User, "scopes", slot.Strings([]string{"orders:read"}))
	r.SetTime(time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC))
	return r
}

// asks is a request over HTTP.
func asks(s *Set, line string) *Request {
	method, path, _ := strings.Cut(line, " ")
	h := HTTP{ID: "1", Method: method, Scheme: "https", Host: "shop.example", Path: path, Query: map[string][]string{}, Headers: map[string][]string{}}
	if trimmed := strings.Trim(path, "/"); trimmed != "" {
		h.Segments = strings.Split(trimmed, "/")
	}
	return s.HTTPRequest(h)
}

var errBroken = errors.New("time-out")

// give binds "user.a=true" and the like; "user.a=?" is a provider that failed.
func give(r *Request, given ...string) *Request {
	for _, g := range given {
		name, text, _ := strings.Cut(g, "=")
		root, attr, _ := strings.Cut(name, ".")
		at, from := slot.User, slot.Credential
		if root == "resource" {
			at, from = slot.Resource, slot.Source
		}
		if text == "?" {
			r.Fail(at, attr, errBroken)
			continue
		}
		r.Supply(from, at, attr, slot.Plain(text))
	}
	return r
}

// short writes what matters of a decision in one line.
func short(d Decision) string {
	out := fmt.Sprintf("%s %s %d", d.Effect, d.Reason, d.Status)
	if !d.Rule.IsZero() {
		out += " by " + d.Rule.String()
	}
	if d.Attribute != "" {
		out += " about " + d.Attribute
	}
	if len(d.Scopes) > 0 {
		out += " wants " + strings.Join(d.Scopes, ",")
	}
	if d.Message != "" {
		out += fmt.Sprintf(" %q", d.Message)
	}
	var matched []string
	for _, m := range d.Matched {
		matched = append(matched, m.String())
	}
	if len(matched) > 0 && !slices.Equal(matched, []string{d.Rule.String()}) {
		out += " matched " + strings.Join(matched, ",")
	}
	for _, e := range d.Errors {
		out += fmt.Sprintf(" error %s:%s", e.Rule, e.Code)
	}
	if (d.Effect == Allow) != (d.HTTPStatus() == http.StatusOK) {
		out += " CONTRADICTORY"
	}
	return out
}
