package engine

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func fullDecision() Decision {
	maxAge := int64(300)
	return Decision{
		Effect: Deny, Reason: "embargoed_country", Message: "Not available in your region.", Status: 451,
		Rule:    RuleRef{Policy: "guard", Rule: "embargo"},
		Matched: []RuleRef{{Policy: "guard", Rule: "embargo"}, {Policy: "orders", Rule: "reads"}},
		Errors: []RuleError{
			{Rule: RuleRef{Policy: "orders", Rule: "owner"}, Code: ReasonEvalError, Message: "no such key", Position: "orders.yaml:12:9"},
			{Code: ReasonBodyInvalid},
		},
		Obligations: []Obligation{{Name: "X-Order-View", Value: ""}, {Name: "X-Tenant", Value: "acme"}}, // in the order of their names
		Challenge:   &Challenge{Error: "insufficient_user_authentication", ACRValues: []string{"gold", "silver"}, MaxAge: &maxAge},
		Shadow: &Shadow{
			Effect: Allow, Reason: ReasonAllowed, Rule: RuleRef{Policy: "orders", Rule: "tried"},
			Results: []ShadowResult{
				{Rule: RuleRef{Policy: "orders", Rule: "tried"}, Outcome: "matched"},
				{Rule: RuleRef{Policy: "orders", Rule: "tried-too"}, Outcome: "error", Code: ReasonEvalError},
			},
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
		"small": {Decision{Challenge: &Challenge{}, Shadow: &Shadow{}}, Decision{Status: 403, Challenge: &Challenge{}, Shadow: &Shadow{}}},
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
	const good = `{"effect":"allow","reason":"allowed","status":200,"rule":"p/r","matched":["p/r"],"errors":[{"rule":"p/r","code":"eval_error"}],` +
		`"obligations":{"set_headers":{"X-A":"b"}},"challenge":{"acr_values":["gold"],"max_age":60},` +
		`"shadow":{"effect":"deny","reason":"r","rule":"p/s","results":[{"rule":"p/s","outcome":"matched"}]},"set_digest":""}`
	tests := map[string]struct{ old, new string }{
		"unknown effect":            {`"allow"`, `"permit"`},
		"effect in capitals":        {`"allow"`, `"Allow"`},
		"null effect":               {`"allow"`, `null`},
		"numeric effect":            {`"allow"`, `1`},
		"no effect":                 {`"effect":"allow",`, ``},
		"effect twice":              {`"status"`, `"effect":"allow","status"`},
		"effect in another case":    {`"effect"`, `"Effect"`},
		"no status":                 {`"status":200,`, ``},
		"null status":               {`200`, `null`},
		"status of a denial":        {`200`, `403`},
		"denial with status 200":    {`"allow"`, `"deny"`},
		"unknown member":            {`"reason"`, `"why":"","reason"`},
		"rule without policy":       {`"rule":"p/r","matched"`, `"rule":"r","matched"`},
		"rule with empty half":      {`"rule":"p/r","matched"`, `"rule":"p/","matched"`},
		"rule with three parts":     {`"rule":"p/r","matched"`, `"rule":"p/r/s","matched"`},
		"empty matched":             {`["p/r"]`, `[""]`},
		"matched is null":           {`["p/r"]`, `null`},
		"matched is text":           {`["p/r"]`, `"p/r"`},
		"unknown member of error":   {`"code"`, `"level":1,"code"`},
		"member of an error twice":  {`"code"`, `"code":"","code"`},
		"null reason":               {`"allowed"`, `null`},
		"unknown obligation":        {`{"set_headers":`, `{"set_cookies":`},
		"obligation twice":          {`"X-A":"b"`, `"X-A":"b","X-A":"c"`},
		"obligation without text":   {`"X-A":"b"`, `"X-A":null`},
		"obligations as a list":     {`{"set_headers":{"X-A":"b"}}`, `[]`},
		"obligations are null":      {`{"set_headers":{"X-A":"b"}}`, `null`},
		"unknown part of challenge": {`"max_age"`, `"realm":"x","max_age"`},
		"age as text":               {`60`, `"60"`},
		"broken age":                {`60`, `60.5`},
		"null age":                  {`60`, `null`},
		"challenge is null":         {`{"acr_values":["gold"],"max_age":60}`, `null`},
		"null among the levels":     {`"gold"`, `null`},
		"unknown shadow effect":     {`"shadow":{"effect":"deny"`, `"shadow":{"effect":"maybe"`},
		"unknown part of shadow":    {`"reason":"r"`, `"reason":"r","why":""`},
		"shadow is null":            {`{"effect":"deny","reason":"r","rule":"p/s","results":[{"rule":"p/s","outcome":"matched"}]}`, `null`},
		"unknown outcome":           {`"outcome":"matched"`, `"outcome":"perhaps"`},
		"result without a rule":     {`{"rule":"p/s","outcome"`, `{"rule":"","outcome"`},
		"unknown part of a result":  {`"outcome":"matched"`, `"outcome":"matched","level":1`},
		"text after":                {`"set_digest":""}`, `"set_digest":""} {}`},
		"cut short":                 {`"set_digest":""}`, `"set_digest":""`},
		"a list":                    {good, `[]`},
		"null":                      {good, `null`},
		"nothing":                   {good, ``},
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
