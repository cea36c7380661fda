package sidecar_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar"
)

const forwardAuth = `    forward_auth: {address: "127.0.0.1:0", dialect: traefik, trusted_proxies: [127.0.0.1/32]}`

// asks sends one carrier to the forward-auth door.
func (r *rig) asks(line string, headers ...string) answer {
	r.Helper()
	method, target, _ := strings.Cut(line, " ")
	c := r.dialTo(r.car.ForwardAuthAddr())
	defer c.Close()
	c.write(original{method: method, target: target, host: "app.test", headers: headers}.carried("traefik"))
	return c.read(false)
}

// Both doors of a process decide by the same policies, also after a reload: a
// header that a rule sets from now on is answered from now on.
func TestForwardAuthReload(t *testing.T) {
	r := start(t, setup{listeners: forwardAuth})
	user := bearer(r.user(`{"roles":["customer"]}`))
	got := r.asks("GET /items/7", user)
	if _, ok := got.header["X-Stock"]; got.status != http.StatusOK || got.header.Get("X-User-Id") != "alice" || ok {
		t.Errorf("answer %s", got.raw)
	}
	if got := r.asks("GET /admin/x", user); got.status != http.StatusForbidden || got.code(t) != "no_matching_rule" {
		t.Errorf("answer %s", got.raw)
	}
	const reads = "when: user.authenticated && env.region == 'eu'}"
	r.reload(record.Reload{}, func() {
		r.write("policies/set.yaml", strings.Replace(policies, reads, reads[:len(reads)-1]+`, obligations: {set_headers: {X-Stock: "'low'"}}}`, 1))
	})
	if got := r.asks("GET /items/7", user, "X_Stock: high"); got.header.Get("X-Stock") != "low" {
		t.Errorf("answer %s", got.raw)
	}
	if got := r.asks("GET /public/x", "X-Stock: high"); got.status != http.StatusOK || len(got.header["X-Stock"]) != 1 || got.header.Get("X-Stock") != "" {
		t.Errorf("answer %s", got.raw)
	}
	// The listener itself stays as it began.
	r.reload(record.Reload{Error: "needs_restart"}, func() { r.write("gwctl.yaml", strings.Replace(r.config(), "traefik", "nginx", 1)) })
	r.says("listeners.forward_auth")
	if got := r.asks("GET /items/7", user); got.status != http.StatusOK {
		t.Errorf("answer %s", got.raw)
	}
	r.stopReloads()
}

// Names that are set anew are answered, and those that they replace are
// answered empty: a proxy that copies them takes away what the client sent.
func TestForwardAuthNames(t *testing.T) {
	r := start(t, setup{listeners: forwardAuth, propagate: `{claims: [plan], roles: ["shop:"], headers: {user_id: X-Forwarded-User, roles: X-Groups}}`})
	user := bearer(r.user(`{"roles":["customer","shop:ops"],"tenant":"acme","plan":"pro"}`))
	got := r.asks("GET /items/7", user, "X-Groups: root", "x_groups: root", "X-User-ID: root", "X-Forwarded-User: root")
	for name, want := range map[string]string{
		"X-Forwarded-User": "alice", "X-Groups": "shop:ops", "X-Tenant-Id": "acme", "X-Auth-Claims": "eyJwbGFuIjoicHJvIn0", "X-User-Id": "", "X-User-Roles": "", "X-Seen-By": "", "X-Refund-Limit": "",
	} {
		if values := got.header[name]; len(values) != 1 || values[0] != want {
			t.Errorf("%s is %q, want %q: %s", name, values, want, got.raw)
		}
	}
	for name, values := range r.asks("GET /public/x", "X-Groups: root", "X-Forwarded-User: root").header {
		if strings.HasPrefix(name, "X-") && name != "X-Request-Id" && (len(values) != 1 || values[0] != "") {
			t.Errorf("%s is %q for nobody", name, values)
		}
	}
	r.stop()
}

// While the process drains it answers, and closes the proxy's connections.
func TestForwardAuthDrain(t *testing.T) {
	t.Parallel() // it mostly waits
	r := start(t, setup{listeners: forwardAuth, drain: "{delay: 1s, timeout: 5s}"})
	if got := r.asks("GET /public/x"); got.status != http.StatusOK || got.closes {
		t.Errorf("before the drain: %s", got.raw)
	}
	r.draining()
	for line, status := range map[string]int{"GET /public/x": http.StatusOK, "GET /admin/x": http.StatusUnauthorized, "GET /a/../b": http.StatusBadRequest} {
		if got := r.asks(line); got.status != status || !got.closes {
			t.Errorf("%s: answer %s", line, got.raw)
		}
	}
	r.stop()
	if c, err := net.Dial("tcp", r.car.ForwardAuthAddr().String()); err == nil {
		_ = c.Close()
		t.Error("the door is still open")
	}
}

// A process may have this door alone.
func TestForwardAuthAlone(t *testing.T) {
	dir, text := minimal(t)
	begin, rest, _ := strings.Cut(text, "  listeners:")
	_, rest, _ = strings.Cut(rest, "\n")
	cfg := read(t, dir, begin+"  listeners:\n"+forwardAuth+"\n"+rest)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var out buffer
	car, err := sidecar.New(ctx, options(cfg, &out))
	if err != nil {
		t.Fatal(err)
	}
	if car.Addr() != nil || car.ForwardAuthAddr() == nil {
		t.Errorf("the proxy listens on %v, the other door on %v", car.Addr(), car.ForwardAuthAddr())
	}
	taken := car.ForwardAuthAddr().String()
	if _, err := sidecar.New(ctx, options(read(t, dir, strings.Replace(begin+"  listeners:\n"+forwardAuth+"\n"+rest, "127.0.0.1:0", taken, 1)), &out)); err == nil || !strings.Contains(err.Error(), "opening the forward-auth listener") {
		t.Errorf("New: %v", err)
	}
	cancel()
	if err := car.Run(ctx); err != nil {
		t.Errorf("Run: %v", err)
	}
}
