package record

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gwctl/gwctl/engine"
)

func fullEvent() *Event {
	return &Event{
		Kind: KindDecision, Time: time.Date(2026, 1, 15, 10, 0, 0, 123456789, time.UTC), Seq: 42,
		DecisionID: "0190-d", RequestID: "0190-r", Door: "ext_authz",
		Decision: &engine.Decision{
			Effect: engine.Deny, Reason: "embargoed_country", Message: "Not available in your region.", Status: 451,
			Rule:    engine.RuleRef{Policy: "guard", Rule: "embargo"},
			Matched: []engine.RuleRef{{Policy: "guard", Rule: "embargo"}},
			Errors:  []engine.RuleError{{Rule: engine.RuleRef{Policy: "orders", Rule: "owner"}, Code: "eval_error", Message: "no such key", Position: "orders.yaml:12:9"}},
			Route:   "GET /orders/{id}", Resource: "order", Action: "read", SetDigest: "sha256:00",
		},
		Inputs: []Input{
			{Name: "user.tenant", Value: json.RawMessage(`"acme"`), State: StatePresent},
			{Name: "user.roles", Value: json.RawMessage(`["admin","support"]`), State: StatePresent},
			{Name: "user.country", State: StatePresent, Masked: true},
			{Name: "env.zone", State: StateAbsent},
			{Name: "resource.owner", State: StateUnavailable},
			{Name: "resource.amount", Value: json.RawMessage(`-1e400`), State: StateInvalid},
			{Name: "resource.tenant", State: StateInvalid},
			{Name: "resource.zone", State: StateConflict},
		},
		Subject: "alice", Tenant: "acme", Method: "jwt", Issuer: "https://idp.example.com", JTIFingerprint: "sha256:0123456789ab", KeyID: "k1", IgnoredHeaders: []string{"jku", "x5c"}, CertificateSHA256: "00ff",
		HTTP:     &HTTP{Method: "GET", Host: "api.example.com", Path: "/orders/42", TargetSHA256: "00ff"},
		SourceIP: "192.0.2.10", TrustedChain: []string{"10.0.0.2", "10.0.0.3"}, Cache: &Cache{JWKS: "stale", Introspection: "hit"}, Stale: true,
		Reason: "expired", Detail: "header", Status: 451, EvalMicros: 12, TotalMicros: 345,
		Reload: &Reload{OK: true, Digest: "sha256:11", By: "signal", Error: "parse",
			Diff: &Diff{Added: []string{"p/a"}, Removed: []string{"p/r"}, Changed: []string{"p/c", "p/d"}, More: 2, Other: true}},
		Refresh:   &Refresh{Trigger: "unknown_kid", Result: "ok", Added: []string{"k2"}, Removed: []string{"k1"}, Keys: 1, Forced: true},
		Provider:  &Provider{State: "degraded", Was: "up", Breaker: "open"},
		Stripped:  &Stripped{Reason: "identity", Header: "x-user-id", Count: 9},
		Process:   &Process{Version: "v1.0.0", Digest: "sha256:22", Instance: "a1b2"},
		Purge:     &Purge{By: "admin", Kind: "sub", Fingerprint: "sha256:33", Tokens: 2, Introspection: 1},
		Session:   &Session{End: "backchannel", Subject: "sha256:44", Session: "sha256:55", Token: "sha256:66"},
		Secret:    &Secret{Use: "assertion.key", Fingerprint: "hmac:77", Expires: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
		Insecure:  []string{"--insecure-fail-open"},
		Gap:       &Gap{From: 3, To: 5, Dropped: 3},
		Truncated: true,
	}
}

func TestRoundTrip(t *testing.T) {
	full := fullEvent()
	for v, i := reflect.ValueOf(*full), 0; i < v.NumField(); i++ {
		name := v.Type().Field(i).Name
		if v.Field(i).IsZero() && name != "Replayable" { // false, as an input is masked
			t.Errorf("field %s of the sample is empty: extend the sample and the codec", name)
		}
	}
	clear := fullEvent()
	clear.Inputs, clear.Replayable = clear.Inputs[:2], true
	at := time.Unix(1, 0).UTC()
	tests := map[string]*Event{
		"full":             full,
		"replayable":       clear,
		"decision only":    {Kind: KindDecision, Time: at, Seq: 1, Decision: &engine.Decision{Status: 403}},
		"authn failure":    {Kind: KindAuthnFailure, Time: at, Seq: 2, Reason: "invalid_signature", Status: 401},
		"rejected":         {Kind: KindRequestRejected, Time: at, Seq: 3, Reason: "bad_path", Detail: "encoded_slash", HTTP: &HTTP{}},
		"reload":           {Kind: KindConfigReload, Time: at, Seq: 4, Reload: &Reload{}},
		"gap":              {Kind: KindGap, Time: at, Seq: 1<<64 - 1, Gap: &Gap{To: 1<<64 - 2}},
		"keys":             {Kind: KindJWKSRefresh, Time: at, Seq: 5, Issuer: "https://idp.example.com", Refresh: &Refresh{}},
		"provider":         {Kind: KindIdPState, Time: at, Seq: 6, Provider: &Provider{}},
		"headers":          {Kind: KindHeaderStripped, Time: at, Seq: 7, Stripped: &Stripped{}},
		"process":          {Kind: KindProcessStart, Time: at, Seq: 8, Process: &Process{}},
		"empty parts":      {Kind: KindDecision, Time: at, Seq: 9, Cache: &Cache{}, Reload: &Reload{Diff: &Diff{}}},
		"purge":            {Kind: KindCachePurge, Time: at, Seq: 10, Purge: &Purge{}},
		"session":          {Kind: KindSession, Time: at, Seq: 11, Session: &Session{}},
		"secret":           {Kind: KindSecretLoaded, Time: at, Seq: 12, Secret: &Secret{}},
		"insecure":         {Kind: KindInsecureMode, Time: at, Seq: 13, Insecure: []string{"x"}},
		"fail open":        {Kind: KindFailOpen, Time: at, Seq: 14, Reason: "attribute_unavailable", Status: 503, HTTP: &HTTP{}},
		"kind of tomorrow": {Kind: "tomorrow", Time: at},
	}
	for name, e := range tests {
		t.Run(name, func(t *testing.T) {
			line := e.AppendJSON(nil)
			got, err := Parse(line)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if !reflect.DeepEqual(got, e) {
				t.Errorf("%s\nread as %+v\nwant    %+v", line, got, e)
			}
			if again, err := Parse(append(line, '\n')); err != nil || !reflect.DeepEqual(again, e) {
				t.Errorf("with a line end: %v", err)
			}
		})
	}
}

func TestAppendJSONText(t *testing.T) {
	e := &Event{
		Kind: KindGap, Time: time.Date(2026, 1, 15, 12, 0, 0, 5000, time.FixedZone("", 7200)), Seq: 8,
		Gap: &Gap{From: 3, To: 7, Dropped: 5},
	}
	const want = `{"seq":8,"event":"gap","ts":"2026-01-15T10:00:00.000005Z","from":3,"to":7,"dropped":5}`
	if got := string(e.AppendJSON([]byte("before "))); got != "before "+want {
		t.Errorf("got  %s\nwant %s", got, "before "+want)
	}
}

func TestAppendJSONKeepsEvent(t *testing.T) {
	e := fullEvent()
	e.Subject = strings.Repeat("x", 2*MaxField)
	e.Replayable = true
	before := *e
	e.AppendJSON(nil)
	if !reflect.DeepEqual(*e, before) {
		t.Error("the event was changed")
	}
}

func TestStrings(t *testing.T) {
	long := strings.Repeat("é", MaxField) // two bytes each
	tests := map[string]struct{ in, text, read string }{
		"plain":        {"a b/c", `"a b/c"`, "a b/c"},
		"quotes":       {`a"b\c`, `"a\"b\\c"`, `a"b\c`},
		"line ends":    {"a\r\nb\tc", `"a\r\nb\tc"`, "a\r\nb\tc"},
		"escape":       {"\x1b[31m\x00\x7f", `"\u001b[31m\u0000\u007f"`, "\x1b[31m\x00\x7f"},
		"separators":   {"a\u2028b\u2029c\u0085", `"a\u2028b\u2029c\u0085"`, "a\u2028b\u2029c\u0085"},
		"bidi":         {"\u202eexe\u2066\u200f\ufeff", `"\u202eexe\u2066\u200f\ufeff"`, "\u202eexe\u2066\u200f\ufeff"},
		"beyond BMP":   {"\U0001f600\U000e0001", "\"\U0001f600\\udb40\\udc01\"", "\U0001f600\U000e0001"},
		"not UTF-8":    {"caf\xe9\xff", `"caf` + "\ufffd\ufffd" + `"`, "caf\ufffd\ufffd"},
		"at the bound": {strings.Repeat("x", MaxField), `"` + strings.Repeat("x", MaxField) + `"`, strings.Repeat("x", MaxField)},
		"cut":          {long, `"` + long[:1020] + `…"`, long[:1020] + "…"},
		"cut, as stray bytes grow": {strings.Repeat("\xff", 400), `"` + strings.Repeat("\ufffd", 340) + `…"`,
			strings.Repeat("\ufffd", 340) + "…"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := string(appendString(nil, tt.in)); got != tt.text {
				t.Errorf("wrote %s, want %s", got, tt.text)
			}
			e := &Event{Kind: KindAuthnFailure, Detail: tt.in, KeyID: tt.in, HTTP: &HTTP{Path: tt.in}, Stripped: &Stripped{Header: tt.in}}
			got, err := Parse(e.AppendJSON(nil))
			if err != nil {
				t.Fatal(err)
			}
			if got.Detail != tt.read || got.KeyID != tt.read || got.HTTP.Path != tt.read || got.Stripped.Header != tt.read {
				t.Errorf("read %q, want %q", got.Detail, tt.read)
			}
		})
	}
}

// The quick look at eight bytes sees what a look at each byte sees.
func TestPlain(t *testing.T) {
	for c := range 256 {
		for at := range 19 {
			s := []byte("abcdefgh!ijk lmn~op")
			s[at] = byte(c)
			want := c >= ' ' && c < 0x7f && c != '"' && c != '\\'
			if got := plain(string(s)); got != want {
				t.Errorf("%q is plain: %v", s, got)
			}
		}
	}
}

func TestDecisionStrings(t *testing.T) {
	e := &Event{Kind: KindDecision, Decision: &engine.Decision{
		Message: "a\x1b\u202e\u2028", Errors: []engine.RuleError{{Message: strings.Repeat("<\"é", MaxField)}},
	}}
	line := e.AppendJSON(nil)
	wantOneLine(t, line)
	if bytes.ContainsAny(line, "\u202e\u2028\x1b") {
		t.Errorf("unprintable characters in %q", line)
	}
	got, err := Parse(line)
	if err != nil {
		t.Fatal(err)
	}
	if got.Decision.Message != e.Decision.Message {
		t.Errorf("message reads %q", got.Decision.Message)
	}
	if m := got.Decision.Errors[0].Message; len(m) > MaxField || !strings.HasPrefix(m, "<\"é<\"é") || !strings.HasSuffix(m, "…") {
		t.Errorf("error message is %d bytes, %q", len(m), m)
	}
}

func TestValues(t *testing.T) {
	str := func(n int, s string) string { return `"` + strings.Repeat(s, n) + `"` }
	tests := map[string]struct {
		in, want string // an empty want is a masked input
	}{
		"string":                 {`"acme"`, `"acme"`},
		"number is kept":         {`1.50e+3`, `1.50e+3`},
		"null":                   {`null`, `null`},
		"white space":            {"{ \"a b\" :\n[ 1,\t2 ] }\r", `{"a b":[1,2]}`},
		"own escapes are kept":   {`"\/\u0041\ud800\n"`, `"\/\u0041\ud800\n"`},
		"unprintable is escaped": {"\"\u2028\u202e\x7f\"", `"\u2028\u202e\u007f"`},
		"long string":            {str(MaxField, "x"), str(MaxField, "x")},
		"escapes count as text":  {str(512, `\u00e9`), str(512, `\u00e9`)},
		"too long string":        {str(MaxField+1, "x"), ""},
		"too long, escaped":      {str(513, `\u00e9`), ""},
		"too long name":          {`{` + str(MaxField+1, "x") + `:1}`, ""},
		"pairs count as one":     {str(256, `\ud83d\ude00`), str(256, `\ud83d\ude00`)},
		"too many pairs":         {str(257, `\ud83d\ude00`), ""},
		"too long list":          {`[` + strings.Repeat("1,", MaxValue/2) + `1]`, ""},
		"grows too long":         {`["` + strings.Repeat(strings.Repeat("\x7f", 1000)+`","`, 3) + `"]`, ""},
		"no JSON":                {`{"a":}`, ""},
		"two values":             {`1 2`, ""},
		"closes the record":      {`1},"x":{`, ""},
		"not UTF-8":              {"\"\xff\"", ""},
		"nothing":                {``, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := &Event{Kind: KindDecision, Replayable: true, Inputs: []Input{{Name: "user.x", State: StatePresent, Value: json.RawMessage(tt.in)}}}
			line := e.AppendJSON(nil)
			wantOneLine(t, line)
			got, err := Parse(line)
			if err != nil {
				t.Fatal(err)
			}
			in := got.Inputs[0]
			if string(in.Value) != tt.want || in.Masked != (tt.want == "") || got.Replayable != (tt.want != "") {
				t.Errorf("value %.60q, masked %v, replayable %v; want value %.60q", in.Value, in.Masked, got.Replayable, tt.want)
			}
		})
	}
}

func TestWithheldValues(t *testing.T) {
	secret := json.RawMessage(`"s3cret"`)
	for name, in := range map[string]Input{
		"masked":         {State: StatePresent, Masked: true, Value: secret},
		"masked invalid": {State: StateInvalid, Masked: true, Value: secret},
		"absent":         {State: StateAbsent, Value: secret},
		"unavailable":    {State: StateUnavailable, Value: secret},
		"in conflict":    {State: StateConflict, Value: secret},
		"unknown state":  {State: "maybe", Value: secret},
	} {
		t.Run(name, func(t *testing.T) {
			e := &Event{Kind: KindDecision, Inputs: []Input{in}}
			if line := e.AppendJSON(nil); bytes.Contains(line, []byte("s3cret")) {
				t.Errorf("the value is in %s", line)
			}
			e.Inputs[0] = Input{State: StatePresent, Value: secret}
			if line := e.AppendJSON(nil); !bytes.Contains(line, []byte(`"value":"s3cret"`)) {
				t.Errorf("a present value is not in %s", line)
			}
		})
	}
}

func TestLineBound(t *testing.T) {
	e := fullEvent()
	e.Truncated = false
	if line := e.AppendJSON(nil); bytes.Contains(line, []byte("truncated")) {
		t.Fatalf("a short line is marked: %s", line)
	}
	for range MaxLine / len(`"policy/rule",`) {
		e.Decision.Matched = append(e.Decision.Matched, engine.RuleRef{Policy: "policy", Rule: "rule"})
	}
	line := e.AppendJSON(nil)
	wantOneLine(t, line)
	got, err := Parse(line)
	if err != nil {
		t.Fatal(err)
	}
	if len(line) > MaxLine || !got.Truncated || got.Replayable || got.Inputs != nil || got.Decision.Matched != nil {
		t.Errorf("%d bytes: %.300s", len(line), line)
	}
	if got.Decision.Reason != e.Decision.Reason || got.Decision.Rule != e.Decision.Rule || got.Subject != e.Subject {
		t.Errorf("the rest is lost: %s", line)
	}
}

func wantOneLine(t testing.TB, line []byte) {
	t.Helper()
	if !json.Valid(line) || !utf8.Valid(line) || bytes.ContainsAny(line, "\n\r\u2028\u2029\x1b\x00") {
		t.Fatalf("not one clean line of JSON: %q", line)
	}
}
