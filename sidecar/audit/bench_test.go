package audit

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/record"
)

// decision is the record of an ordinary request.
func decision() *record.Event {
	return &record.Event{
		Kind: record.KindDecision, DecisionID: "0190a1b2-7a4e-7000-8000-0123456789ab", RequestID: "0190a1b2-7a4e-7000-8000-ba9876543210", Door: "proxy",
		Decision: &engine.Decision{
			Effect: engine.Allow, Reason: "allowed", Status: 200, Rule: engine.RuleRef{Policy: "orders", Rule: "tenant-reads"},
			Matched: []engine.RuleRef{{Policy: "orders", Rule: "tenant-reads"}}, Route: "GET /orders/{id}", Resource: "order", Action: "read",
			SetDigest: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		},
		Inputs: []record.Input{
			{Name: "user.tenant", Value: json.RawMessage(`"acme"`), State: record.StatePresent},
			{Name: "user.roles", Value: json.RawMessage(`["admin"]`), State: record.StatePresent},
			{Name: "resource.tenant", Value: json.RawMessage(`"acme"`), State: record.StatePresent},
		},
		Replayable: true, Subject: "alice", Tenant: "acme", Method: "jwt", Issuer: "https://idp.example.com", KeyID: "k1",
		HTTP:     &record.HTTP{Method: "GET", Host: "api.example.com", Path: "/orders/42", TargetSHA256: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
		SourceIP: "192.0.2.10", Status: 200, EvalMicros: 12, TotalMicros: 345,
	}
}

// BenchmarkWrite is the cost of a record from the request to the sink.
func BenchmarkWrite(b *testing.B) {
	b.Run("nowhere", func(b *testing.B) { benchmark(b, Output{Sink: NewWriterSink(nowhere{})}) })
	b.Run("file", func(b *testing.B) {
		f, err := OpenFile(filepath.Join(b.TempDir(), "audit.jsonl"), FileOptions{Rotate: 100 << 20, Keep: 1})
		if err != nil {
			b.Fatal(err)
		}
		benchmark(b, Output{Sink: f})
	})
	b.Run("both", func(b *testing.B) {
		f, err := OpenFile(filepath.Join(b.TempDir(), "audit.jsonl"), FileOptions{Rotate: 100 << 20, Keep: 1})
		if err != nil {
			b.Fatal(err)
		}
		benchmark(b, Output{Sink: f}, Output{Sink: NewWriterSink(nowhere{}), Format: record.OCSF})
	})
}

func benchmark(b *testing.B, outputs ...Output) {
	l := Start(Options{}, outputs...)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		e := decision()
		for pb.Next() {
			l.Write(e)
		}
	})
	if err := l.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
