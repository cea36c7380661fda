package pdp_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine"
)

// verifying is a point that verifies one in so many decisions.
func verifying(t *testing.T, every int, m method) *rig {
	t.Helper()
	r := newRig(t)
	r.point.Swap(r.snapshot(configure(t, "anonymous: deny", fmt.Sprintf("anonymous: allow\n  verify: 1/%d", every)), m))
	return r
}

func alice() method { return user(`{"sub":"alice","tenant":"s3cret"}`) }

func (r *rig) wantVerified(same, different int) {
	r.Helper()
	want := []string{fmt.Sprintf(`{result="different"} %d`, different), fmt.Sprintf(`{result="same"} %d`, same)}
	if got := r.counted("gwctl_verify_total"); !slices.Equal(got, want) {
		r.Errorf("counted %v, want %v", got, want)
	}
}

// What the engine decided is verified, also where the sidecar denies for a
// reason of its own, and also where no route leads to a rule.
func TestVerifySame(t *testing.T) {
	r := verifying(t, 1, alice())
	r.ask("/items/7", "Bearer x")
	r.ask("/items/7", "")
	r.ask("/nowhere", "")
	r.wantVerified(3, 0)

	r = verifying(t, 1, user(`{"sub":"alice","roles":["a b"]}`))
	if out := r.ask("/items/7", "Bearer x"); out.Allowed || out.Answer.Reason != "claim_not_representable" {
		t.Errorf("answered %+v", out)
	}
	r.wantVerified(1, 0)
	if r.logged.Len() > 0 {
		t.Errorf("logged %s", r.logged.String())
	}
}

// A request that no rule decides is not verified.
func TestVerifyOnlyDecisions(t *testing.T) {
	r := verifying(t, 1, method{issuer, nil})
	r.ask("/items/7", "Bearer x") // panics in the method
	r.wantVerified(0, 0)
	r = newRig(t)
	r.ask("/items/7", "") // there is no snapshot
	r.wantVerified(0, 0)
}

// A difference, and a fault on the way to one, is counted and logged without a
// value, and the answer and its record stay what they were.
func TestVerifyDifferent(t *testing.T) {
	for _, tt := range []struct {
		name   string
		verify func(*engine.Decision) string
		logged string
	}{
		{"difference", func(d *engine.Decision) string { return "allow allowed 200, CEL: deny" }, `difference="allow allowed 200, CEL: deny"`},
		{"a long one", func(*engine.Decision) string { return strings.Repeat("x", 5000) }, "difference=" + strings.Repeat("x", 1024) + " "},
		{"a changed decision", func(d *engine.Decision) string { *d = engine.Decision{}; return "all" }, "difference=all"},
		{"panic", func(*engine.Decision) string { panic("s3cret") }, `difference="a panic stopped the verification"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plain := newRig(t)
			plain.point.Swap(plain.snapshot(configure(t, "anonymous: deny", "anonymous: allow"), alice()))
			r := verifying(t, 1, alice())
			r.verify = func(s *engine.Set, q *engine.Request, d *engine.Decision) string {
				if s != r.set || q.Resource() != "item" || d.SetDigest != r.set.Digest() {
					t.Errorf("asked to verify %+v", d)
				}
				if stats := r.log.Stats()[0]; stats.Written+stats.Queued != 1 {
					t.Error("verified before the record was written")
				}
				return tt.verify(d)
			}
			want, got := plain.ask("/items/7", "Bearer x"), r.ask("/items/7", "Bearer x")
			if !want.Allowed || !got.Allowed || got.Headers.Get("X-User-Id") != "alice" || len(got.Headers) != len(want.Headers) {
				t.Errorf("answered %+v, without verification %+v", got, want)
			}
			if e := r.only(); !e.Decision.Allowed() || e.Decision.Rule.String() != "items/reads" || e.Status != http.StatusOK {
				t.Errorf("recorded %+v", e)
			}
			r.wantVerified(0, 1)
			log := r.logged.String()
			for _, part := range []string{"level=ERROR", tt.logged, `route="GET /items/{id}"`, "rule=items/reads", "digest=" + r.set.Digest(), "decision_id=decision-1"} {
				if !strings.Contains(log, part) {
					t.Errorf("the log lacks %s: %s", part, log)
				}
			}
			if strings.Contains(log, "s3cret") || strings.Contains(log, "alice") || strings.Contains(log, "/items/7") || strings.Count(log, "\n") != 1 {
				t.Errorf("logged %s", log)
			}
		})
	}
}

// The same decisions are verified each time: every Nth, across snapshots.
func TestVerifySamples(t *testing.T) {
	for _, tt := range []struct {
		every int
		want  []int
	}{{1, []int{1, 2, 3, 4, 5, 6, 7}}, {3, []int{3, 6}}, {8, nil}} {
		r := verifying(t, tt.every, alice())
		asked := 0
		var verified []int
		r.verify = func(*engine.Set, *engine.Request, *engine.Decision) string {
			verified = append(verified, asked)
			return ""
		}
		for asked = 1; asked <= 7; asked++ {
			r.point.Swap(r.point.Current())
			r.ask("/items/7", "")
		}
		if !slices.Equal(verified, tt.want) {
			t.Errorf("1/%d verifies %v, want %v", tt.every, verified, tt.want)
		}
	}
	r := newRig(t)
	r.verify = func(*engine.Set, *engine.Request, *engine.Decision) string {
		t.Error("verified without being asked to")
		return ""
	}
	r.point.Swap(r.snapshot(configure(t, "anonymous: deny", "anonymous: allow")))
	r.ask("/items/7", "")
}
