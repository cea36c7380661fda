package engine

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func fullDecision() Decision {
	return Decision{
		Effect: Deny, Reason: "embargoed_country", Message: "Not available in your region.", Status: 451,
		Rule:    RuleRef{Policy: "guard", Rule: "embargo"},
		Matched: []RuleRef{{Policy: "guard", Rule: "embargo"}, {Policy: "orders", Rule: "reads"}},
		Errors: []RuleError{
			{Rule: RuleRef{Policy: "orders", Rule: "owner"}, Code: ReasonEvalError, Message: "no such key", Position: "orders.yaml:12:9"},
			{Code: ReasonBodyInvalid},
		},
		Attribute: "resource.owner", Scopes: []string{"orders:read"}, Route: "GET /orders/{id}",
		Resource: "order", Action: "read", SetDigest: "sha256:00",
	}
}

func TestDecisionReadsBack(t *testing.T) {
	full := fullDecision()
	// A field that the codec does not know would be lost unnoticed.
	for v, i := reflect.ValueOf(full), 1; i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("field %s of the sample is empty: extend the sample and UnmarshalJSON", v.Type().Field(i).Name)
		}
	}
	tests := map[string]struct{ in, want Decision }{
		"full":  {full, full},
		"allow": {Decision{Effect: Allow, Reason: ReasonAllowed}, Decision{Effect: Allow, Reason: ReasonAllowed, Status: 200}},
		"zero":  {Decision{}, Decision{Status: 403}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			got := Decision{Effect: Allow, Scopes: []string{"left over"}}
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%s\nread as %+v\nwant    %+v", text, got, tt.want)
			}
		})
	}
}

func TestDecisionReadRefuses(t *testing.T) {
	const good = `{"effect":"allow","reason":"allowed","status":200,"rule":"p/r","matched":["p/r"],"errors":[{"rule":"p/r","code":"eval_error"}],"set_digest":""}`
	tests := map[string]struct{ old, new string }{
		"unknown effect":           {`"allow"`, `"permit"`},
		"effect in capitals":       {`"allow"`, `"Allow"`},
		"null effect":              {`"allow"`, `null`},
		"numeric effect":           {`"allow"`, `1`},
		"no effect":                {`"effect":"allow",`, ``},
		"effect twice":             {`"status"`, `"effect":"allow","status"`},
		"effect in another case":   {`"effect"`, `"Effect"`},
		"no status":                {`"status":200,`, ``},
		"null status":              {`200`, `null`},
		"status of a denial":       {`200`, `403`},
		"denial with status 200":   {`"allow"`, `"deny"`},
		"unknown member":           {`"reason"`, `"why":"","reason"`},
		"rule without policy":      {`"rule":"p/r","matched"`, `"rule":"r","matched"`},
		"rule with empty half":     {`"rule":"p/r","matched"`, `"rule":"p/","matched"`},
		"rule with three parts":    {`"rule":"p/r","matched"`, `"rule":"p/r/s","matched"`},
		"empty matched":            {`["p/r"]`, `[""]`},
		"matched is null":          {`["p/r"]`, `null`},
		"matched is text":          {`["p/r"]`, `"p/r"`},
		"unknown member of error":  {`"code"`, `"level":1,"code"`},
		"member of an error twice": {`"code"`, `"code":"","code"`},
		"null reason":              {`"allowed"`, `null`},
		"text after":               {`"set_digest":""}`, `"set_digest":""} {}`},
		"cut short":                {`"set_digest":""}`, `"set_digest":""`},
		"a list":                   {good, `[]`},
		"null":                     {good, `null`},
		"nothing":                  {good, ``},
	}
	var d Decision
	if err := d.UnmarshalJSON([]byte(good)); err != nil || !d.Allowed() {
		t.Fatalf("the sample is refused: %v", err)
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(good, tt.old, tt.new, 1)
			if text == good {
				t.Fatalf("%q is not in the sample", tt.old)
			}
			d := Decision{Effect: Allow}
			if err := d.UnmarshalJSON([]byte(text)); err == nil {
				t.Errorf("accepted %s", text)
			}
			if !reflect.DeepEqual(d, Decision{}) {
				t.Errorf("a refused text left %+v", d)
			}
		})
	}
}

func FuzzDecisionRead(f *testing.F) {
	full, err := json.Marshal(fullDecision())
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(full), `{"effect":"allow","status":200}`, `{"effect":"deny","status":0}`, `{}`, `null`, `{"matched":[[]]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var d Decision
		if d.UnmarshalJSON(text) != nil {
			if d.Allowed() {
				t.Fatal("refused, yet allows")
			}
			return
		}
		again, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var e Decision
		if err := e.UnmarshalJSON(again); err != nil || !reflect.DeepEqual(d, e) {
			t.Fatalf("%s reads as %+v, which does not read back: %v", text, d, err)
		}
	})
}
