package engine

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gwctl/gwctl/engine/slot"
)

// Who may say what without being named: the credential about users, path,
// source and directory about resources, the caller about actions and the
// Sidecar about the environment. What anyone else says is dropped and counted.
func TestDefaultProviders(t *testing.T) {
	const text = `apiVersion: gwctl.dev/v1
kind: Schema
metadata: {name: s}
spec:
  user: {plan: {type: string, optional: true}, rank: {type: string, optional: true, from: [caller]}}
  env: {region: {type: string, optional: true}}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: order}
spec:
  actions: {read: {attributes: {view: {type: string, optional: true}}}}
  attributes: {tenant: {type: string, optional: true}, owner: {type: string, optional: true, from: [source]}}
`
	set := compile(t, text, policyOf("p", allowAll))
	providers := map[string]slot.Provider{"credential": slot.Credential, "path": slot.Path, "source": slot.Source, "directory": slot.Directory, "caller": slot.Caller, "config": slot.Config}
	for _, tt := range []struct {
		root slot.Root
		name string
		from []string
	}{
		{slot.User, "plan", []string{"credential"}},
		{slot.User, "rank", []string{"caller"}},
		{slot.User, "roles", []string{"credential"}},
		{slot.User, "scopes", []string{"credential"}},
		{slot.User, "groups", []string{"credential"}},
		{slot.User, "tenant", []string{"credential"}},
		{slot.Resource, "tenant", []string{"path", "source", "directory"}},
		{slot.Resource, "owner", []string{"source"}},
		{slot.Action, "view", []string{"caller"}},
		{slot.Env, "region", []string{"config"}},
	} {
		for name, p := range providers {
			r := set.DirectRequest("order", "read")
			r.Authenticate(Principal{Method: "jwt", Type: "human"})
			in := slot.Quoted("x")
			if tt.name == "roles" || tt.name == "scopes" || tt.name == "groups" {
				in = slot.Strings([]string{"x"})
			}
			r.Supply(p, tt.root, tt.name, in)
			full := fmt.Sprintf("%s.%s", tt.root, tt.name)
			i, _ := r.Values().Layout().Lookup(tt.root, tt.name)
			v, _ := r.Values().Get(i)
			took := v.Str() == "x" || len(v.Items()) == 1
			if want := slices.Contains(tt.from, name); took != want || (r.Values().Dropped() == 1) == want {
				t.Errorf("%s from %s: taken %t, %d dropped, want taken %t", full, name, took, r.Values().Dropped(), want)
			}
		}
	}
}

// A body never fills resource.*, whatever its fields are called.
func TestBodyFillsNoResource(t *testing.T) {
	const text = `apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: order}
spec:
  actions: {read: {}}
  attributes: {owner: {type: string, optional: true}, tenant: {type: string, optional: true}}
  routes: [{route: "POST /orders", action: read, body: {type: json, fields: {owner: {type: string}, tenant: {type: string, optional: true}}}}]
`
	set := compile(t, text, policyOf("p", `id: r, effect: allow, actions: [read], transports: [http], when: "has(resource.owner) || has(resource.tenant) || has(resource.id)"`))
	r := alice(asks(set, "POST /orders"))
	if err := r.Body([]byte(`{"owner":"alice","tenant":"acme","id":"1"}`)); err != nil {
		t.Fatal(err)
	}
	if got := short(set.Decide(r)); got != "deny no_matching_rule 403" {
		t.Error(got)
	}
	if got := shown(r, "resource.owner", "resource.tenant", "resource.id"); got != "absent absent absent" || !r.Values().HasBody() {
		t.Error(got)
	}
}
