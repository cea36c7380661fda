package mapping

import (
	"testing"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

// The claims of an OAuth access token reach rules: lists of RFC 9068 section
// 2.2.3.1, and how the user logged in, of section 2.2.1.
func TestAccessTokenClaims(t *testing.T) {
	src, found := policy.Load([]policy.File{{Path: "set.yaml", Data: []byte(`
apiVersion: gwctl.dev/v1
kind: Schema
metadata: {name: s}
spec:
  user:
    entitlements: {type: list(string), optional: true}
    auth_time: {type: int, optional: true}
    acr: {type: string, optional: true}
    amr: {type: list(string), optional: true}
    client_id: {type: string, optional: true}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: r}
spec: {actions: {read: {}}}
`)}})
	if found.HasErrors() {
		t.Fatal(found)
	}
	set, found := engine.Compile(src)
	if found.HasErrors() {
		t.Fatal(found)
	}
	m, found := New(set, nil)
	if found.HasErrors() {
		t.Fatal(found)
	}
	in, err := slot.ParseJSON([]byte(`{"sub":"alice","scope":"a b","groups":["g"],"roles":["r","s"],"entitlements":["e"],"auth_time":1800000000,"acr":"mfa","amr":["pwd","otp"],"client_id":"shop"}`))
	if err != nil {
		t.Fatal(err)
	}
	r := set.DirectRequest("r", "read")
	r.Authenticate(engine.Principal{Method: "jwt"})
	if err := m.Apply(r, in); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"id": `"alice"`, "scopes": `["a","b"]`, "groups": `["g"]`, "roles": `["r","s"]`, "entitlements": `["e"]`,
		"auth_time": "1800000000", "acr": `"mfa"`, "amr": `["pwd","otp"]`, "client_id": `"shop"`,
	} {
		i, ok := r.Values().Layout().Lookup(slot.User, name)
		if v, state := r.Values().Get(i); !ok || state != slot.Present || string(v.AppendJSON(nil)) != want {
			t.Errorf("user.%s is %s (%v), want %s", name, v.AppendJSON(nil), state, want)
		}
	}
}
