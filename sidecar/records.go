package sidecar

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/audit"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/health"
)

// openAudit opens the sinks and starts the log.
func (s *Sidecar) openAudit() error {
	a := s.o.Config.Audit
	if len(a.Sinks) == 0 {
		a.Sinks = []config.AuditSink{{}} // standard output, with every default
	}
	var outputs []audit.Output
	files := 0
	for _, sink := range a.Sinks {
		out, err := s.output(sink)
		if sink.Path != "" {
			// A path is not for /metrics, which everybody may read.
			if files++; files > 1 {
				out.Name += "_" + strconv.Itoa(files)
			}
		}
		if err != nil {
			for _, opened := range outputs {
				_ = opened.Sink.Close() // nothing was written to it
			}
			return err
		}
		outputs = append(outputs, out)
	}
	s.audit = audit.Start(audit.Options{Required: a.Required, Clock: s.o.Clock, Logger: s.o.Logger}, outputs...)
	s.metrics.Audit(func() []health.AuditStats {
		var all []health.AuditStats
		for _, stats := range s.audit.Stats() {
			all = append(all, health.AuditStats(stats))
		}
		return all
	})
	return nil
}

func (s *Sidecar) output(c config.AuditSink) (audit.Output, error) {
	out := audit.Output{Name: "stdout", Overflow: c.Overflow, Queue: c.Queue, Flush: c.Flush, Fsync: map[string]audit.Fsync{
		"interval": audit.FsyncInterval, "always": audit.FsyncAlways,
	}[c.Fsync]}
	if c.Format == "ocsf" {
		out.Format = record.OCSF
	}
	if c.Path == "" {
		out.Sink = audit.NewWriterSink(s.o.Stdout)
		return out, nil
	}
	file, err := audit.OpenFile(c.Path, audit.FileOptions{
		Rotate: c.Rotate, Age: c.Age, Keep: c.Keep, Sync: out.Fsync != audit.FsyncNone, Clock: s.o.Clock, Logger: s.o.Logger,
	})
	if err != nil {
		return out, fmt.Errorf("opening the audit file: %w", err)
	}
	out.Name, out.Sink = "file", file
	return out, nil
}

// closeAudit writes the records that are left. They have time of their own:
// losing them because a client was slow would be silent.
func (s *Sidecar) closeAudit() error {
	if s.keys != nil {
		s.keys.records.flushed()
	}
	flush, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	if err := s.audit.Close(flush); err != nil {
		return fmt.Errorf("closing the records: %w", err)
	}
	return nil
}
