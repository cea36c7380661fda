package audit

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Sink is where the lines go. A Log calls it from one goroutine at a time.
type Sink interface {
	// Write takes whole lines, each with its end. An error is taken as
	// passing: what was not written is offered again until it is accepted.
	io.Writer

	// Sync makes what was written survive a crash of the machine, as far as
	// the sink can. It is called once, before Close.
	Sync() error

	// Close ends the sink; it is not used afterwards.
	Close() error
}

// OpenFile opens the regular file at path for appending, and creates it for
// its owner alone (mode 0600) if it is not there; the mode of an existing file
// stays. A line that a crash has cut short is ended, so that the next record
// starts on a line of its own.
func OpenFile(path string) (Sink, error) {
	// Opening a pipe would wait for its reader.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open audit log %s: not a regular file", path)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open audit log: %w", err)
	}
	if err := endLine(f); err != nil {
		return nil, errors.Join(fmt.Errorf("open audit log: %w", err), f.Close())
	}
	return f, nil
}

func endLine(f *os.File) error {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	var last [1]byte
	if _, err := f.ReadAt(last[:], info.Size()-1); err != nil {
		return err
	}
	if last[0] == '\n' {
		return nil
	}
	_, err = f.Write([]byte{'\n'})
	return err
}

// NewWriterSink writes to w, standard output for instance. Its Sync and Close
// do nothing; w stays open.
func NewWriterSink(w io.Writer) Sink { return writerSink{w} }

type writerSink struct{ io.Writer }

func (writerSink) Sync() error  { return nil }
func (writerSink) Close() error { return nil }
