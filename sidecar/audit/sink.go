package audit

import "io"

// Sink is where the lines go. A Log calls it from one goroutine at a time.
type Sink interface {
	// Write takes whole lines, each with its end. An error is taken as
	// passing: what was not written is offered again until it is accepted.
	io.Writer

	// Sync makes what was written survive a crash of the machine, as far as
	// the sink can. It is called as the output's Fsync says, and before Close.
	Sync() error

	// Reopen looks whether the sink's file was moved away, and begins a new one.
	Reopen() error

	// Close ends the sink; it is not used afterwards.
	Close() error
}

// NewWriterSink writes to w, standard output for instance. Its Sync, Reopen and
// Close do nothing; w stays open.
func NewWriterSink(w io.Writer) Sink { return writerSink{w} }

type writerSink struct{ io.Writer }

func (writerSink) Sync() error   { return nil }
func (writerSink) Reopen() error { return nil }
func (writerSink) Close() error  { return nil }
