package authn

import (
	"os"
	"testing"
	"time"
)

// The example of a file of keys can be read on any day to come: a record that has
// ended is no error, and its date only moves further into the past.
func TestKeyFileOfTheExamples(t *testing.T) {
	const path = "../../examples/authn/keys.yaml"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, now := range []time.Time{time.Now(), time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC), time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if f, found := parseKeyFile(path, data, now); len(found) > 0 || f.count != 2 {
			t.Errorf("on %s: %v", now.Format(time.DateOnly), found)
		}
	}
	if _, found := parseKeyFile(path, data, time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)); !found.HasErrors() {
		t.Error("over a year ahead is no error")
	}
}
