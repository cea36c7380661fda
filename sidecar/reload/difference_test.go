package reload

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/pdp"
)

const base = `apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: item}
spec: {actions: {read: {}}, routes: [{route: "GET /items/{id}", action: read}]}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: items}
spec:
  resources: [item]
  consts: {limit: 5}
  rules:
    - {id: a, effect: allow, actions: [read], when: "user.id == 'a'"}
    - {id: b, effect: allow, actions: [read], when: "user.id == 'b' && consts.limit > 1"}
`

func snapshot(t *testing.T, text string) *pdp.Snapshot {
	t.Helper()
	src, found := policy.Load([]policy.File{{Path: "set.yaml", Data: []byte(text)}})
	if found.HasErrors() {
		t.Fatal(found)
	}
	set, found := engine.Compile(src)
	if found.HasErrors() {
		t.Fatal(found)
	}
	return &pdp.Snapshot{Set: set}
}

func TestDifference(t *testing.T) {
	var many strings.Builder
	for i := range 70 {
		fmt.Fprintf(&many, "    - {id: n%02d, effect: allow, actions: [read]}\n", i)
	}
	var first []string
	for i := range record.MaxNames {
		first = append(first, fmt.Sprintf("items/n%02d", i))
	}
	for _, tt := range []struct {
		name, old, new string
		want           *record.Diff
	}{
		{"nothing", "", "", nil},
		{"a comment", "spec:\n  resources", "spec: # c\n  resources", nil},
		{"a rule more", "    - {id: a", "    - {id: c, effect: deny}\n    - {id: a", &record.Diff{Added: []string{"items/c"}}},
		{"a rule less", "    - {id: a, effect: allow, actions: [read], when: \"user.id == 'a'\"}\n", "", &record.Diff{Removed: []string{"items/a"}}},
		{"a condition", "user.id == 'a'", "user.id == 'x'", &record.Diff{Changed: []string{"items/a"}}},
		{"a constant", "limit: 5", "limit: 6", &record.Diff{Changed: []string{"items/a", "items/b"}}},
		{"another name", "id: a", "id: c", &record.Diff{Added: []string{"items/c"}, Removed: []string{"items/a"}}},
		{"a route", "GET /items", "GET /things", &record.Diff{Other: true}},
		{"a route and a rule", "", "", &record.Diff{Changed: []string{"items/a"}, Other: true}},
		{"many rules", "    - {id: a", many.String() + "    - {id: a", &record.Diff{Added: first, More: 70 - record.MaxNames}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(base, tt.old, tt.new, 1)
			if tt.name == "a route and a rule" {
				text = strings.NewReplacer("GET /items", "GET /things", "user.id == 'a'", "user.id == 'x'").Replace(base)
			}
			if got := difference(snapshot(t, base), snapshot(t, text)); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
	if got := difference(nil, snapshot(t, base)); got != nil {
		t.Errorf("the first set differs from nothing by %+v", got)
	}
}
