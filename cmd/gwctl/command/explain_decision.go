package command

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gwctl/gwctl/cmd/gwctl/report"
	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/explain"
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/sidecar/reply"
)

// decisionID is what a sidecar makes, and a little more. It stands in no text
// of JSON in another spelling.
var decisionID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

// checkDecision checks the flags of an explanation by record.
func (o *explainOptions) checkDecision(given *pflag.FlagSet) error {
	switch {
	case o.decision == "" && (o.log != "" || o.anyway):
		return usage("add --decision ID", "--log and --anyway go with --decision")
	case o.decision == "":
		return nil
	case o.log == "":
		return usage("add --log FILE, the file that records are written to", "--decision needs the log that has the record")
	case o.request != "":
		return usage("a record brings its own request", "--decision cannot be used together with a request")
	case !decisionID.MatchString(o.decision):
		return usage("it is the decision_id of the record and of the answer's body", "%.100q is no decision id", o.decision)
	}
	for _, name := range []string{"case", "user", "token", "claims", "config", "env", "attr", "header", "at", "ip"} {
		if given.Changed(name) {
			return usage("a record brings its own user and circumstances", "--decision cannot be used together with --%s", name)
		}
	}
	return nil
}

// runDecision explains a recorded decision.
func runDecision(o *explainOptions) error {
	l, err := mustLoad(o.policies)
	if err != nil {
		return err
	}
	found, err := o.findRecord()
	if err != nil {
		return err
	}
	out := report.Explanation{Envelope: report.NewEnvelope("explain"), Notes: []string{}}
	out.Diagnostics = append(out.Diagnostics, l.found...)
	if err := o.explainRecord(l, found, &out); err != nil {
		return err
	}
	out.Summarize()
	if err := out.Write(o.streams.Out, o.output, o.streams.Color); err != nil {
		return internal(err, "")
	}
	return nil
}

func (o *explainOptions) findRecord() (*foundRecord, error) {
	log := &recordLog{id: o.decision}
	found, err := log.find(o.log)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, internal(err, "give the file that records are written to; its rotated files are found by it")
	case err != nil && !errors.Is(err, errNoRecord):
		return nil, internal(err, "see that the file can be read; a compressed one ends in .gz")
	case err == nil:
		return found, nil
	}
	hint := "see that the id is whole, and that the log is that of the process which answered"
	switch {
	case len(log.broken) > 0:
		hint = "these lines could not be read: " + strings.Join(log.broken, ", ")
		if log.others > 0 {
			hint += fmt.Sprintf(" and %d more", log.others)
		}
	case log.ocsf:
		hint = "the log has OCSF events, which cannot be read back; give one that is written with format: json"
	}
	return nil, internal(fmt.Errorf("no record of the decision %s among %d lines", o.decision, log.lines), hint)
}

func (o *explainOptions) explainRecord(l *loaded, f *foundRecord, out *report.Explanation) error {
	out.Request, out.User = recordedRequest(f), "anonymous"
	if f.Method != "" {
		out.User = strings.TrimSpace(f.Subject + " (" + f.Method + ")")
	}
	out.Recorded = &report.Recorded{Place: f.place, Time: f.Time, Seq: f.Seq, Kind: string(f.Kind), Unknown: []string{}, Differences: []string{}}
	out.Response = report.Response{Status: f.Status, Reason: f.Reason, Headers: map[string]string{}}
	if f.Decision == nil {
		out.Recorded.Effect, out.Recorded.Reason = "deny", f.Reason
		out.Notes = append(out.Notes, "answered before any rule was asked: "+f.Reason)
		return nil
	}
	d := *f.Decision
	out.Recorded.Effect, out.Recorded.Reason, out.Recorded.Digest = d.Effect.String(), d.Reason, d.SetDigest
	out.Response = recordedAnswer(f)
	if d.SetDigest != l.set.Digest() {
		if !o.anyway {
			return &failure{
				code: exitNotLoad, err: fmt.Errorf("the decision was made by another set: %s, and %s is %s", orNone(d.SetDigest), o.policies, l.set.Digest()),
				hint: "give the policies of that time with -p, or add --anyway to see what these ones say",
			}
		}
		out.Notes = append(out.Notes, "the decision was made by another set; this is what "+o.policies+" says")
	}
	if !f.Replayable && len(f.Inputs) == 0 {
		why := "its inputs are not in the record"
		if f.Truncated {
			why = "it was too long, and its inputs were left out"
		}
		out.Notes = append(out.Notes, "the decision cannot be repeated: "+why)
		out.Explain = &explain.Explanation{Decision: d, Step: "as recorded", Inputs: []explain.Input{}, Rules: []explain.Rule{}}
		return nil
	}
	q, unknown := f.Question()
	req, unusable := l.set.Recall(q)
	unknown = append(unknown, unusable...)
	for _, i := range req.Reads().Slots {
		name := req.Values().Layout().Attr(i).FullName()
		if !slices.ContainsFunc(f.Inputs, func(in record.Input) bool { return in.Name == name && !(in.Shadow && in.Masked) }) {
			unknown = append(unknown, name)
			req.Values().Recall(i, slot.Unavailable, slot.Value{}, record.ErrNotTold)
		}
	}
	slices.Sort(unknown)
	if out.Recorded.Unknown = slices.Compact(unknown); len(unknown) > 0 {
		out.Notes = append(out.Notes, "masked or missing in the record: "+strings.Join(out.Recorded.Unknown, ", ")+"; the decision is told as recorded, and of the rules what does not depend on these")
		x := explain.Partial(req, d)
		out.Explain = &x
		return nil
	}
	x := explain.Explain(l.set, req)
	out.Explain = &x
	out.Recorded.Repeated = true
	out.Recorded.Differences = differences(&d, &x.Decision)
	o.explainShadow(f, req, &x, out)
	if bySidecar(d.Reason) && x.Decision.Allowed() {
		out.Recorded.Differences = []string{}
		out.Notes = append(out.Notes, "the rules allowed it; the sidecar refused: "+d.Reason)
	}
	return nil
}

// explainShadow compares what shadow rules came to, where the record tells all
// that they read. Elsewhere it is told as recorded.
func (o *explainOptions) explainShadow(f *foundRecord, req *engine.Request, x *explain.Explanation, out *report.Explanation) {
	was := f.Decision.Shadow
	var reads []string
	for _, i := range req.ShadowReads() {
		reads = append(reads, req.Values().Layout().Attr(i).FullName())
	}
	if was != nil && !f.ShadowKnown(reads) {
		out.Notes = append(out.Notes, "masked or missing in the record: what only shadow rules read; what they came to is told as recorded")
		x.Recorded(was)
		return
	}
	if is := x.Decision.Shadow; shadowText(was) != shadowText(is) {
		out.Recorded.Differences = append(out.Recorded.Differences, fmt.Sprintf("with the shadow rules it was %s and is %s", shadowText(was), shadowText(is)))
	}
}

// shadowText says what shadow rules came to.
func shadowText(s *engine.Shadow) string {
	if s == nil {
		return "none"
	}
	text := s.Effect.String() + " " + s.Reason
	for _, r := range s.Results {
		text += " " + r.Rule.String() + ":" + r.Outcome
	}
	return text
}

// bySidecar tells the reasons with which the sidecar refuses what the rules
// have allowed.
func bySidecar(reason string) bool {
	return slices.Contains([]string{reply.ReasonNotRepresentable, reply.ReasonClaimsTooLarge, reply.ReasonAuditUnavailable}, reason)
}

// differences tells in which points a decision made again is another one.
func differences(was, is *engine.Decision) []string {
	out := []string{}
	differ := func(what string, a, b any) {
		if x, y := fmt.Sprint(a), fmt.Sprint(b); x != y {
			out = append(out, fmt.Sprintf("%s was %s and is %s", what, orNone(x), orNone(y)))
		}
	}
	codes := func(d *engine.Decision) (list []string) {
		for _, e := range d.Errors {
			list = append(list, e.Rule.String()+":"+e.Code)
		}
		return list
	}
	differ("effect", was.Effect, is.Effect)
	differ("reason", was.Reason, is.Reason)
	differ("status", was.HTTPStatus(), is.HTTPStatus())
	differ("rule", was.Rule, is.Rule)
	differ("route", was.Route, is.Route)
	differ("action", was.Resource+" "+was.Action, is.Resource+" "+is.Action)
	differ("attribute", was.Attribute, is.Attribute)
	differ("matched rules", was.Matched, is.Matched)
	differ("failed rules", codes(was), codes(is))
	differ("scopes", was.Scopes, is.Scopes)
	return out
}

func orNone(s string) string {
	if s == "" || s == "[]" || s == " " {
		return "none"
	}
	return s
}

func recordedRequest(f *foundRecord) string {
	if h := f.HTTP; h != nil {
		return strings.TrimSpace(h.Method + " " + h.Host + h.Path)
	}
	if d := f.Decision; d != nil {
		return strings.TrimSpace(d.Resource + " " + d.Action)
	}
	return string(f.Kind)
}

// recordedAnswer is the answer that was given, without what depends on more
// than the decision.
func recordedAnswer(f *foundRecord) report.Response {
	if f.Decision.Allowed() {
		return report.Response{Status: http.StatusOK, Reason: f.Decision.Reason, Headers: map[string]string{}}
	}
	return response(reply.Decided(*f.Decision, reply.Context{RequestID: f.RequestID, DecisionID: f.DecisionID}))
}
