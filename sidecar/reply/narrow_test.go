package reply_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/sidecar/reply"
)

// nginx passes on 401 and 403; whatever else it gets becomes a 500.
func TestNarrow(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer reply.Answer
		status int
		told   string // HeaderStatus
		kept   string // a header that stays
	}{
		{"401", reply.Unauthenticated(asked), 401, "", "Www-Authenticate"},
		{"403", reply.Decided(engine.Decision{Reason: engine.ReasonNoMatchingRule, Status: 403}, asked), 403, "", ""},
		{"400", reply.Rejected(400, reply.ReasonNotCanonical, asked), 403, "400", ""},
		{"405", reply.Rejected(405, "method_not_allowed", asked), 403, "405", "Allow"},
		{"451", reply.Decided(engine.Decision{Reason: "embargoed", Status: 451}, asked), 403, "451", ""},
		{"503", reply.Unavailable(reply.ReasonDependencyUnavailable, time.Second, asked), 403, "503", "Retry-After"},
	} {
		before := tt.answer.Header.Clone()
		a := tt.answer.Narrow()
		if a.Status != tt.status || a.Header.Get(reply.HeaderStatus) != tt.told || a.Reason != tt.answer.Reason {
			t.Errorf("%s: %d %q %s", tt.name, a.Status, a.Header.Get(reply.HeaderStatus), a.Reason)
		}
		if tt.kept != "" && a.Header.Get(tt.kept) != before.Get(tt.kept) || tt.answer.Header.Get(reply.HeaderStatus) != "" {
			t.Errorf("%s: headers %v, of the first %v", tt.name, a.Header, tt.answer.Header)
		}
		var old, p problem
		if err := json.Unmarshal(tt.answer.Body, &old); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(a.Body, &p); err != nil || !strings.HasSuffix(string(a.Body), "\n") {
			t.Fatalf("%s: the body %q: %v", tt.name, a.Body, err)
		}
		old.Status, old.Title = tt.status, http.StatusText(tt.status)
		if p != old {
			t.Errorf("%s: the body says %+v, want %+v", tt.name, p, old)
		}
	}
	if a := (reply.Answer{Status: 200, Header: http.Header{}, Body: []byte("?")}).Narrow(); a.Status != 403 || string(a.Body) != "{}\n" {
		t.Errorf("what is no problem document becomes %d %q", a.Status, a.Body)
	}
}
