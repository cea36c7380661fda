package sidecar

import (
	"testing"

	"github.com/gwctl/gwctl/sidecar/authn"
)

// TestStateOf: keys of the last time do not make an issuer work that has never
// answered.
func TestStateOf(t *testing.T) {
	ok := []authn.FetchCount{{Trigger: authn.TriggerStart, Result: authn.ResultOK, Count: 1}}
	failed := []authn.FetchCount{{Trigger: authn.TriggerStart, Result: authn.ResultNetwork, Count: 1}}
	for _, tt := range []struct {
		name   string
		status authn.KeySetStatus
		want   string
	}{
		{"no keys", authn.KeySetStatus{Failures: 1, Fetches: failed}, "down"},
		{"keys that are too old", authn.KeySetStatus{Degraded: true, Failures: 9, Fetches: ok}, "down"},
		{"keys", authn.KeySetStatus{Ready: true, Fetches: ok}, "up"},
		{"keys and one failure", authn.KeySetStatus{Ready: true, Failures: 1, Fetches: ok}, "up"},
		{"keys and several failures", authn.KeySetStatus{Ready: true, Degraded: true, Failures: 2, Fetches: ok}, "degraded"},
		{"keys of the last time", authn.KeySetStatus{Ready: true, Failures: 1, Fetches: failed}, "degraded"},
	} {
		if got := stateOf(tt.status); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
