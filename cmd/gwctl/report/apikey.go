package report

import (
	"fmt"
	"io"
)

// APIKey is the output of `apikey new`.
type APIKey struct {
	Envelope
	Summary APIKeySummary `json:"summary"`
}

// APIKeySummary holds a new key. It is shown here and stored nowhere.
type APIKeySummary struct {
	ID      string `json:"id"`
	Key     string `json:"key"`
	Hash    string `json:"hash"`
	Expires string `json:"expires"` // RFC 3339
	Record  string `json:"record"`  // to append to the file of keys
}

// Write prints the record to out and, as text, the key apart from it: so that the
// record can be appended to a file and the key cannot get there.
func (k *APIKey) Write(out, apart io.Writer, format string) error {
	if format == "json" {
		return writeJSON(out, k)
	}
	if _, err := io.WriteString(out, k.Summary.Record); err != nil {
		return err
	}
	_, err := fmt.Fprintf(apart, "key of %s until %s, shown this once:\n%s\n", k.Summary.ID, k.Summary.Expires, k.Summary.Key)
	return err
}
