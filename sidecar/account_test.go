package sidecar_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/record"
)

// lock is a writer that takes nothing while it is shut.
type lock struct {
	to   *buffer
	open chan struct{}
}

func (l *lock) Write(p []byte) (int, error) {
	<-l.open
	return l.to.Write(p)
}

// Whatever a slow sink makes of its records, answers are records and what gaps
// tell.
func TestAnswersAreAccountedFor(t *testing.T) {
	r := start(t, setup{slow: true, spec: "  audit: {sinks: [{stdout: {queue: 16, flush: 1ms, overflow: drop}}]}"})
	var running sync.WaitGroup
	var answers atomic.Int64
	for range 4 {
		running.Go(func() {
			for range 50 {
				if got := r.get("GET /public/x"); got.status == http.StatusOK {
					answers.Add(1)
				}
			}
		})
	}
	running.Wait()
	if n := r.metric(`gwctl_audit_records_total{result="dropped",sink="stdout"}`); n == "0" || n == "" {
		t.Errorf("dropped %q", n)
	}
	close(r.slow.open)
	r.cancel()
	<-r.ended
	var lines, dropped, next uint64 = 0, 0, 1
	for _, e := range r.all() {
		switch {
		case e.Gap != nil:
			if e.Gap.From != next || e.Gap.To != e.Seq || e.Gap.Dropped != e.Gap.To-e.Gap.From+1 {
				t.Errorf("a gap %+v with the number %d, where %d was next", *e.Gap, e.Seq, next)
			}
			dropped += e.Gap.Dropped
		case e.Seq != next:
			t.Errorf("number %d, where %d was next", e.Seq, next)
		case e.Kind == record.KindDecision:
			lines++
		}
		next = e.Seq + 1
	}
	// What is dropped may be about keys, too: those records are few.
	if got := uint64(answers.Load()); got != 200 || lines+dropped < got || lines+dropped > got+8 || dropped == 0 {
		t.Errorf("%d answers, %d records and %d dropped", got, lines, dropped)
	}
}

// Where records are required, a stuck sink is answered with 503, quickly, and
// nothing goes to the service; afterwards all goes on.
func TestRequiredRecords(t *testing.T) {
	r := start(t, setup{more: shared, slow: true, spec: "  audit: {sinks: [{stdout: {queue: 16, flush: 1ms}}], required: true}\n  resource_metadata: [{resource: \"https://app.test\"}]"})
	refused := 0
	until(r, "the queue to be full and the sink to be stuck", func() bool {
		return r.get("GET /public/filling").status == http.StatusServiceUnavailable
	})
	began := time.Now()
	seen := r.forwarded(func() {
		for _, line := range []string{"GET /public/refused", "GET /a/../refused", "GET /nowhere/refused", "OPTIONS /shared/7", "GET /.well-known/oauth-protected-resource"} {
			got := r.get(line, page, asks+"PUT")
			if got.status != http.StatusServiceUnavailable || got.code(t) != "audit_unavailable" || got.header.Get("Retry-After") == "" {
				t.Errorf("answer %s", got.raw)
			}
			if got.closes != (line == "GET /a/../refused") || got.header.Get("Access-Control-Allow-Methods") != "" {
				t.Errorf("answer %s", got.raw)
			}
			refused++
		}
	})
	if seen != "" {
		t.Errorf("the service got %q", seen)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("%d refusals took %v", refused, took)
	}
	close(r.slow.open)
	until(r, "answers to come again", func() bool { return r.get("GET /public/again").status == http.StatusOK })
	if got := r.get("OPTIONS /shared/7", page, asks+"PUT"); got.status != http.StatusNoContent {
		t.Errorf("answer %s", got.raw)
	}
	if got := r.get("GET /.well-known/oauth-protected-resource"); got.status != http.StatusOK {
		t.Errorf("answer %s", got.raw)
	}
	r.cancel()
	<-r.ended
	var gaps uint64
	for _, e := range r.all() {
		if e.HTTP != nil && e.HTTP.Path == "/public/refused" && (e.Decision == nil || e.Decision.Allowed() || e.Decision.Reason != "audit_unavailable" || e.Status != 503) {
			t.Errorf("recorded %s", e.AppendJSON(nil))
		}
		if e.Gap != nil {
			gaps += e.Gap.Dropped
		}
	}
	if gaps == 0 {
		t.Error("no gap tells of the refusals")
	}
}
