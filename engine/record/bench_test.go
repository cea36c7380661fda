package record

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
)

// ordinary is the record that most requests leave.
func ordinary() *Event {
	return &Event{
		Kind: KindDecision, Time: time.Date(2026, 1, 15, 10, 0, 0, 123456789, time.UTC), Seq: 42,
		DecisionID: "0190a1b2-7a4e-7000-8000-0123456789ab", RequestID: "0190a1b2-7a4e-7000-8000-ba9876543210", Door: "proxy",
		Decision: &engine.Decision{
			Effect: engine.Allow, Reason: "allowed", Status: 200, Rule: engine.RuleRef{Policy: "orders", Rule: "tenant-reads"},
			Matched: []engine.RuleRef{{Policy: "orders", Rule: "tenant-reads"}},
			Route:   "GET /tenants/{tenant}/orders/{id}", Resource: "order", Action: "read",
			SetDigest: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		},
		Inputs: []Input{
			{Name: "user.tenant", Value: json.RawMessage(`"acme"`), State: StatePresent},
			{Name: "user.roles", Value: json.RawMessage(`["admin","support"]`), State: StatePresent},
			{Name: "resource.tenant", Value: json.RawMessage(`"acme"`), State: StatePresent},
			{Name: "env.time", Value: json.RawMessage(`"2026-01-15T10:00:00.123456789Z"`), State: StatePresent},
			{Name: "env.zone", State: StateAbsent},
		},
		Replayable: true,
		Subject:    "alice", Tenant: "acme", Method: "jwt", Issuer: "https://idp.example.com", JTIFingerprint: "sha256:0123456789ab", KeyID: "k1",
		HTTP:     &HTTP{Method: "GET", Host: "api.example.com", Path: "/tenants/acme/orders/42", TargetSHA256: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
		SourceIP: "192.0.2.10", Status: 200, EvalMicros: 12, TotalMicros: 345,
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	for name, format := range map[string]Format{"json": JSON, "ocsf": OCSF} {
		for kind, e := range map[string]*Event{"ordinary": ordinary(), "full": fullEvent()} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				var buf []byte
				b.ReportAllocs()
				for b.Loop() {
					buf = format.AppendTail(format.AppendHead(buf[:0], e.Seq), e)
				}
				b.SetBytes(int64(len(buf)))
			})
		}
	}
}

// A record of the ordinary kind costs no memory beyond its bytes.
func TestAppendJSONAllocates(t *testing.T) {
	e := ordinary()
	for name, format := range map[string]Format{"json": JSON, "ocsf": OCSF} {
		buf := make([]byte, 0, 8<<10)
		if n := testing.AllocsPerRun(100, func() { buf = format.AppendTail(format.AppendHead(buf[:0], 1), e) }); n > 3 || format == JSON && n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
