package sidecar_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/admin"
)

// With the flag a request whose token cannot be judged reaches the service as
// nobody's, and everything tells of it: its record, one about the mode,
// readiness and status. Without it nothing of that happens.
func TestFailOpen(t *testing.T) {
	for _, open := range []bool{true, false} {
		r := start(t, setup{away: true, failOpen: open, listeners: adminOnLoopback})
		user := bearer(r.user(`{"roles":["customer"]}`))
		seen := r.forwarded(func() {
			if got := r.get(item, user); open != (got.status == http.StatusOK) || !open && got.code(t) != "dependency_unavailable" {
				t.Errorf("flag %t: %s", open, got.raw)
			}
		})
		if open != strings.Contains(seen, "GET /items/7") || strings.Contains(seen, "X-User-Id: ") && !strings.Contains(seen, "X-User-Id: \r") {
			t.Errorf("flag %t: the service saw %q", open, seen)
		}
		if got := r.get("GET /items/embargoed", user); open && got.code(t) != "embargoed" {
			t.Errorf("a deny rule: %s", got.raw)
		}
		if got := r.get(item, user[:len(user)-3]+"..."); got.status != http.StatusUnauthorized {
			t.Errorf("a refused token: %s", got.raw)
		}
		if _, text := r.health("/readyz"); open != strings.Contains(text, "insecure: --insecure-fail-open\n") {
			t.Errorf("flag %t: %s", open, text)
		}
		var status admin.Status
		if err := json.Unmarshal([]byte(r.order(request("GET /-/status", "Host: HOST")).body), &status); err != nil || open != (strings.Join(status.Insecure, " ") == "--insecure-fail-open") {
			t.Errorf("flag %t: %+v, %v", open, status, err)
		}
		r.stop()
		modes, through := ofKind(r.all(), record.KindInsecureMode), ofKind(r.all(), record.KindFailOpen)
		if open != (len(modes) == 1 && modes[0].Insecure[0] == "--insecure-fail-open") || open != (len(through) == 1 && through[0].Reason == "dependency_unavailable" && through[0].Status == 503) {
			t.Errorf("flag %t: recorded %v, %v", open, modes, through)
		}
	}
}
