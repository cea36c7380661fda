package attacks_test

import (
	"fmt"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/record"
)

// verdict is how a request ends: the answer and its record.
type verdict struct {
	status int
	code   string // of the problem document; "" where there is none
	kind   record.Kind
	reason string // of the record; code if empty
	detail string // of the record
}

// passes is the verdict of a good twin.
var passes = verdict{status: 200, kind: record.KindDecision}

// malformed is a request that two readers could understand differently.
func malformed(rule string) verdict {
	return verdict{status: 400, code: "request_not_canonical", kind: record.KindRequestRejected, detail: rule}
}

// unread is what the HTTP server answers by itself, without a document.
func unread(status int, rule string) verdict {
	return verdict{status: status, kind: record.KindRequestRejected, reason: "request_not_canonical", detail: rule}
}

// denied is a decision against a request.
func denied(status int, reason string) verdict {
	return verdict{status: status, code: reason, kind: record.KindDecision}
}

var (
	noRoute  = denied(403, "no_route")
	noRule   = denied(403, "no_matching_rule")
	nobody   = denied(401, "unauthenticated")
	byRule   = denied(403, "denied_by_rule")
	noMethod = verdict{status: 405, code: "method_not_allowed", kind: record.KindRequestRejected, detail: "method"}
	abuse    = verdict{status: 400, code: "hop_by_hop_abuse", kind: record.KindRequestRejected, detail: "connection_abuse"}
)

// badToken is a credential that is refused; the client does not learn why.
func badToken(reason string) verdict {
	return verdict{status: 401, code: "invalid_token", kind: record.KindAuthnFailure, reason: reason}
}

func (v verdict) compare(e *record.Event) string {
	reason := v.reason
	if reason == "" {
		reason = v.code
	}
	switch {
	case e.Kind != v.kind, e.Status != v.status && v.status != 200:
		return fmt.Sprintf("recorded as %s with status %d, want %s with %d", e.Kind, e.Status, v.kind, v.status)
	case e.Kind == record.KindDecision && v.status == 200:
		if e.Decision.Effect != engine.Allow {
			return "recorded as denied"
		}
	case e.Kind == record.KindDecision:
		if e.Decision.Effect != engine.Deny || e.Decision.Reason != reason {
			return fmt.Sprintf("recorded as %s %s, want %s", e.Decision.Effect, e.Decision.Reason, reason)
		}
	case e.Reason != reason || e.Detail != v.detail:
		return fmt.Sprintf("recorded with %s %q, want %s %q", e.Reason, e.Detail, reason, v.detail)
	}
	return ""
}
