package schema

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// TestRecords: records of every kind are valid, and none is without what its
// kind needs or with a member too many.
func TestRecords(t *testing.T) {
	x := setUp(t)
	data, err := os.ReadFile(filepath.Join(top, filepath.FromSlash(testdata), "records.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var good, bad []json.RawMessage
	var why []string
	for line := range bytes.Lines(data) {
		good = append(good, bytes.TrimSpace(line))
		var members map[string]json.RawMessage
		if err := json.Unmarshal(line, &members); err != nil {
			t.Fatal(err)
		}
		spoil := func(reason string, change func(map[string]json.RawMessage)) {
			other := maps.Clone(members)
			change(other)
			text, err := json.Marshal(other)
			if err != nil {
				t.Fatal(err)
			}
			bad, why = append(bad, text), append(why, string(members["event"])+" "+reason)
		}
		for _, name := range []string{"seq", "event", "ts", "decision", "replayable", "refresh", "idp", "stripped", "process", "ok", "from", "to", "dropped"} {
			if _, has := members[name]; has {
				spoil("without "+name, func(m map[string]json.RawMessage) { delete(m, name) })
			}
		}
		spoil("with a stranger", func(m map[string]json.RawMessage) { m["stranger"] = []byte("1") })
		spoil("with a number for a text", func(m map[string]json.RawMessage) { m["door"] = []byte("1") })
		spoil("with a time of somewhere", func(m map[string]json.RawMessage) { m["ts"] = []byte(`"2026-01-15T10:00:00+01:00"`) })
	}
	for i, ok := range x.valid(t, "Record", good) {
		if !ok {
			t.Errorf("not valid: %s", good[i])
		}
	}
	for i, ok := range x.valid(t, "Record", bad) {
		if ok {
			t.Errorf("valid %s: %s", why[i], bad[i])
		}
	}
	if len(good) < 10 || len(bad) < 50 {
		t.Errorf("%d records and %d spoilt ones", len(good), len(bad))
	}
}
