package sidecar_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/record"
)

const stepUpConfig = `apiVersion: gwctl.dev/v1
kind: Sidecar
metadata: {name: bank}
spec:
  policies: {dir: policies}
  listeners:
    proxy: {address: "127.0.0.1:0", upstreams: [{match: "/{rest...}", url: "http://%s"}]}
    forward_auth: {address: "127.0.0.1:0", dialect: %s, trusted_proxies: [127.0.0.1/32]}
    health: {address: "127.0.0.1:0"}
  drain: {delay: 0s}
  authn:
    - jwt: {issuer: "%s", audiences: [%s]}
  resource_metadata:
    - {resource: "https://app.test"}
`

// The recipe of a second factor (RFC 9470), at every door: who logged in weakly,
// or too long ago, is told what to ask the provider for; the same token with
// a stronger log-in passes. Bad tokens, missing scopes and missing tokens have the
// codes of RFC 6750, and every challenge points to the metadata (RFC 9728).
func TestStepUpRecipe(t *testing.T) {
	const (
		bearerRealm = `Bearer realm="gwctl"`
		metadata    = `, resource_metadata="https://app.test/.well-known/oauth-protected-resource"`
		stepUp      = bearerRealm + `, error="insufficient_user_authentication", acr_values="mfa passkey", max_age="600"` + metadata
	)
	for _, dialect := range []string{"traefik", "nginx"} {
		t.Run(dialect, func(t *testing.T) {
			r := &rig{TB: t, dir: t.TempDir(), idp: newIdentityProvider(t), upstream: newUpstream(t), ended: make(chan struct{})}
			recipe := filepath.Join("..", "examples", "recipes", "step-up-mfa")
			if err := os.CopyFS(filepath.Join(r.dir, "policies"), os.DirFS(recipe)); err != nil {
				t.Fatal(err)
			}
			r.write("gwctl.yaml", fmt.Sprintf(stepUpConfig, r.upstream.addr, dialect, r.idp.url, audience))
			r.run()
			doors := map[string]func(line string, headers ...string) answer{
				"proxy": r.get,
				"forward auth": func(line string, headers ...string) answer {
					method, target := line[:4], line[5:]
					c := r.dialTo(r.car.ForwardAuthAddr())
					defer c.Close()
					c.write(original{method: method, target: target, host: "app.test", headers: headers}.carried(dialect))
					return c.read(false)
				},
			}
			ago := func(d time.Duration) int64 { return time.Now().Add(-d).Unix() }
			token := func(format string, args ...any) string {
				return bearer(r.idp.token(t, "tess", fmt.Sprintf(format, args...)))
			}
			asked := 0
			for _, tt := range []struct {
				name, token          string
				status               int
				code, challenge, why string
			}{
				{"a password", token(`{"roles":["treasurer"],"acr":"pwd","auth_time":%d}`, ago(0)), 401, "step_up_required", stepUp, "step_up_required"},
				{"too long ago", token(`{"roles":["treasurer"],"acr":"mfa","auth_time":%d}`, ago(time.Hour)), 401, "step_up_required", stepUp, "step_up_required"},
				{"nothing said", token(`{"roles":["treasurer"]}`), 401, "step_up_required", stepUp, "step_up_required"},
				{"a second factor", token(`{"roles":["treasurer"],"acr":"mfa","auth_time":%d}`, ago(0)), 200, "", "", "allowed"},
				{"another one", token(`{"roles":["treasurer"],"acr":"passkey","auth_time":%d}`, ago(time.Minute)), 200, "", "", "allowed"},
				{"no right at all", token(`{"acr":"mfa","auth_time":%d}`, ago(0)), 403, "no_matching_rule", "", "no_matching_rule"},
				{"no token", "X-None: 1", 401, "unauthenticated", bearerRealm + metadata, "unauthenticated"},
				{"a bad token", "Authorization: Bearer a.b.c", 401, "invalid_token", bearerRealm + `, error="invalid_token"` + metadata, "token_malformed"},
			} {
				for door, ask := range doors {
					a := ask("POST /payouts", tt.token)
					if a.status != tt.status || a.header.Get("Www-Authenticate") != tt.challenge || len(a.header["Www-Authenticate"]) > 1 {
						t.Errorf("%s at %s: %s", tt.name, door, a.raw)
					}
					asked++
					until(t, "the record of "+tt.name, func() bool {
						e := slices.DeleteFunc(r.records(), func(e *record.Event) bool { return e.Kind == record.KindConfigReload })
						return len(e) == asked && reasonOf(e[asked-1]) == tt.why
					})
					if tt.status == http.StatusOK {
						continue
					}
					if a.code(t) != tt.code || a.header.Get("Cache-Control") != "no-store" {
						t.Errorf("%s at %s: %s", tt.name, door, a.raw)
					}
					var problem map[string]any
					if err := json.Unmarshal([]byte(a.body), &problem); err != nil {
						t.Fatal(err)
					}
					for _, member := range []string{"type", "title", "status", "detail", "instance", "decision_id"} {
						if problem[member] == nil {
							t.Errorf("%s at %s: no %s in %s", tt.name, door, member, a.body)
						}
					}
				}
			}
		})
	}
}
