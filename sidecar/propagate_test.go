package sidecar_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
)

// Each upstream learns what it may, under the names that are set, and no
// spelling of them comes from the client.
func TestPropagateByUpstream(t *testing.T) {
	shop, books, rest := newService(t, nil, nil), newService(t, nil, nil), newService(t, nil, nil)
	r := start(t, setup{
		upstreams: `[{match: "/items/{id}", url: "` + shop.URL + `", propagate: {claims: [plan], roles: ["shop:", customer]}},
      {match: "/public/{rest...}", url: "` + books.URL + `", propagate: {claims: none, roles: none}}, {match: "/{rest...}", url: "` + rest.URL + `"}]`,
		propagate: `{claims: [plan, email], headers: {user_id: X-Forwarded-User, roles: X-Groups}}`,
	})
	user := bearer(r.user(`{"roles":["customer","shop:ops","admin"],"tenant":"acme","plan":"pro","email":"a@example.com"}`))
	spoof := []string{"X-Groups: root", "x_groups: root", "X.Groups: root", "X_Forwarded_User: root", "X-User-ID: root", "X-User-Roles: root", "x-forwarded-user: root"}
	for _, tt := range []struct {
		path          string
		s             *service
		roles, claims string
	}{
		{"/items/7", shop, "customer,shop:ops", "eyJwbGFuIjoicHJvIn0"},
		{"/public/x", books, "", ""},
		{"/admin/x", rest, "customer,shop:ops,admin", "eyJwbGFuIjoicHJvIiwiZW1haWwiOiJhQGV4YW1wbGUuY29tIn0"},
	} {
		if got := r.get("GET "+tt.path, append(spoof, user)...); got.status != http.StatusOK {
			t.Fatalf("%s: answer %s", tt.path, got.raw)
		}
		h := tt.s.last.Load().Header
		if h.Get("X-Forwarded-User") != "alice" || h.Get("X-Tenant-Id") != "acme" || h.Get("X-Groups") != tt.roles || h.Get("X-Auth-Claims") != tt.claims {
			t.Errorf("%s: the service saw %v", tt.path, h)
		}
		for name, values := range h {
			if slices.Contains(values, "root") || strings.HasPrefix(name, "X-User-") {
				t.Errorf("%s: the service saw %s: %s", tt.path, name, values)
			}
		}
	}
	// What an upstream does not get need not fit into a header, and what it gets
	// must.
	odd := bearer(r.user(`{"roles":["customer","a,admin"],"tenant":"acme"}`))
	if got := r.get("GET /items/7", odd); got.status != http.StatusOK || shop.last.Load().Header.Get("X-Groups") != "customer" {
		t.Errorf("answer %s", got.raw)
	}
	odd = bearer(r.user(`{"roles":["customer","admin","shop:a,admin"],"tenant":"acme"}`))
	before := shop.asked.Load()
	if got := r.get("GET /items/7", odd); got.status != http.StatusForbidden || got.code(t) != "claim_not_representable" || shop.asked.Load() != before {
		t.Errorf("answer %s", got.raw)
	}
	// All of it changes without a restart.
	r.setup.propagate = `{claims: [plan], headers: {roles: X-Roles}}`
	r.setup.upstreams = one(shop.URL, `, propagate: {roles: [admin]}`)
	r.reload(record.Reload{}, func() { r.write("gwctl.yaml", r.config()) })
	if got := r.get("GET /items/7", user, "x_roles: root", "X-Groups: free"); got.status != http.StatusOK {
		t.Errorf("answer %s", got.raw)
	}
	if h := shop.last.Load().Header; h.Get("X-Roles") != "admin" || h.Get("X-User-Id") != "alice" || h.Get("X-Groups") != "free" {
		t.Errorf("the service saw %v", h)
	}
	r.stopReloads()
}

// The token is passed on when that is set, from then on.
func TestForwardTokenReload(t *testing.T) {
	s := newService(t, nil, nil)
	r := start(t, setup{upstreams: one(s.URL, "")})
	user := bearer(r.user(`{"roles":["customer"]}`))
	for _, spec := range []string{"", "  forward_token: true", ""} {
		if r.setup.spec != spec {
			r.setup.spec = spec
			r.reload(record.Reload{}, func() { r.write("gwctl.yaml", r.config()) })
		}
		if got := r.get("GET /items/7", user); got.status != http.StatusOK || (s.last.Load().Header.Get("Authorization") != "") != (spec != "") {
			t.Errorf("%s: answer %s", spec, got.raw)
		}
	}
	r.stopReloads()
}

// A header that an obligation sets cannot be one of the configuration's.
func TestTakenHeader(t *testing.T) {
	for header, says := range map[string]string{"X-Own": "", "x-seen-by": "both set the header X-Seen-By"} {
		dir, text := minimal(t)
		checkStart(t, dir, text+"  propagate: {headers: {roles: "+header+"}}\n", says)
		writeTo(t, dir, "key.pem", keyPEM(t, newKey(t)))
		checkStart(t, dir, text+"  assertion: {key: {file: key.pem}, issuer: gw, header: "+header+"}\n", says)
	}
}
