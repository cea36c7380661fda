package sidecar

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/audit"
	"github.com/gwctl/gwctl/sidecar/authn"
)

// closedSink takes nothing before it is opened.
type closedSink struct {
	audit.Sink
	open chan struct{}
}

func (s closedSink) Write(p []byte) (int, error) {
	<-s.open
	return s.Sink.Write(p)
}

// TestKeyWriter: whoever fetches keys never waits for a sink, even for one that
// blocks, and nothing that found no place is lost without a gap record.
func TestKeyWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		sink := closedSink{audit.NewWriterSink(&out), make(chan struct{})}
		log := audit.New(sink, audit.Options{Queue: 4})
		ctx, stop := context.WithCancel(t.Context())
		w := newKeyWriter(ctx, log)
		const events = 3 * maxKeyRecords
		for range events { // a wait would be for ever: the bubble would tell
			w.write(&record.Event{Kind: record.KindJWKSRefresh, Issuer: "https://idp.test", Refresh: &record.Refresh{Trigger: authn.TriggerScheduled, Result: authn.ResultOK}})
		}
		synctest.Wait() // the sink is asked for the first ones
		stop()
		close(sink.open)
		w.flushed()
		w.write(&record.Event{Kind: record.KindJWKSRefresh, Issuer: "https://idp.test", Refresh: &record.Refresh{Trigger: authn.TriggerScheduled, Result: authn.ResultOK}})
		if err := log.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		var written, left uint64
		for line := range strings.Lines(out.String()) {
			e, err := record.Parse([]byte(line))
			switch {
			case err != nil:
				t.Fatal(err)
			case e.Gap != nil:
				left += e.Gap.Dropped
			default:
				written++
			}
		}
		if written+left != events+1 || left == 0 || written < maxKeyRecords {
			t.Errorf("%d records and %d left out of %d", written, left, events+1)
		}
	})
}
