package sidecar_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
)

func (r *rig) wantVerified(same string) {
	r.Helper()
	for result, want := range map[string]string{"same": same, "different": "0"} {
		if got := r.metric(`gwctl_verify_total{result="` + result + `"}`); got != want {
			r.Errorf("%s: %s, want %s", result, got, want)
		}
	}
}

// Each decision is evaluated once more, whatever it was, and nothing else is.
func TestVerifyEach(t *testing.T) {
	r := start(t, setup{spec: "  verify: 1/1"})
	user := bearer(r.user(`{"roles":["customer"],"scope":"a b"}`))
	asks := []struct {
		line    string
		headers []string
		body    string
		status  int
	}{
		{"GET /public/x", nil, "", http.StatusOK},
		{"GET /items/7", []string{user}, "", http.StatusOK},
		{"PUT /items/7", []string{user}, "", http.StatusOK},
		{"GET /items/7", nil, "", http.StatusUnauthorized},
		{"GET /items/embargoed", []string{user}, "", http.StatusUnavailableForLegalReasons},
		{"GET /export/7", []string{user}, "", http.StatusForbidden},
		{"GET /peek/7?q=1", []string{user}, "", http.StatusOK},
		{"GET /lookup/7", []string{user}, "", http.StatusForbidden}, // its condition fails
		{"GET /notes/7", []string{user}, "", http.StatusOK},
		{"GET /nowhere", []string{user}, "", http.StatusForbidden},
		{"DELETE /items/7", []string{user}, "", http.StatusMethodNotAllowed},
		{"POST /refunds/7", []string{user, "Content-Type: application/json"}, `{"amount": 12.5}`, http.StatusOK},
		{"POST /refunds/7", []string{user, "Content-Type: application/json"}, `{"amount": 999.5}`, http.StatusForbidden},
		{"POST /refunds/7", []string{user, "Content-Type: application/json"}, `{"amount": `, http.StatusBadRequest},
		{"POST /settle/7", []string{user}, "", http.StatusUnauthorized},
	}
	for _, a := range asks {
		headers := a.headers
		if a.body != "" {
			headers = append(headers, fmt.Sprintf("Content-Length: %d", len(a.body)))
		}
		if got := r.send(request(a.line, headers...) + a.body); got.status != a.status {
			t.Errorf("%s: answer %s, want %d", a.line, got.raw, a.status)
		}
	}
	r.wantVerified(strconv.Itoa(len(asks)))
	// These are answered without a decision.
	r.get("GET /items/7", bearer("x"))
	r.get("GET //items/7")
	r.wantVerified(strconv.Itoa(len(asks)))
	if strings.Contains(r.log.String(), "differs") {
		t.Errorf("logged %s", r.log.String())
	}
	r.stop()
}

// The share changes with a reload, and without a share nothing is verified.
func TestVerifyShare(t *testing.T) {
	r := start(t, setup{})
	ask := func() {
		t.Helper()
		for range 6 {
			if got := r.get("GET /public/x"); got.status != http.StatusOK {
				t.Errorf("answer %s", got.raw)
			}
		}
	}
	ask()
	r.wantVerified("0")
	r.reload(record.Reload{}, func() { r.write("gwctl.yaml", r.config()+"  verify: 1/3\n") })
	ask()
	r.wantVerified("2")
	r.reload(record.Reload{Error: "not_compiled"}, func() { r.write("gwctl.yaml", r.config()+"  verify: 1/0\n") })
	r.says("is no share of the decisions")
	ask()
	r.wantVerified("4")
	r.reload(record.Reload{}, func() { r.write("gwctl.yaml", r.config()) })
	ask()
	r.wantVerified("4")
	r.stopReloads()
}
