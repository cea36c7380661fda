package jsonschema

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/record"
)

// sampleRecords are records of every kind, with every member between them.
func sampleRecords() []*record.Event {
	at := time.Date(2026, 1, 15, 10, 0, 0, 123456789, time.UTC)
	maxAge := int64(300)
	ref := engine.RuleRef{Policy: "orders", Rule: "owner"}
	full := &record.Event{
		Kind: record.KindDecision, DecisionID: "d", RequestID: "r", Door: "proxy",
		Decision: &engine.Decision{
			Effect: engine.Deny, Reason: "embargo", Message: "Not here.", Status: 451, Rule: ref, Matched: []engine.RuleRef{ref},
			Errors:    []engine.RuleError{{Rule: ref, Code: "eval_error", Message: "no such key", Position: "a.yaml:1:2"}, {Code: "eval_error"}},
			Attribute: "user.a", Scopes: []string{"s"}, Obligations: []engine.Obligation{{Name: "X-A", Value: "b"}},
			Challenge: &engine.Challenge{Error: "e", ACRValues: []string{"gold"}, MaxAge: &maxAge},
			Shadow:    &engine.Shadow{Reason: "r", Rule: ref, Results: []engine.ShadowResult{{Rule: ref, Outcome: "error", Code: "eval_error"}}},
			Route:     "GET /x", Resource: "order", Action: "read", SetDigest: "sha256:0",
		},
		Inputs: []record.Input{
			{Name: "user.a", State: record.StatePresent, Value: json.RawMessage(`{"a":[1,"x",null]}`)}, {Name: "user.b", State: record.StatePresent, Masked: true},
			{Name: "user.c", State: record.StateAbsent}, {Name: "user.d", State: record.StateUnavailable}, {Name: "user.e", State: record.StateInvalid}, {Name: "user.f", State: record.StateConflict}, {Name: "user.g", State: record.StateAbsent, Shadow: true},
		},
		Subject: "alice", Tenant: "acme", Method: "jwt", Issuer: "https://idp.example.com", JTIFingerprint: "sha256:0123456789ab", KeyID: "k1", IgnoredHeaders: []string{"jwk"}, CertificateSHA256: "00ff",
		HTTP: &record.HTTP{Method: "GET", Host: "a", Path: "/x", TargetSHA256: "00"}, SourceIP: "192.0.2.1", TrustedChain: []string{"10.0.0.1"},
		Cache: &record.Cache{JWKS: "stale", Introspection: "hit"}, Stale: true, Status: 451, EvalMicros: 1, TotalMicros: 2, Truncated: true,
	}
	list := []*record.Event{
		full,
		{Kind: record.KindDecision, Decision: &engine.Decision{}, Status: 403},
		{Kind: record.KindAuthnFailure, Reason: "token_expired", Detail: "exp", Status: 401},
		{Kind: record.KindRequestRejected, Reason: "request_not_canonical", Detail: "path", Status: 400, HTTP: &record.HTTP{}},
		{Kind: record.KindWebSocketClosed, DecisionID: "d", Reason: "idle", Detail: "1001", TotalMicros: 9},
		{Kind: record.KindAnswered, Reason: "preflight", Status: 204},
		{Kind: record.KindHeaderStripped, Stripped: &record.Stripped{Reason: "identity", Header: "x-user-id", Count: 3}},
		{Kind: record.KindConfigReload, Reload: &record.Reload{OK: true, Digest: "sha256:1", By: "file", Error: "empty", Diff: &record.Diff{
			Added: []string{"p/a"}, Removed: []string{"p/b"}, Changed: []string{"p/c"}, More: 1, Other: true}}},
		{Kind: record.KindJWKSRefresh, Issuer: "https://idp.example.com", Refresh: &record.Refresh{Trigger: "start", Result: "ok", Added: []string{"k"}, Removed: []string{"l"}, Keys: 1}},
		{Kind: record.KindIdPState, Issuer: "https://idp.example.com", Provider: &record.Provider{State: "down", Was: "up", Breaker: "open"}},
		{Kind: record.KindCachePurge, Purge: &record.Purge{By: "admin", Kind: "sub", Fingerprint: "sha256:0", Tokens: 1, Introspection: 2}},
		{Kind: record.KindSession, Issuer: "https://idp.example.com", Session: &record.Session{End: "backchannel", Subject: "sha256:0", Session: "sha256:1", Token: "sha256:2"}},
		{Kind: record.KindSecretLoaded, Secret: &record.Secret{Use: "assertion.key", Fingerprint: "hmac:0", Expires: at}},
		{Kind: record.KindInsecureMode, Insecure: []string{"--insecure-fail-open"}},
		{Kind: record.KindFailOpen, Reason: "attribute_unavailable", Status: 503, HTTP: &record.HTTP{Method: "GET"}},
		{Kind: record.KindProcessStart, Process: &record.Process{Version: "v1", Digest: "sha256:1", Instance: "i"}},
		{Kind: record.KindGap, Gap: &record.Gap{From: 12, To: 12, Dropped: 1}},
		{Kind: "tomorrow"},
	}
	for i, e := range list {
		e.Seq, e.Time = uint64(i+1), at
	}
	return list
}

// TestRecords: the members of the records and those of the schema are the same,
// at every depth. What ajv says about the same records is in sidecar/e2e/schema.
func TestRecords(t *testing.T) {
	tab, err := newTable(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	schema := tab.recordKind()
	var text bytes.Buffer
	seen := map[string]bool{}
	for _, e := range sampleRecords() {
		line := e.AppendJSON(nil)
		if _, err := record.Parse(line); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		text.Write(append(line, '\n'))
		var value map[string]any
		if err := json.Unmarshal(line, &value); err != nil {
			t.Fatal(err)
		}
		membersOf(value, "", seen)
	}
	known := map[string]bool{}
	propertiesOf(schema, "", known)
	for path := range seen {
		if !known[path] {
			t.Errorf("records have %s, and the schema does not", path)
		}
	}
	for path := range known {
		if !seen[path] {
			t.Errorf("the schema has %s, and no record does", path)
		}
	}
	path := filepath.Join("testdata", "records.jsonl")
	if *update {
		if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, text.Bytes()) {
		t.Errorf("%s is stale: run go test ./cmd/gwctl/jsonschema -update (%v)", path, err)
	}
}

func membersOf(value any, at string, seen map[string]bool) {
	switch v := value.(type) {
	case map[string]any:
		if strings.HasSuffix(at, ".value") || strings.HasSuffix(at, ".set_headers") {
			return
		}
		for name, member := range v {
			seen[at+"."+name] = true
			membersOf(member, at+"."+name, seen)
		}
	case []any:
		for _, item := range v {
			membersOf(item, at, seen)
		}
	}
}

func propertiesOf(n *node, at string, known map[string]bool) {
	for _, m := range n.Properties {
		known[at+"."+m.name] = true
		propertiesOf(m.of, at+"."+m.name, known)
	}
	if n.Items != nil {
		propertiesOf(n.Items, at, known)
	}
}

// TestRecordKinds: every kind of record has its members in the schema, and the
// page says what each member of a record is.
func TestRecordKinds(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "records.md"))
	if err != nil {
		t.Fatal(err)
	}
	tab, err := newTable(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	propertiesOf(tab.recordKind(), "", known)
	for path := range known {
		names := strings.Split(path, ".")
		// Members of the decision have their own page.
		if (len(names) == 2 || names[1] != "decision") && !bytes.Contains(page, []byte("`"+names[len(names)-1]+"`")) {
			t.Errorf("docs/records.md does not tell %s", path)
		}
	}
	var kinds []string
	for _, k := range recordKinds() {
		kinds = append(kinds, string(k.kind))
		if !bytes.Contains(page, []byte("\n| `"+k.kind+"` |")) {
			t.Errorf("docs/records.md does not tell the event %s", k.kind)
		}
	}
	for _, e := range sampleRecords() {
		if e.Kind != "tomorrow" && !slices.Contains(kinds, string(e.Kind)) {
			t.Errorf("the schema does not say what %s has", e.Kind)
		}
	}
}
