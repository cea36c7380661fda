package engine

import (
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/slot"
)

// TestSharedActionAttribute: an attribute that several actions declare is held
// to its constraints for each of them.
func TestSharedActionAttribute(t *testing.T) {
	const text = `apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: order}
spec:
  actions:
    list: {attributes: {view: {type: string, enum: [own, all], maxLength: 9}}}
    read: {attributes: {view: {type: string, enum: [own, all], maxLength: 9}}}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: p}
spec: {resources: [order], rules: [{id: r, effect: allow, anonymous: true, actions: ["*"], when: action.view != 'all'}]}
`
	set := compile(t, text)
	for _, action := range []string{"list", "read"} {
		for view, want := range map[string]string{"own": "allow allowed 200 by p/r", "all": "deny unauthenticated 401", "ALL": "deny attribute_invalid 403 about action.view"} {
			r := set.DirectRequest("order", action)
			r.Supply(slot.Caller, slot.Action, "view", slot.Quoted(view))
			if got := short(set.Decide(r)); got != want {
				t.Errorf("%s with view %s: %s, want %s", action, view, got, want)
			}
		}
	}
	for _, other := range []string{"enum: [own]", "enum: [own, all, every]", "enum: [own, all], maxLength: 8, from: [directory]", "pattern: own"} {
		changed := strings.Replace(text, "read: {attributes: {view: {type: string, enum: [own, all], maxLength: 9", "read: {attributes: {view: {type: string, "+other, 1)
		found := check(changed, smallSuite)
		if len(found) != 1 || found[0].Code != "bad_constraint" || marked(found[0]) != "view" {
			t.Errorf("%s: found %v", other, found)
		}
	}
}
