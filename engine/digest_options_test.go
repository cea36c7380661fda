package engine

import (
	"fmt"
	"strings"
	"testing"
)

// optioned is a set that says everything the digest must cover beside what
// digested says.
const optioned = `
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: order}
spec:
  actions: {read: {}, list: {attributes: {soft: {type: bool, optional: true}}}, call: {}, grant: {}}
  attributes:
    tenant: {type: string, optional: true}
    address: {type: object, optional: true, fields: {city: {type: string, maxLength: 80}, geo: {type: object, optional: true, fields: {lat: {type: double}}}}}
  hosts: [api.example.com, "{tenant}.example.org"]
  routes:
    - {route: "GET /orders/{id}", action: read, cors: {origins: ["https://a.example", "https://b.example"], headers: [X-A], expose: [X-Total], credentials: false, max_age: 60}}
    - {route: "POST /orders/{id}", action: grant, body: {type: json, maxBytes: 1024, fields: {amount: {type: double, min: 0}, lines: {type: list(string), maxItems: 3, optional: true}}}}
    - {route: "POST /rpc", action: {body: method, map: {"orders/call": call, "orders/list": list}}}
    - {route: "GET /live/{id}", action: read, websocket: false, encoded_slash: reject, empty_segments: reject, path_params: reject}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: page}
spec:
  actions: {read: {}}
  routes:
    - {route: "GET www.example.com/pages", action: read}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: note}
spec: {actions: {read: {}}, attributes: {tenant: {type: string, optional: true}}}
---
apiVersion: gwctl.dev/v1
kind: Library
metadata: {name: common}
spec:
  consts: {limit: 5}
  vars: {known: user.authenticated}
---
apiVersion: gwctl.dev/v1
kind: Library
metadata: {name: unread}
spec:
  consts: {limit: 6}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: p}
spec:
  resources: [order]
  imports: [common]
  vars: {mine: common.known && common.limit > 3}
  rules:
    - {id: r1, effect: allow, actions: [read], when: vars.mine, obligations: {set_headers: {X-View: "'own'", X-Size: "'1'"}}}
    - {id: r2, effect: deny, when: "user.id == 'x'", reason: {code: old, status: 401, challenge: {error: insufficient_user_authentication, acr_values: [gold, silver], max_age: 300}}}
    - {id: r3, effect: deny, mode: shadow, until: 2026-06-30, when: "user.id == 'y'"}
    - {id: r4, effect: deny, transports: [http], when: "user.id == 'z'"}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: guard}
spec:
  resources: ["*"]
  without: [page]
  rules: [{id: closed, effect: deny, when: "has(resource.tenant) && resource.tenant == 'shut'"}]
`

// TestDigestOfOptions: hosts, bodies, libraries, obligations and the like
// decide, too.
func TestDigestOfOptions(t *testing.T) {
	seen := map[string]string{compile(t, optioned).Digest(): "the set as it is"}
	for _, tt := range [][2]string{
		{"[api.example.com,", "[api2.example.com,"}, {"[api.example.com, ", "["}, {`  hosts: [api.example.com, "{tenant}.example.org"]` + "\n", ""}, {"{tenant}.example.org", "{tenant}.example.net"},
		{"www.example.com/pages", "web.example.com/pages"}, {"www.example.com/pages", "/pages"},
		{"maxBytes: 1024", "maxBytes: 1025"}, {"maxBytes: 1024, ", ""}, {"amount: {type: double,", "amount: {type: int,"}, {"amount: {", "sum: {"}, {"min: 0}", "min: 1}"}, {"min: 0}", "max: 0}"},
		{"min: 0}", "min: 0, optional: true}"}, {"maxItems: 3", "maxItems: 4"}, {"lines: {type: list(string), maxItems: 3,", "lines: {type: list(string), maxLength: 3,"},
		{"amount: {type: double, min: 0}, ", ""}, {", body: {type: json, maxBytes: 1024, fields: {amount: {type: double, min: 0}, lines: {type: list(string), maxItems: 3, optional: true}}}", ""},
		{"{body: method,", "{body: name,"}, {`"orders/call": call`, `"orders/calls": call`}, {`"orders/call": call`, `"orders/call": grant`}, {`"orders/call": call, `, ""},
		{`{body: method, map: {"orders/call": call, "orders/list": list}}`, "call"},
		{", cors: {origins: [\"https://a.example\", \"https://b.example\"], headers: [X-A], expose: [X-Total], credentials: false, max_age: 60}", ""}, {"expose: [X-Total], ", ""}, {"[X-Total]", "[X-Count]"}, {`"https://a.example", `, ""}, {"https://b.example", "https://c.example"},
		{"headers: [X-A]", "headers: [X-B]"}, {"credentials: false", "credentials: true"}, {"max_age: 60", "max_age: 61"},
		{"websocket: false", "websocket: true"}, {"encoded_slash: reject", "encoded_slash: keep"}, {"empty_segments: reject", "empty_segments: keep"}, {"path_params: reject", "path_params: keep"},
		{"city: {type: string, maxLength: 80}", "city: {type: string, maxLength: 81}"}, {"city:", "town:"}, {"city: {type: string,", "city: {type: string, optional: true,"}, {"lat: {type: double}", "lat: {type: int}"},
		{"lat: {type: double}", "lat: {type: double}, lon: {type: double}"}, {"lat: {type: double}", "lat: {type: double, min: -90}"}, {"soft: {type: bool,", "soft: {type: string,"}, {"soft:", "hard:"},
		{"list: {attributes: {soft: {type: bool, optional: true}}}", "list: {}"},
		{"consts: {limit: 5}", "consts: {limit: 4}"}, {"consts: {limit: 5}", "consts: {limit: 5, more: 1}"}, {"known: user.authenticated", "known: '!user.authenticated'"}, {"known: user.authenticated", "known: user.authenticated, other: user.authenticated"},
		{"imports: [common]", "imports: [common, unread]"},
		{"X-View: \"'own'\"", "X-View: \"'all'\""}, {"X-View:", "X-Look:"}, {"X-View: \"'own'\", ", ""}, {", obligations: {set_headers: {X-View: \"'own'\", X-Size: \"'1'\"}}", ""},
		{"mode: shadow, until: 2026-06-30, ", ""}, {"until: 2026-06-30", "until: 2026-07-01"},
		{"transports: [http]", "transports: [authzen]"}, {"transports: [http], ", ""}, {"  without: [page]\n  rules: [{id: closed, effect: deny, when: \"has(resource.tenant) && ", "  without: [page, order]\n  rules: [{id: closed, effect: deny, when: \"has(resource.tenant) && "},
		{"error: insufficient_user_authentication, ", ""}, {"error: insufficient_user_authentication", "error: invalid_token"}, {"[gold, silver]", "[gold]"}, {"acr_values: [gold, silver], ", ""}, {"max_age: 300", "max_age: 0"}, {", max_age: 300", ""},
		{"status: 401, challenge: {error: insufficient_user_authentication, acr_values: [gold, silver], max_age: 300}", "status: 403"},
	} {
		if !strings.Contains(optioned, tt[0]) {
			t.Fatalf("the set does not say %q", tt[0])
		}
		digest := compile(t, strings.Replace(optioned, tt[0], tt[1], 1)).Digest()
		if before, ok := seen[digest]; ok {
			t.Errorf("%q instead of %q has the digest of %s", tt[1], tt[0], before)
		}
		seen[digest] = fmt.Sprintf("%q instead of %q", tt[1], tt[0])
	}
}

// TestDigestOfSpelling: what says the same in another order or by its default
// has the same digest.
func TestDigestOfSpelling(t *testing.T) {
	want := compile(t, optioned).Digest()
	for _, tt := range [][2]string{
		{`[api.example.com, "{tenant}.example.org"]`, `["{tenant}.example.org", api.example.com]`}, {`"https://a.example", "https://b.example"`, `"https://b.example", "https://a.example"`},
		{", websocket: false, encoded_slash: reject, empty_segments: reject, path_params: reject", ""}, {"credentials: false, ", ""}, {`"orders/call": call, "orders/list": list`, `"orders/list": list, "orders/call": call`},
		{"X-View: \"'own'\", X-Size: \"'1'\"", "X-Size: \"'1'\", X-View: \"'own'\""}, {"{city: {type: string, maxLength: 80},", "{city: {maxLength: 80, type: string},"},
		{"action: grant, body", "action: {POST: grant}, body"}, {"{id: r1, effect: allow,", "{id: r1, effect: allow, transports: [authzen, http],"}, {"city: {type: string,", "city: {type: string, description: where,"},
	} {
		if !strings.Contains(optioned, tt[0]) {
			t.Fatalf("the set does not say %q", tt[0])
		}
		if got := compile(t, strings.Replace(optioned, tt[0], tt[1], 1)).Digest(); got != want {
			t.Errorf("%q instead of %q changes the digest", tt[1], tt[0])
		}
	}
}
