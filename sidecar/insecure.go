package sidecar

import (
	"context"
	"time"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/pdp"
)

const warnEvery = time.Hour

// insecure names the --insecure-… flags in force.
func (s *Sidecar) insecure() []string {
	if s.o.FailOpen {
		return []string{pdp.FlagFailOpen}
	}
	return nil
}

// warn records the --insecure-… flags at once and every hour, until ctx ends.
func (s *Sidecar) warn(ctx context.Context) {
	flags := s.insecure()
	if len(flags) == 0 {
		return
	}
	ticker := time.NewTicker(warnEvery)
	defer ticker.Stop()
	for {
		s.o.Logger.Warn("gwctl runs with a flag that weakens it", "flags", flags)
		s.audit.Write(&record.Event{Kind: record.KindInsecureMode, Time: s.o.Clock(), Insecure: flags})
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
