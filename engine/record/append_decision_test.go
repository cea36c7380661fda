package record

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine"
)

func fullDecision() *engine.Decision {
	maxAge := int64(300)
	return &engine.Decision{
		Effect: engine.Deny, Reason: "embargo", Message: "Not <here>.\u2028", Status: 451, Rule: engine.RuleRef{Policy: "p", Rule: "r"},
		Matched: []engine.RuleRef{{Policy: "p", Rule: "r"}, {Policy: "p", Rule: "s"}},
		Errors: []engine.RuleError{
			{Rule: engine.RuleRef{Policy: "p", Rule: "x"}, Code: "eval_error", Message: "no such key", Position: "a.yaml:1:2"},
			{Code: "body_invalid"},
		},
		Attribute: "user.a", Scopes: []string{"a", "b"},
		Obligations: []engine.Obligation{{Name: "X-B", Value: "2"}, {Name: "X-A", Value: "1"}, {Name: "X-B", Value: "3"}},
		Challenge:   &engine.Challenge{Error: "e", ACRValues: []string{"gold"}, MaxAge: &maxAge},
		Shadow: &engine.Shadow{Effect: engine.Allow, Reason: "allowed", Rule: engine.RuleRef{Policy: "p", Rule: "t"}, Results: []engine.ShadowResult{
			{Rule: engine.RuleRef{Policy: "p", Rule: "t"}, Outcome: "matched"}, {Rule: engine.RuleRef{Policy: "p", Rule: "u"}, Outcome: "error", Code: "eval_error"},
		}},
		Route: "GET /x", Resource: "order", Action: "read", SetDigest: "sha256:0",
	}
}

// The hand-written form of a decision is the one that engine.Decision itself
// writes.
func TestDecisionForm(t *testing.T) {
	full := fullDecision()
	for v, i := reflect.ValueOf(*full), 1; i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("field %s of the sample is empty: extend the sample and appendDecision", v.Type().Field(i).Name)
		}
	}
	list := []*engine.Decision{full, {}, {Effect: engine.Allow}, {Challenge: &engine.Challenge{}, Shadow: &engine.Shadow{}}, {Rule: engine.RuleRef{Policy: "p"}}}
	for v, i := reflect.ValueOf(*full), 0; i < v.NumField(); i++ {
		one := &engine.Decision{}
		reflect.ValueOf(one).Elem().Field(i).Set(v.Field(i))
		list = append(list, one)
	}
	for _, d := range list {
		got := appendDecision(nil, d)
		want, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		text, ok := strings.CutPrefix(string(got), `,"decision":`)
		if !ok || !sameJSON(t, []byte(text), want) {
			t.Errorf("wrote %s, want %s", got, want)
		}
	}
	if sameJSON(t, []byte(`{"a":1}`), []byte(`{"a":2}`)) || sameJSON(t, []byte(`{"a":1}`), []byte(`{"a":1,"b":2}`)) {
		t.Error("different texts are taken for the same")
	}
}

func sameJSON(t testing.TB, a, b []byte) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal(a, &x); err != nil {
		t.Fatalf("%v: %s", err, a)
	}
	if err := json.Unmarshal(b, &y); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return reflect.DeepEqual(x, y) && bytes.Count(a, []byte(":")) == bytes.Count(b, []byte(":"))
}
