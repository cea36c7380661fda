// Package audit takes decision records from the goroutines that serve requests
// to one sink or several, in order and counted.
//
// Open sinks with [OpenFile] or [NewWriterSink], give them to [Start] or [New],
// hand events to [Log.Write] or [Log.TryWrite], and call [Log.Close] when the
// last request is done. Every event gets a sequence number, the same in every
// sink; in each sink a number has a line, or a gap record says that it has none.
// Numbers start at 1 in every process.
//
// The package never drops an event unless told to (Overflow), or unless records
// are required and a sink is stuck, and never without saying so. It does not
// look for secrets in events.
package audit
