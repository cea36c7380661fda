package config

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// Audit says where decision records go.
type Audit struct {
	Sinks    []AuditSink // never empty
	Required bool        // without a record there is no answer but 503
}

// AuditSink is one place for records.
type AuditSink struct {
	Path     string        // of a file; "" is standard output
	Format   string        // json or ocsf
	Overflow string        // block or drop
	Queue    int           // records that may wait; default 8192, 16 to 1048576
	Flush    time.Duration // how long a record may wait for others; default 200ms, 1ms to 10s

	// Of a file alone.
	Rotate int64         // size in bytes at which a new file begins; 0 for never
	Age    time.Duration // age at which a new file begins; 0 for never
	Keep   int           // rotated files that are kept; 0 for all
	Fsync  string        // none, interval or always
}

// Ranges of the settings of a sink.
const (
	defaultAuditQueue = 8192
	leastRotate       = 1 << 20
	mostRotate        = 100 << 30
)

func (r *reader) audit(o *document.Object) {
	a := &r.cfg.Audit
	overflow := r.overflow(o, "block")
	a.Required = o.Bool("required")
	sinks := o.List("sinks")
	for _, n := range sinks {
		r.sink(n, overflow)
	}
	if len(a.Sinks) == 0 {
		a.Sinks = []AuditSink{standardOutput(overflow)}
	}
	if len(a.Sinks) > maxSinks {
		r.w.Error(o.Key("sinks"), "bad_setting", "keep at most "+strconv.Itoa(maxSinks), "%d sinks are too many", len(a.Sinks))
	}
	if a.Required && !slices.ContainsFunc(a.Sinks, func(s AuditSink) bool { return s.Overflow == "block" }) {
		r.w.Error(o.Key("required"), "bad_setting", "write overflow: block for the sink that must not miss a record", "records are required, and every sink may drop them")
	}
	o.Done()
}

const maxSinks = 8

func standardOutput(overflow string) AuditSink {
	return AuditSink{Format: "json", Overflow: overflow, Queue: defaultAuditQueue, Flush: defaultAuditFlush, Fsync: "none"}
}

const defaultAuditFlush = 200 * time.Millisecond

// sink reads stdout, {stdout: {…}} or {file: {…}}.
func (r *reader) sink(n *document.Node, overflow string) {
	s := standardOutput(overflow)
	if n.IsScalar() {
		if t := r.w.Text(n, "a sink"); t.IsSet() && t.Value() != "stdout" {
			r.w.Error(n.Span(), "bad_setting", "write stdout, or {file: {path: audit.jsonl}}", "sink %q is not known", t.Value())
		}
		r.addSink(n.Span(), s)
		return
	}
	o := r.w.Object(n, "a sink")
	stdout, file := o.Object("stdout"), o.Object("file")
	o.Done()
	switch {
	case o.Has("stdout") == o.Has("file"):
		r.w.Error(o.Span(), "bad_setting", "write stdout, or {file: {path: audit.jsonl}}; two sinks are two entries of the list", "a sink is stdout or a file")
	case !isMissing(stdout):
		r.sinkSettings(&s, stdout)
		r.addSink(o.Span(), s)
	case !isMissing(file):
		r.sinkSettings(&s, file)
		r.auditFile(&s, file)
		r.addSink(o.Span(), s)
	}
	stdout.Done()
	file.Done()
}

func (r *reader) addSink(at policy.Span, s AuditSink) {
	if slices.ContainsFunc(r.cfg.Audit.Sinks, func(other AuditSink) bool { return other.Path == s.Path }) {
		r.w.Error(at, "bad_setting", "keep one of them", "the same sink stands twice")
	}
	r.cfg.Audit.Sinks = append(r.cfg.Audit.Sinks, s)
}

// sinkSettings are those of any sink.
func (r *reader) sinkSettings(s *AuditSink, o *document.Object) {
	s.Overflow = r.overflow(o, s.Overflow)
	s.Flush = r.duration(o, "flush", s.Flush, time.Millisecond, 10*time.Second)
	s.Format = r.choice(o, "format", s.Format, "json", "ocsf")
	s.Queue = r.number(o, "queue", s.Queue, 16, 1<<20)
}

func (r *reader) auditFile(s *AuditSink, o *document.Object) {
	if path := o.Text("path"); path.IsSet() {
		s.Path = r.resolve(path.Value())
	}
	o.Require("path")
	s.Rotate = r.size(o, "rotate")
	if o.Has("age") {
		s.Age = r.duration(o, "age", 24*time.Hour, time.Minute, 366*24*time.Hour)
	}
	s.Fsync = r.choice(o, "fsync", s.Fsync, "none", "interval", "always")
	if !o.Has("keep") {
		return
	}
	s.Keep = r.number(o, "keep", 1, 1, 10_000)
	if s.Rotate == 0 && s.Age == 0 {
		r.w.Error(o.Key("keep"), "bad_setting", "add rotate: 100MiB or age: 24h", "keep counts rotated files, and nothing rotates the file")
	}
}

func (r *reader) overflow(o *document.Object, def string) string {
	return r.choice(o, "overflow", def, "block", "drop")
}

// choice reads one of a few words.
func (r *reader) choice(o *document.Object, key, def string, words ...string) string {
	t := o.Text(key)
	if !t.IsSet() {
		return def
	}
	if !slices.Contains(words, t.Value()) {
		last := len(words) - 1
		r.w.Error(t.Span(), "bad_setting", "write "+strings.Join(words[:last], ", ")+" or "+words[last], "%s: %q is not known", key, t.Value())
		return def
	}
	return t.Value()
}

// size reads a number of bytes with its unit; 0 for none.
func (r *reader) size(o *document.Object, key string) int64 {
	t := o.Text(key)
	if !t.IsSet() {
		return 0
	}
	for unit, factor := range map[string]int64{"MiB": 1 << 20, "GiB": 1 << 30} {
		digits, ok := strings.CutSuffix(t.Value(), unit)
		n, isNumber := document.ParseInt(digits)
		if ok && isNumber && n > 0 && n <= mostRotate/factor && n*factor >= leastRotate {
			return n * factor
		}
	}
	r.w.Error(t.Span(), "bad_setting", "write a size from 1MiB to 100GiB, as in 100MiB", "%s: %q cannot be used", key, t.Value())
	return 0
}
