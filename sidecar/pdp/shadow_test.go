package pdp_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

const trials = policies + `---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: trials}
spec:
  resources: [item]
  rules:
    - {id: level, effect: deny, actions: [view], mode: shadow, until: 2099-01-01, when: "has(user.level) && user.level > 3"}
    - {id: region, effect: deny, actions: [read], mode: shadow, until: 2099-01-01, when: "env.region == 'us'"}
`

// What only shadow rules read is in the record, so that their results can be
// repeated from it; what of it is masked keeps nobody from repeating the
// decision.
func TestShadowInputs(t *testing.T) {
	masking := strings.Replace(trials, "has(user.level) && user.level > 3", "has(user.tenant) && user.tenant == 's3cret'", 1)
	for _, tt := range []struct {
		name, set, path, claims string
		inputs                  string // of shadow rules only
		known                   bool   // what shadow rules came to can be repeated
	}{
		{"matched", trials, "/public/7", `{"sub":"alice","level":4}`, `user.level present 4 masked false`, true},
		{"not matched", trials, "/public/7", `{"sub":"alice","level":3}`, `user.level present 3 masked false`, true},
		{"absent", trials, "/public/7", `{"sub":"alice"}`, `user.level absent  masked false`, true},
		{"enforced rules read it, too", trials, "/items/7", `{"sub":"alice","level":4}`, "", true},
		{"no shadow rule", policies, "/public/7", `{"sub":"alice","level":4}`, "", true},
		{"masked", masking, "/public/7", `{"sub":"alice","tenant":"s3cret"}`, `user.tenant present  masked true`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.set = compile(t, tt.set)
			cfg := configure(t, "", "")
			r.point.Swap(r.snapshot(cfg, user(tt.claims)))
			if out := r.ask(tt.path, "Bearer x"); !out.Allowed {
				t.Fatalf("answered %+v", out)
			}
			e := r.only()
			var found []string
			for _, in := range e.Inputs {
				if in.Shadow {
					found = append(found, fmt.Sprintf("%s %s %s masked %t", in.Name, in.State, in.Value, in.Masked))
				}
			}
			if strings.Join(found, ", ") != tt.inputs || !e.Replayable || strings.Contains(r.out.String(), "s3cret") {
				t.Errorf("recorded %s", r.out.String())
			}
			q, unknown := e.Question()
			req, unusable := r.set.Recall(q)
			var reads []string
			for _, i := range req.ShadowReads() {
				reads = append(reads, req.Values().Layout().Attr(i).FullName())
			}
			if e.ShadowKnown(reads) != tt.known || len(unknown)+len(unusable) > 0 {
				t.Errorf("known %t, unknown %v, unusable %v", e.ShadowKnown(reads), unknown, unusable)
			}
			again := r.set.Decide(req)
			if again.Effect != e.Decision.Effect || again.Rule != e.Decision.Rule || tt.known && !reflect.DeepEqual(again.Shadow, e.Decision.Shadow) {
				t.Errorf("again it is %+v with %+v, was %+v with %+v", again, again.Shadow, e.Decision, e.Decision.Shadow)
			}
			// A record of a time before these inputs were written.
			e.Inputs = nil
			if len(reads) > 0 && e.ShadowKnown(reads) {
				t.Error("what is not there is known")
			}
		})
	}
}
