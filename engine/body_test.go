package engine

import (
	"errors"
	"testing"
)

const bodied = `apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: order}
spec:
  actions: {create: {}, call: {}}
  routes:
    - {route: "POST /orders", action: create, body: {type: json, fields: {price: {type: double, optional: true}, tasks: {type: string, optional: true}, buyer: {type: object, optional: true, fields: {tier: {type: string, optional: true}}}}}}
    - {route: "POST /rpc", action: {body: method, map: {c: call}}, body: {type: json, fields: {note: {type: string, optional: true}}}}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: p}
spec:
  resources: [order]
  rules:
    - {id: all, effect: allow, anonymous: true, actions: ["*"]}
    - {id: dear, effect: deny, transports: [http], when: "has(request.body.price) && request.body.price > 10.0"}
`

// TestBodyCaseVariants: a declared field in another case would slip past the
// rules and still be read by an upstream whose decoder does not mind.
func TestBodyCaseVariants(t *testing.T) {
	set := compile(t, bodied)
	const ok, refused = "allow allowed 200 by p/all", "deny body_invalid 400"
	for _, tt := range []struct{ path, body, want string }{
		{"POST /orders", `{"price": 1}`, ok},
		{"POST /orders", `{"Price": 11}`, refused},
		{"POST /orders", `{"price": 1, "PRICE": 11}`, refused},
		{"POST /orders", `{"prices": 11}`, ok},
		{"POST /orders", `{"taſks": "x"}`, refused},      // the long s
		{"POST /orders", `{"tas\u212as": "x"}`, refused}, // the Kelvin sign
		{"POST /orders", `{"tasks": "x"}`, ok},
		{"POST /orders", `{"buyer": {"Tier": "x"}}`, refused},
		{"POST /orders", `{"buyer": {"tier": "x", "Other": 1}}`, ok},
		{"POST /rpc", `{"method": "c"}`, ok},
		{"POST /rpc", `{"method": "c", "Method": "d"}`, refused},
		{"POST /rpc", `{"Method": "c"}`, refused},
	} {
		r := asks(set, tt.path)
		if err := r.Body([]byte(tt.body)); (err != nil) != (tt.want == refused) || err != nil && !errors.Is(err, ErrBodyInvalid) {
			t.Errorf("%s: %v", tt.body, err)
		}
		if got := short(set.Decide(r)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.body, got, tt.want)
		}
	}
}
