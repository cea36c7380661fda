package mapping

import (
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

const set = `
apiVersion: gwctl.dev/v1
kind: Schema
metadata: {name: shop}
spec:
  user:
    plan: {type: string, optional: true}
    level: {type: int, min: 0, max: 9, optional: true}
    score: {type: double, optional: true}
    since: {type: timestamp, optional: true}
    ttl: {type: duration, optional: true}
    home: {type: ip, optional: true}
    flag: {type: bool, optional: true}
    tags: {type: list(string), optional: true}
    labels: {type: "map(string, string)", optional: true}
    looked_up: {type: string, optional: true, from: [source]}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: order}
spec: {actions: {read: {}}}
`

func compiled(t testing.TB) *engine.Set {
	t.Helper()
	src, found := policy.Load([]policy.File{{Path: "set.yaml", Data: []byte(set)}})
	if found.HasErrors() {
		t.Fatal(found)
	}
	s, found := engine.Compile(src)
	if found.HasErrors() {
		t.Fatal(found)
	}
	return s
}

// expressions reads "attribute: CEL" lines with their places.
func expressions(t testing.TB, lines ...string) []Expression {
	t.Helper()
	if len(lines) == 0 {
		return nil
	}
	docs, found := document.Parse("gwctl.yaml", []byte(strings.Join(lines, "\n")+"\n"))
	if found.HasErrors() {
		t.Fatal(found)
	}
	var w document.Walker
	var out []Expression
	for _, e := range w.Object(docs[0], "attributes").Entries() {
		out = append(out, Expression{Attribute: e.Key, Expr: w.Text(e.Value, e.Key.Value())})
	}
	return out
}

// apply maps claims of an authenticated user and shows the attributes that
// came of it, sorted: name=JSON, or name!state.
func apply(t testing.TB, claims string, lines ...string) string {
	t.Helper()
	s := compiled(t)
	m, found := New(s, expressions(t, lines...))
	if len(found) > 0 {
		t.Fatal(found)
	}
	in, err := slot.ParseJSON([]byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	r := s.DirectRequest("order", "read")
	r.Authenticate(engine.Principal{Method: "jwt", Issuer: "https://idp.example", Type: "service"})
	_ = m.Apply(r, in) // what it leaves behind is looked at here; TestRefusedClaims looks at the error
	var out []string
	for _, name := range s.UserAttributes() {
		i, _ := r.Values().Layout().Lookup(slot.User, name)
		switch v, state := r.Values().Get(i); {
		case state == slot.Present && r.Values().From(i) == slot.Credential:
			out = append(out, name+"="+string(v.AppendJSON(nil)))
		case state != slot.Present && state != slot.Absent:
			out = append(out, name+"!"+state.String())
		}
	}
	for i, want := range map[slot.Index]string{slot.UserMethod: "jwt", slot.UserIssuer: "https://idp.example", slot.UserType: "service", slot.UserAuthenticated: "true"} {
		if v, _ := r.Values().Get(i); v.Text() != want {
			t.Errorf("claims %s: slot %d is %q, want %q: no claim may change it", claims, i, v.Text(), want)
		}
	}
	return strings.Join(out, " ")
}

// A prefix goes before an id, and only before one.
func TestIDPrefix(t *testing.T) {
	s := compiled(t)
	plain, found := New(s, nil)
	if len(found) > 0 {
		t.Fatal(found)
	}
	for claims, want := range map[string]string{
		`{"sub":"alice"}`: "partner:alice",
		`{"sub":""}`:      "", // no user of the name "partner:"
		`{}`:              "",
		`{"sub":42}`:      "",
	} {
		for prefix, want := range map[string]string{"partner:": want, "": strings.TrimPrefix(want, "partner:")} {
			in, err := slot.ParseJSON([]byte(claims))
			if err != nil {
				t.Fatal(err)
			}
			r := s.DirectRequest("order", "read")
			r.Authenticate(engine.Principal{Method: "jwt"})
			if err := plain.WithIDPrefix(prefix).Apply(r, in); err != nil {
				t.Fatal(err)
			}
			if v, state := r.Values().Get(slot.UserID); v.Str() != want || (state == slot.Present) != (want != "") {
				t.Errorf("%s with prefix %q gives id %q, %v", claims, prefix, v.Str(), state)
			}
		}
	}
}

func TestDefaults(t *testing.T) {
	for claims, want := range map[string]string{
		`{}`:                             "",
		`{"sub":"alice"}`:                `id="alice"`,
		`{"id":"alice"}`:                 "", // id comes from sub
		`{"sub":""}`:                     "", // an empty text is absent
		`{"sub":null}`:                   "",
		`{"sub":42}`:                     "id!invalid",
		`{"sub":["alice"]}`:              "id!invalid",
		`{"tenant":"acme"}`:              `tenant="acme"`,
		`{"tid":"acme"}`:                 `tenant="acme"`,
		`{"tenant_id":"acme","tid":""}`:  `tenant="acme"`,
		`{"tenant_id":"a","tid":"b"}`:    "tenant!conflict",
		`{"roles":["admin","ops"]}`:      `roles=["admin","ops"]`,
		`{"roles":"admin"}`:              `roles=["admin"]`,
		`{"roles":"admin ops"}`:          `roles=["admin ops"]`,
		`{"roles":""}`:                   "",
		`{"roles":[]}`:                   "roles=[]",
		`{"roles":7}`:                    "roles!invalid",
		`{"roles":[7]}`:                  "roles!invalid",
		`{"roles":{"a":"b"}}`:            "roles!invalid",
		`{"roles":true}`:                 "roles!invalid",
		`{"groups":"g"}`:                 `groups=["g"]`,
		`{"groups":null}`:                "",
		`{"groups":["g",null]}`:          "groups!invalid",
		`{"groups":[["g"]]}`:             "groups!invalid",
		`{"tenant":7}`:                   "tenant!invalid",
		`{"tenant":["acme"]}`:            "tenant!invalid",
		`{"tenant":null,"tid":"acme"}`:   `tenant="acme"`,
		`{"scope":["a b"]}`:              `scopes=["a b"]`, // a list is taken as it is
		`{"level":3e0}`:                  "level!invalid",
		`{"level":-1}`:                   "level!invalid",
		`{"level":99999999999999999999}`: "level!invalid",
		`{"level":null}`:                 "",
		`{"labels":{"k":null}}`:          "labels!invalid",

		`{"roles":["` + strings.Repeat("r", 1024) + `"]}`:     `roles=["` + strings.Repeat("r", 1024) + `"]`,
		`{"roles":["` + strings.Repeat("r", 1025) + `"]}`:     "roles!invalid",
		`{"sub":"` + strings.Repeat("s", 1025) + `"}`:         "id!invalid",
		`{"groups":[` + strings.Repeat(`"g",`, 200) + `"g"]}`: "groups!invalid",
		`{"groups":[` + strings.Repeat(`"g",`, 199) + `"g"]}`: `groups=[` + strings.Repeat(`"g",`, 199) + `"g"]`,
		`{"scope":"a:read b:write"}`:                          `scopes=["a:read","b:write"]`,
		`{"scope":" a  b "}`:                                  `scopes=["a","b"]`,
		`{"scope":""}`:                                        "scopes=[]",
		`{"scope":5}`:                                         "scopes!invalid",
		`{"scope":"a\tb"}`:                                    `scopes=["a\tb"]`, // only a blank separates (RFC 6749 section 3.3)
		`{"scp":["a","b"]}`:                                   `scopes=["a","b"]`,
		`{"scp":"a b"}`:                                       `scopes=["a","b"]`,
		`{"scope":"a b","scp":["a","b"]}`:                     `scopes=["a","b"]`,
		`{"scope":"a","scp":["b"]}`:                           "scopes!conflict",
		`{"scopes":["admin"]}`:                                "", // no claim of that name is known
		`{"plan":"pro","level":3,"score":1.5,"flag":true,"tags":["a"],"labels":{"k":"v"}}`: `flag=true labels={"k":"v"} level=3 plan="pro" score=1.5 tags=["a"]`,
		`{"level":3.0}`:   "level!invalid",
		`{"level":"3"}`:   "level!invalid",
		`{"level":10}`:    "level!invalid",
		`{"flag":"true"}`: "flag!invalid",
		`{"tags":"a"}`:    "tags!invalid",
		`{"since":"2026-01-15T10:00:00Z","ttl":"90s","home":"192.0.2.1"}`: `home="192.0.2.1" since="2026-01-15T10:00:00Z" ttl="1m30s"`,
		`{"since":1768471200}`:    "since!invalid",
		`{"looked_up":"x"}`:       "", // from says who may answer for it
		`{"nobody_declared":"x"}`: "",
		`{"authenticated":false,"method":"none","issuer":"https://evil","type":"human","iss":"https:"}`: "",
	} {
		if got := apply(t, claims); got != want {
			t.Errorf("%s\n gives %s\n  want %s", claims, got, want)
		}
	}
}

func TestExpressions(t *testing.T) {
	for _, tt := range []struct{ line, claims, want string }{
		{"roles: claims.realm_access.roles", `{"realm_access":{"roles":["a"]}}`, `roles=["a"]`},
		{"roles: claims.realm_access.roles", `{"realm_access":{}}`, ""},
		{"roles: claims.realm_access.roles", `{}`, ""},
		{"roles: claims.realm_access.roles", `{"realm_access":null}`, ""},
		{"roles: claims.realm_access.roles", `{"realm_access":"x"}`, "roles!invalid"},
		{"roles: claims.realm_access.roles", `{"realm_access":["x"]}`, "roles!invalid"},
		{"roles: claims.realm_access.roles", `{"realm_access":{"roles":"a"},"roles":["b"]}`, `roles=["a"]`}, // an entry replaces the default
		{`plan: claims['https://idp/plan']`, `{"https://idp/plan":"pro","plan":"free"}`, `plan="pro"`},
		{`plan: claims['a'].b['c']`, `{"a":{"b":{"c":"pro"}}}`, `plan="pro"`},
		{"labels: claims.about", `{"about":{"k":"v"}}`, `labels={"k":"v"}`},
		{"labels: claims", `{"k":"v"}`, `labels={"k":"v"}`},
		{"labels: claims", `{"k":1}`, "labels!invalid"},
		{"scopes: claims.permissions", `{"permissions":"a b","scope":"c"}`, `scopes=["a","b"]`},
		{"plan: claims.a + '-' + claims.b", `{"a":"x","b":"y"}`, `plan="x-y"`},
		{"plan: claims.a + '-' + claims.b", `{"a":"x"}`, ""},
		{"plan: claims.a + '-' + claims.b", `{"a":"x","b":5}`, "plan!invalid"},
		{"plan: claims.a.b + '-'", `{"a":5}`, "plan!invalid"},
		{"plan: claims.a.b + '-'", `{"a":{}}`, ""},
		{"plan: claims.?a.orValue('free')", `{}`, `plan="free"`},
		{"plan: claims.?a", `{}`, ""},
		{"plan: claims.?a", `{"a":"pro"}`, `plan="pro"`},
		{"plan: \"has(claims.a) ? optional.of('pro') : optional.none()\"", `{}`, ""},
		{"plan: claims.email.split('@')[1]", `{"email":"a@corp.example"}`, `plan="corp.example"`},
		{"plan: claims.email.split('@')[1]", `{"email":"a"}`, "plan!invalid"},
		{"level: claims.n + 1", `{"n":2}`, "level=3"},
		{"level: claims.n + 1", `{"n":9}`, "level!invalid"},
		{"level: claims.n + 1", `{"n":"2"}`, "level!invalid"},
		{"score: claims.n / 0.0", `{"n":2.0}`, "score!invalid"},
		{"score: double(claims.n) / 4.0", `{"n":2}`, "score=0.5"},
		{"flag: claims.amr.exists(m, m == 'otp')", `{"amr":["pwd","otp"]}`, "flag=true"},
		{"flag: claims.amr.exists(m, m == 'otp')", `{}`, ""},
		{"since: timestamp(claims.at)", `{"at":"2026-01-15T11:00:00+01:00"}`, `since="2026-01-15T10:00:00Z"`},
		{"ttl: duration(claims.d)", `{"d":"90s"}`, `ttl="1m30s"`},
		{"tags: claims.a.map(x, x + '!')", `{"a":["x"]}`, `tags=["x!"]`},
		{"labels: \"{'a': claims.a}\"", `{"a":"x"}`, `labels={"a":"x"}`},
		{"plan: \"{'a': 'pro'}[claims.b]\"", `{"b":"a"}`, `plan="pro"`},
		{"plan: \"{'a': 'pro'}[claims.b]\"", `{}`, ""},
		{"plan: \"{'a': 'pro'}[claims.b]\"", `{"b":"c"}`, "plan!invalid"},
		{"plan: \"{'a': 'pro'}[claims.b.c]\"", `{}`, ""},
		{"plan: \"{'a': 'pro'}[claims.b.c]\"", `{"b":{}}`, ""},
		{"plan: \"{'a': 'pro'}[claims.b.c]\"", `{"b":{"c":"a"}}`, `plan="pro"`},
		{"plan: \"{'a': 'pro'}[?claims.b]\"", `{"b":"c"}`, ""},
		{"plan: \"{'a': 'pro'}[?claims.b]\"", `{}`, ""},
		{"plan: claims.a[claims.b]", `{"a":{"x":"pro"},"b":"x"}`, `plan="pro"`},
		{"plan: claims.a[claims.b]", `{"a":{"x":"pro"}}`, ""},
		{"plan: claims.a[claims.b]", `{"a":{"x":"pro"},"b":"y"}`, "plan!invalid"},
		{"plan: claims.a[claims.b]", `{"b":"y"}`, ""},
		{"plan: \"['pro', 'free'][claims.n]\"", `{"n":1}`, `plan="free"`},
		{"plan: \"['pro', 'free'][claims.n]\"", `{}`, ""},
		{"plan: \"['pro', 'free'][claims.n]\"", `{"n":2}`, "plan!invalid"},
		{"roles: claims.role + 's'", `{"role":"admin"}`, `roles=["admins"]`},
	} {
		if got := apply(t, tt.claims, tt.line); got != tt.want {
			t.Errorf("%s over %s\n gives %s\n  want %s", tt.line, tt.claims, got, tt.want)
		}
	}
}

// TestNewRefuses: what cannot fit the Schema is found when the process starts.
func TestNewRefuses(t *testing.T) {
	s := compiled(t)
	for _, tt := range []struct{ bad, code, at, good string }{
		{"pln: claims.plan", "undeclared_attribute", "gwctl.yaml:1:1", "plan: claims.plan"},
		{"type: claims.kind", "undeclared_attribute", "gwctl.yaml:1:1", "tenant: claims.kind"},
		{"method: claims.amr[0]", "undeclared_attribute", "gwctl.yaml:1:1", "plan: claims.amr[0]"},
		{"authenticated: 'true'", "undeclared_attribute", "gwctl.yaml:1:1", "flag: 'true'"},
		{"issuer: claims.iss", "undeclared_attribute", "gwctl.yaml:1:1", "plan: claims.iss"},
		{"plan: \"'pro' == claims.x\"", "type_mismatch", "gwctl.yaml:1:7", "flag: \"'pro' == claims.x\""},
		{"level: \"'3' + claims.x\"", "type_mismatch", "gwctl.yaml:1:8", "plan: \"'3' + claims.x\""},
		{"tags: \"['a'].map(x, 1)\"", "type_mismatch", "gwctl.yaml:1:7", "tags: \"['a'].map(x, 'b')\""},
		{"labels: \"{'a': 1}\"", "type_mismatch", "gwctl.yaml:1:9", "labels: \"{'a': 'b'}\""},
		{"plan: claims.", "mapping_invalid", "gwctl.yaml:1:13", "plan: claims.a"},
		{"plan: user.id", "mapping_invalid", "gwctl.yaml:1:7", "plan: claims.id"},
		{"plan: |\n  claims.a +\n  clams.b", "mapping_invalid", "gwctl.yaml:3:3", "plan: |\n  claims.a +\n  claims.b"},
		{"plan: now()", "mapping_invalid", "gwctl.yaml:1:7", "plan: claims.now"},
	} {
		_, found := New(s, expressions(t, tt.bad))
		if len(found) != 1 || found[0].Code != tt.code || !strings.HasPrefix(found[0].String(), tt.at+":") {
			t.Errorf("%q: %v, want %s at %s", tt.bad, found, tt.code, tt.at)
		}
		if _, found := New(s, expressions(t, tt.good)); len(found) > 0 {
			t.Errorf("%q: %v", tt.good, found)
		}
	}
}

// Claims that the mapping cannot use refuse the credential; a value that only
// breaks its attribute's type does not.
func TestRefusedClaims(t *testing.T) {
	tests := []struct {
		line, claims string
		refused      bool
	}{
		{"roles: claims.realm_access.roles", `{"realm_access":"x"}`, true},
		{"roles: claims.realm_access.roles", `{"realm_access":{"roles":["a"]}}`, false},
		{"roles: claims.realm_access.roles", `{}`, false},
		{"plan: claims.email.split('@')[1]", `{"email":"a"}`, true},
		{"plan: claims.email.split('@')[1]", `{"email":"a@b"}`, false},
		{"plan: claims.email.split('@')[1]", `{}`, false},
		{"level: claims.n", `{"n":"three"}`, false},
		{"", `{"tenant_id":"acme","tid":"evil"}`, true},
		{"", `{"tenant_id":"acme","tid":"acme"}`, false},
	}
	s := compiled(t)
	for _, tt := range tests {
		var lines []string
		if tt.line != "" {
			lines = []string{tt.line}
		}
		m, found := New(s, expressions(t, lines...))
		if len(found) > 0 {
			t.Fatal(found)
		}
		in, err := slot.ParseJSON([]byte(tt.claims))
		if err != nil {
			t.Fatal(err)
		}
		r := s.DirectRequest("order", "read")
		r.Authenticate(engine.Principal{Method: "jwt", Type: "human"})
		if err := m.Apply(r, in); (err != nil) != tt.refused {
			t.Errorf("%s over %s: %v, want refused %t", tt.line, tt.claims, err, tt.refused)
		}
	}
}
