package sidecar_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/policy"
)

// stop ends the sidecar and gives its records. It makes sure that there is one
// for every answer, and no secret anywhere.
func (r *rig) stop() []*record.Event {
	r.Helper()
	r.cancel()
	<-r.ended
	if r.err != nil {
		r.Errorf("Run: %v", r.err)
	}
	events := r.all()
	var answers int64
	for i, e := range events {
		if e.Seq != uint64(i+1) || (e.Kind == record.KindProcessStart) != (i == 0) {
			r.Errorf("record %d has the number %d and is of kind %s", i+1, e.Seq, e.Kind)
		}
		switch e.Kind {
		case record.KindDecision, record.KindAuthnFailure, record.KindRequestRejected, record.KindAnswered, record.KindFailOpen:
			answers++
		}
	}
	if got := r.answers.Load(); got != answers {
		r.Errorf("%d answers, %d records of them\n%s", got, answers, r.out.String())
	}
	r.repeat(events)
	for _, secret := range r.secrets {
		for name, text := range map[string]string{"records": r.out.String(), "log": r.log.String()} {
			if i := strings.Index(text, secret); i >= 0 {
				r.Errorf("the %s hold %q: %s", name, secret, text[max(0, i-200):min(len(text), i+200)])
			}
		}
	}
	return r.records()
}

// repeat makes every decision again that its record says can be, where it was
// made by the set that the rig begins with.
func (r *rig) repeat(events []*record.Event) {
	r.Helper()
	src, found := policy.Load([]policy.File{{Path: "set.yaml", Data: []byte(policies)}})
	set, more := engine.Compile(src)
	if found.HasErrors() || more.HasErrors() {
		r.Fatalf("%v %v", found, more)
	}
	for _, e := range events {
		if !e.Replayable || e.Decision.SetDigest != set.Digest() || e.Decision.Reason == "claim_not_representable" || e.Decision.Reason == "claims_too_large" {
			continue
		}
		q, unknown := e.Question()
		req, unusable := set.Recall(q)
		d := set.Decide(req)
		if len(unknown) > 0 || len(unusable) > 0 || d.Effect != e.Decision.Effect || d.Reason != e.Decision.Reason || d.HTTPStatus() != e.Decision.Status ||
			d.Rule != e.Decision.Rule || d.Route != e.Decision.Route || d.Action != e.Decision.Action || !slices.Equal(d.Matched, e.Decision.Matched) {
			r.Errorf("recorded %s\nagain %+v, unknown %q, unusable %q", e.AppendJSON(nil), d, unknown, unusable)
		}
		r.repeated++
	}
}

// background are the kinds of records that come by themselves, before and
// between those of what a test does.
var background = []record.Kind{record.KindProcessStart, record.KindJWKSRefresh, record.KindIdPState, record.KindHeaderStripped, record.KindSecretLoaded, record.KindInsecureMode}

// records gives what has been written so far about requests and reloads.
func (r *rig) records() []*record.Event {
	r.Helper()
	return slices.DeleteFunc(r.all(), func(e *record.Event) bool { return slices.Contains(background, e.Kind) })
}

// all gives every record written so far.
func (r *rig) all() []*record.Event {
	r.Helper()
	var out []*record.Event
	for line := range strings.Lines(r.out.String()) {
		if !strings.HasSuffix(line, "\n") {
			break // being written
		}
		e, err := record.Parse([]byte(line))
		if err != nil {
			r.Fatalf("%v: %s", err, line)
		}
		out = append(out, e)
	}
	return out
}

// last gives the last record of a kind.
func last(t testing.TB, events []*record.Event, kind record.Kind) *record.Event {
	t.Helper()
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].Kind == kind {
			return events[i]
		}
	}
	t.Fatalf("no record of kind %s", kind)
	return nil
}

// input finds an input of a decision.
func input(t testing.TB, e *record.Event, name string) record.Input {
	t.Helper()
	i := slices.IndexFunc(e.Inputs, func(in record.Input) bool { return in.Name == name })
	if i < 0 {
		t.Fatalf("no input %s in %+v", name, e.Inputs)
	}
	return e.Inputs[i]
}

func TestDecisionRecord(t *testing.T) {
	r := start(t, setup{})
	user := bearer(r.user(`{"roles":["customer"],"tenant":"acme"}`))
	if got := r.get("POST /items/7?q=1", user, "Content-Length: 0"); got.status != http.StatusOK {
		t.Fatalf("answer %s", got.raw)
	}
	e := last(t, r.stop(), record.KindDecision)
	if r.repeated != 1 {
		t.Errorf("%d decisions were made again", r.repeated)
	}
	if e.Subject != "alice" || e.Tenant != "acme" || e.Method != "jwt" || e.Issuer != r.idp.url || e.Door != "proxy" || e.Status != 200 || !e.Replayable {
		t.Errorf("recorded %+v", e)
	}
	if !strings.HasPrefix(e.JTIFingerprint, "sha256:") || e.KeyID == "" || len(e.DecisionID) != 36 || e.Decision.SetDigest == "" {
		t.Errorf("recorded %+v", e)
	}
	if in := input(t, e, "user.roles"); string(in.Value) != `["customer"]` || in.Masked || in.State != record.StatePresent {
		t.Errorf("roles are recorded as %+v", in)
	}
	if in := input(t, e, "resource.id"); string(in.Value) != `"7"` {
		t.Errorf("the id is recorded as %+v", in)
	}
}

// What may be a secret is in no record and in no log, whatever a rule reads
// (ATTACKS A49, A115, A116).
func TestNoSecrets(t *testing.T) {
	r := start(t, setup{})
	user := bearer(r.user(`{"roles":["customer"],"clearance":"c0smic-clearance"}`))
	r.secrets = append(r.secrets, "c0smic-clearance")
	const canary = "canary-7f3a"
	r.secrets = append(r.secrets, canary)
	bad := user[:len(user)-8] + "AAAAAAAA"
	r.secrets = append(r.secrets, bad[len(bad)-30:])
	for _, headers := range [][]string{
		{user, "X-Plan: pro"},
		{"X-Plan: pro", "Cookie: session=" + canary},
		{"X-Plan: pro", "X-API-Key: " + canary},
		{"X-Plan: pro", "DPoP: " + canary},
		{"X-Plan: pro", "X-Vault-Token: " + canary},
		{"X-Plan: pro", "X-Amz-Security-Token: " + canary},
		{"X-Plan: pro", "Private-Key: " + canary},
		{"X-Plan: pro", "X-Session-Id: " + canary},
		{"X-Plan: pro", "X-Auth: " + canary},
		{"X-Plan: pro", "X-Client-Secret: " + canary},
		{"X-Plan: pro", "Referer: https://app.test/?access_token=" + canary},
		{"X-Plan: pro", "X-Anything: Bearer " + canary},
		{"X-Plan: pro", "X-Anything: eyJ" + canary},
		{bad, "X-Plan: pro"},
	} {
		r.get("GET /peek/7?access_token="+canary+"&q="+canary, headers...)
		r.get("GET /glance/7?access_token="+canary, headers...)
		r.get("GET /nowhere?access_token="+canary, headers...)
		r.get("GET /a/../b?access_token="+canary, headers...)
	}
	// An evaluation error quotes what it stumbled over.
	if got := r.get("GET /lookup/7", user); got.status != http.StatusForbidden || got.code(t) != "no_matching_rule" {
		t.Errorf("answer %s", got.raw)
	}
	if got := r.send("GET /items/7 HTTP/1.1\r\nHost: app.test\r\nX-Token : " + canary + "\r\n\r\n"); got.status != http.StatusBadRequest {
		t.Errorf("answer %s", got.raw)
	}
	events := r.stop()
	e := last(t, events, record.KindDecision)
	if len(e.Decision.Errors) != 1 || e.Decision.Errors[0].Code != "eval_error" || e.Decision.Errors[0].Position == "" || e.Decision.Errors[0].Message != "" {
		t.Errorf("recorded %+v", e.Decision.Errors)
	}
	for _, e := range events {
		if e.Kind == record.KindDecision && e.Decision.Action == "glance" && !input(t, e, "request.headers").Masked {
			t.Errorf("headers are recorded: %+v", e.Inputs)
		}
	}
	first := events[1]
	for name, masked := range map[string]bool{"user.clearance": true, "request.query": true, "request.headers": true, "resource.id": false} {
		if in := input(t, first, name); in.Masked != masked || (in.Value == nil) != masked || in.State != record.StatePresent {
			t.Errorf("%s is recorded as %+v", name, in)
		}
	}
	if first.Replayable {
		t.Error("a record with masked inputs says that it can be replayed")
	}
}

// Headers without a secret are recorded: the mask is not just always on.
func TestHarmlessHeaders(t *testing.T) {
	r := start(t, setup{})
	if got := r.get("GET /glance/7", "X-Plan: pro", "Accept: text/html"); got.status != http.StatusOK {
		t.Errorf("answer %s", got.raw)
	}
	e := last(t, r.stop(), record.KindDecision)
	if in := input(t, e, "request.headers"); in.Masked || string(in.Value) != `{"accept":["text/html"],"x-plan":["pro"]}` || !e.Replayable {
		t.Errorf("recorded %+v, replayable %v", in, e.Replayable)
	}
}

// Whatever a client writes, a record is one line of JSON (ATTACKS A115).
func TestRecordIsOneLine(t *testing.T) {
	r := start(t, setup{})
	for _, line := range []string{`GET /public/%22%7D`, "GET /public/%E2%80%A8", `GET /public/'"`, "GET /public/%3Cscript%3E"} {
		r.get(line, `User-Agent: "}`+"\t\x1b[31m", "X-Request-ID: \"}")
		r.get(line, `User-Agent: "}`)
	}
	if n := len(r.stop()); n != 9 {
		t.Errorf("%d records", n)
	}
}
