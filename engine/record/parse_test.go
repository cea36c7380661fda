package record

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
)

func TestParseRefuses(t *testing.T) {
	const good = `{"event":"decision","ts":"2026-01-15T10:00:00Z","seq":7,` +
		`"decision":{"effect":"allow","reason":"allowed","status":200,"matched":[],"errors":[],"set_digest":""},` +
		`"inputs":[{"name":"user.tenant","value":"acme","state":"present"}],"replayable":true,` +
		`"subject":"alice","resource":{"method":"GET","path":"/x"},"status":200,"eval_us":1,"total_us":2}`
	tests := map[string]struct{ old, new, want string }{
		"unknown member":          {`"subject"`, `"user"`, "unknown member"},
		"unknown resource member": {`"path"`, `"query"`, "unknown member"},
		"unknown input member":    {`"state"`, `"x":1,"state"`, "unknown member"},
		"repeated member":         {`"subject"`, `"seq":8,"subject"`, "twice"},
		"other case":              {`"subject"`, `"Subject"`, "unknown member"},
		"no event":                {`"event":"decision",`, ``, `"event" is missing`},
		"no time":                 {`"ts":"2026-01-15T10:00:00Z",`, ``, `"ts" is missing`},
		"no number":               {`"seq":7,`, ``, `"seq" is missing`},
		"negative number":         {`"seq":7`, `"seq":-7`, `"seq"`},
		"null number":             {`"seq":7`, `"seq":null`, "null"},
		"kind in capitals":        {`"event":"decision"`, `"event":"Decision"`, "kind"},
		"empty kind":              {`"event":"decision"`, `"event":""`, "kind"},
		"time with an offset":     {`10:00:00Z`, `10:00:00+01:00`, "UTC"},
		"no such time":            {`10:00:00Z`, `25:00:00Z`, `"ts"`},
		"null text":               {`"alice"`, `null`, "null"},
		"number as text":          {`"alice"`, `7`, `"subject"`},
		"text as bool":            {`"replayable":true`, `"replayable":"true"`, `"replayable"`},
		"text over its bound":     {`alice`, strings.Repeat("a", MaxField+1), "longer"},
		"decision is null":        {`{"effect":"allow","reason":"allowed","status":200,"matched":[],"errors":[],"set_digest":""}`, `null`, `"decision"`},
		"unknown effect":          {`"effect":"allow"`, `"effect":"perhaps"`, "neither allow nor deny"},
		"decision over a bound":   {`"reason":"allowed"`, `"reason":"` + strings.Repeat("a", MaxField+1) + `"`, "longer"},
		"inputs are no list":      {`[{"name":"user.tenant","value":"acme","state":"present"}]`, `{}`, `"inputs"`},
		"inputs are null":         {`[{"name":"user.tenant","value":"acme","state":"present"}]`, `null`, "null"},
		"unknown state":           {`"state":"present"`, `"state":"lost"`, "state"},
		"present without value":   {`"value":"acme",`, ``, "present needs"},
		"masked with value":       {`"state":"present"`, `"state":"present","masked":true`, "present needs"},
		"masked invalid value":    {`"state":"present"`, `"state":"invalid","masked":true`, "masked"},
		"absent with value":       {`"state":"present"`, `"state":"absent"`, "absent, yet"},
		"value over its bound":    {`"acme"`, `"` + strings.Repeat("a", MaxField+1) + `"`, "longer"},
		"masked and replayable":   {`"value":"acme","state":"present"`, `"state":"present","masked":true`, "replayable, yet"},
		"half a reload":           {`"subject"`, `"by":"file","subject"`, `"ok" is missing`},
		"half a gap":              {`"subject"`, `"from":1,"to":2,"subject"`, "only a part"},
		"two records":             {`"total_us":2}`, `"total_us":2}{}`, "after the object"},
		"cut short":               {`,"total_us":2}`, ``, ""},
		"not UTF-8":               {`alice`, "ali\xffce", "UTF-8"},
		"a list":                  {good, `[]`, "not an object"},
		"nothing":                 {good, ``, ""},
		"over the line's bound":   {good, strings.Repeat(" ", MaxLine) + good, "longer than a record"},
	}
	if _, err := Parse([]byte(good)); err != nil {
		t.Fatalf("the sample is refused: %v", err)
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			line := strings.Replace(good, tt.old, tt.new, 1)
			if line == good {
				t.Fatalf("%q is not in the sample", tt.old)
			}
			e, err := Parse([]byte(line))
			if err == nil {
				t.Fatalf("accepted %s", line)
			}
			if e != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("event %v, error %q, want one with %q", e, err, tt.want)
			}
		})
	}
}

func TestParseIgnoresOrder(t *testing.T) {
	line := fullEvent().AppendJSON(nil)
	var members map[string]any
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	if err := dec.Decode(&members); err != nil {
		t.Fatal(err)
	}
	sorted, err := json.MarshalIndent(members, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	e, err := Parse(sorted)
	if err != nil {
		t.Fatal(err)
	}
	if got := e.AppendJSON(nil); !bytes.Equal(got, line) {
		t.Errorf("got  %s\nwant %s", got, line)
	}
}

func FuzzAppendJSON(f *testing.F) {
	f.Add("decision", "alice", "policy", []byte(`{"a":["\ud800",1]}`), StatePresent, int64(1), uint64(1), 200)
	f.Add("gap\n", "\x1b[2J\r\n\u2028\u202e\xff\"\\", "a/b", []byte("\"\u2029\x7f\""), "present\x00", int64(-1), uint64(0), -1)
	f.Add("", strings.Repeat("\xff", 400), strings.Repeat("é", 600), []byte(`1},"event":{`), StateInvalid, int64(1<<62), uint64(1<<63), 999)
	f.Fuzz(func(t *testing.T, kind, a, b string, value []byte, state string, when int64, n uint64, status int) {
		e := &Event{
			Kind: Kind(kind), Time: time.Unix(when, when), Seq: n, DecisionID: a, RequestID: b, Door: a,
			Decision: &engine.Decision{
				Effect: engine.Effect(n), Reason: a, Message: b, Status: status, Rule: engine.RuleRef{Policy: a, Rule: b},
				Matched: []engine.RuleRef{{Policy: b, Rule: a}}, Errors: []engine.RuleError{{Code: a, Message: b, Position: a}}, Scopes: []string{a, b},
			},
			Inputs:     []Input{{Name: a, Value: value, State: state}, {Name: b, Value: value, State: StatePresent, Masked: n%2 == 0}},
			Replayable: true, Subject: b, Tenant: a, Method: b, Issuer: a, JTIFingerprint: b, KeyID: a, IgnoredHeaders: []string{b}, CertificateSHA256: b,
			HTTP: &HTTP{Method: a, Host: b, Path: a, TargetSHA256: b}, SourceIP: a, Reason: b, Detail: a, Status: status,
			EvalMicros: when, TotalMicros: when, Reload: &Reload{Digest: a, By: b, Error: a}, Gap: &Gap{From: n, To: n, Dropped: n},
		}
		line := e.AppendJSON(nil)
		wantOneLine(t, line)
		if len(line) > MaxLine {
			t.Fatalf("%d bytes", len(line))
		}
		var any map[string]json.RawMessage
		if err := json.Unmarshal(line, &any); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"subject", "detail", "iss"} {
			var s string
			if raw, ok := any[name]; ok && (json.Unmarshal(raw, &s) != nil || len(s) > MaxField) {
				t.Fatalf("member %s is %d bytes", name, len(s))
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(fullEvent().AppendJSON(nil))
	for _, seed := range []string{
		`{"event":"gap","ts":"2026-01-15T10:00:00Z","seq":1,"from":1,"to":2,"dropped":2}`,
		`{"event":"config_reload","ts":"0000-01-01T00:00:00.5Z","seq":0,"ok":false}`,
		`{"event":"decision","ts":"2026-01-15T10:00:00Z","seq":1,"inputs":[{"name":"\ud800","value":["\ud83d\ude00\udc00"],"state":"invalid"}]}`,
		`{"event":null}`, `[]`, `{`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := Parse(line)
		if err != nil {
			return
		}
		first := e.AppendJSON(nil)
		wantOneLine(t, first)
		again, err := Parse(first)
		if err != nil {
			t.Fatalf("%s is written as %s: %v", line, first, err)
		}
		if second := again.AppendJSON(nil); !bytes.Equal(first, second) {
			t.Fatalf("written as %s, then as %s", first, second)
		}
	})
}
