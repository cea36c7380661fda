package suite

import (
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/policy"
)

// TestSensitive: what the set calls sensitive now stands in no case, though the
// record, made when it was not, holds it.
func TestSensitive(t *testing.T) {
	secret := strings.NewReplacer("user: {level: {type: int, optional: true}}", "user: {level: {type: int, optional: true, sensitive: true, min: 3}}",
		"owner: {type: string, optional: true}", "owner: {type: string, optional: true, sensitive: true}").Replace(set)
	src, found := policy.Load([]policy.File{{Path: "set.yaml", Data: []byte(secret)}})
	if found.HasErrors() {
		t.Fatal(found)
	}
	s, found := engine.Compile(src)
	if s == nil {
		t.Fatal(found)
	}
	r := cases(t, "name: x, user: root, request: GET /orders/1, delivers: {owner: mallory}, expect: allow")
	e := recordOf(t, r, r.Cases()[0])
	plain, err := r.FromRecord(e)
	if err != nil || !strings.Contains(plain.YAML, "mallory") || !strings.Contains(plain.YAML, "level: 5") {
		t.Fatalf("%v: the record lacks what is to be withheld\n%s", err, plain.YAML)
	}
	for _, inputs := range [][]record.Input{e.Inputs, nil} {
		e.Inputs = inputs
		out, err := r.Over(s).FromRecord(e)
		if err != nil || strings.Contains(out.YAML, "mallory") || strings.Contains(out.YAML, "level: 5") {
			t.Errorf("%v\n%s", err, out.YAML)
		}
		if inputs != nil && (!strings.Contains(out.YAML, "level: 3") || !strings.Contains(out.YAML, `owner: "withheld"`) || len(out.Notes) != 2) {
			t.Errorf("%q\n%s", out.Notes, out.YAML)
		}
		if !strings.Contains(out.YAML, `id: "root"`) || !strings.Contains(out.YAML, `method: "jwt"`) {
			t.Error(out.YAML)
		}
	}
}
