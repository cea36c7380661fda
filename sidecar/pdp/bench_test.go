package pdp_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/sidecar/audit"
	"github.com/gwctl/gwctl/sidecar/pdp"
)

// BenchmarkRequest is a decision with its record: authenticated, mapped,
// decided, written to nowhere.
func BenchmarkRequest(b *testing.B) {
	r := newRig(b)
	log := audit.New(audit.NewWriterSink(io.Discard), audit.Options{})
	point := pdp.New(pdp.Options{
		Clock: time.Now, NewID: func() string { return "0190a1b2-7a4e-7000-8000-0123456789ab" }, Audit: log, Metrics: r.metrics, Reader: r.reader,
		Logger: slog.New(slog.DiscardHandler), Verify: (*engine.Set).Verify,
	})
	point.Swap(r.snapshot(configure(b, "anonymous: deny", "anonymous: allow"), user(`{"sub":"alice","roles":["customer"]}`)))
	req := httptest.NewRequest(http.MethodGet, "/items/7", nil)
	req.Header.Set("Authorization", "Bearer x")
	c, rejection := r.reader.Read(req)
	if rejection != nil {
		b.Fatal(rejection.Err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if out := point.Begin().Request(b.Context(), c, nil, "proxy"); !out.Allowed {
			b.Fatalf("%+v", out)
		}
	}
	if err := log.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
}
