package audit

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
)

func TestOpenFile(t *testing.T) {
	tests := map[string]struct{ before, want string }{
		"empty":             {"", "one\n"},
		"with lines":        {"zero\n", "zero\none\n"},
		"with a cut line":   {`{"event":"dec`, "{\"event\":\"dec\none\n"},
		"with a blank line": {"zero\n\n", "zero\n\none\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "audit.jsonl")
			if err := os.WriteFile(path, []byte(tt.before), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := OpenFile(path, FileOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Write([]byte("one\n")); err != nil {
				t.Fatal(err)
			}
			if err := s.Sync(); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != tt.want {
				t.Errorf("file holds %q, want %q (%v)", got, tt.want, err)
			}
		})
	}
}

func TestOpenFileMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	s, err := OpenFile(path, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got&0o077 != 0 {
		t.Errorf("created with mode %v, others may read it", got)
	}
}

func TestOpenFileRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, path := range map[string]string{
		"directory":    dir,
		"device":       os.DevNull,
		"no directory": filepath.Join(dir, "none", "audit.jsonl"),
	} {
		t.Run(name, func(t *testing.T) {
			if s, err := OpenFile(path, FileOptions{}); err == nil {
				s.Close()
				t.Error("opened")
			} else if !strings.HasPrefix(err.Error(), "open audit log") {
				t.Errorf("error %q does not say what failed", err)
			}
		})
	}
}

func TestWriterSink(t *testing.T) {
	var out bytes.Buffer
	l := New(NewWriterSink(&out), Options{})
	l.Write(&record.Event{Kind: record.KindConfigReload})
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if events := readEvents(t, out.String()); len(events) != 1 || events[0].Seq != 1 || events[0].Time.IsZero() {
		t.Errorf("wrote %q", out.String())
	}
}
