package sidecar

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gwctl/gwctl/sidecar/audit"
)

// The mode is recorded when it begins and every hour, and not at all without a
// flag.
func TestInsecureModeIsRecordedHourly(t *testing.T) {
	for open, want := range map[bool]int{true: 3, false: 0} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			s := &Sidecar{o: Options{FailOpen: open, Clock: time.Now, Logger: slog.New(slog.DiscardHandler)}, audit: audit.New(audit.NewWriterSink(&out), audit.Options{})}
			ctx, cancel := context.WithCancel(t.Context())
			go s.warn(ctx)
			time.Sleep(2*time.Hour + 30*time.Minute)
			cancel()
			synctest.Wait()
			if err := s.audit.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(out.String(), `"event":"insecure_mode"`); n != want {
				t.Errorf("flag %t: %d records, want %d", open, n, want)
			}
		})
	}
}
