package e2e

import (
	"encoding/json"
	"testing"
	"time"
)

// entry is one line of the audit log, as far as the tests read it.
type entry struct {
	Event     string `json:"event"`
	Seq       uint64 `json:"seq"`
	RequestID string `json:"request_id"`
	Subject   string `json:"subject"`
	Tenant    string `json:"tenant"`
	KeyID     string `json:"key_kid"`
	Reason    string `json:"reason"`
	Detail    string `json:"detail"`
	Status    int    `json:"status"`
	Decision  *struct {
		Effect string `json:"effect"`
		Reason string `json:"reason"`
		Status int    `json:"status"`
		Rule   string `json:"rule"`
		Digest string `json:"set_digest"`
	} `json:"decision"`
	Resource *struct {
		Method string `json:"method"`
		Path   string `json:"path"`
	} `json:"resource"`
	OK     bool   `json:"ok"` // of a reload
	Digest string `json:"digest"`
	By     string `json:"by"`
	Error  string `json:"error"`
}

// ofRequest tells whether the record is about a request.
func (e entry) ofRequest() bool {
	return e.Event == "decision" || e.Event == "authn_failure" || e.Event == "request_rejected"
}

// path gives the path the record is about, "" if it has none.
func (e entry) path() string {
	if e.Resource == nil {
		return ""
	}
	return e.Resource.Path
}

// parseRecords reads an audit log. Every line must be a record, and the
// sequence must have neither hole nor repetition.
func parseRecords(t testing.TB, log []string) []entry {
	t.Helper()
	entries := make([]entry, 0, len(log))
	for i, line := range log {
		var e entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("record %d is no JSON: %v\n%.300s", i+1, err, line)
		}
		if e.Event == "" || e.Event == "gap" || e.Seq != uint64(i+1) {
			t.Fatalf("record %d has number %d: %.300s", i+1, e.Seq, line)
		}
		entries = append(entries, e)
	}
	return entries
}

// record waits for the one record of an answered request.
func (s *sidecar) record(t testing.TB, a answer) entry {
	t.Helper()
	id := a.requestID()
	if id == "" {
		t.Fatalf("an answer %d without request id: %s", a.status, a.body)
	}
	// The record of a header that was removed has the id, too, but no status.
	line := s.stdout.await(t, 5*time.Second, 0, `"request_id":"`+id+`"`, `,"status":`)
	var e entry
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		t.Fatalf("record is no JSON: %v\n%s", err, line)
	}
	return e
}
