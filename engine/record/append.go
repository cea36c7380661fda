package record

import (
	"slices"
	"strconv"
	"time"

	"github.com/gwctl/gwctl/engine"
)

// AppendJSON appends the event as one line of JSON, without the line's end,
// and returns the extended buffer. It cannot fail and does not change the
// event. In strings, what is not printable (CR, LF, ESC, U+2028, bidirectional
// controls, …) is escaped and bytes that are not UTF-8 become U+FFFD, so that
// no string can end the line or drive a terminal.
func (e *Event) AppendJSON(dst []byte) []byte {
	start := len(dst)
	dst = e.appendLine(dst)
	if len(dst)-start <= MaxLine {
		return dst
	}
	// Only the lists have no bound of their own.
	short := *e
	short.Inputs, short.Replayable, short.Truncated = nil, false, true
	if d := e.Decision; d != nil {
		short.Decision = &engine.Decision{
			Effect: d.Effect, Reason: d.Reason, Message: d.Message, Status: d.Status, Rule: d.Rule, Attribute: d.Attribute,
			Route: d.Route, Resource: d.Resource, Action: d.Action, SetDigest: d.SetDigest,
		}
	}
	return short.appendLine(dst[:start])
}

func (e *Event) appendLine(dst []byte) []byte {
	dst = append(dst, `{"event":`...)
	dst = appendString(dst, string(e.Kind))
	dst = append(dst, `,"ts":"`...)
	dst = e.Time.UTC().AppendFormat(dst, time.RFC3339Nano)
	dst = append(dst, `","seq":`...)
	dst = strconv.AppendUint(dst, e.Seq, 10)
	dst = appendText(dst, "decision_id", e.DecisionID)
	dst = appendText(dst, "request_id", e.RequestID)
	dst = appendText(dst, "door", e.Door)
	dst = appendDecision(dst, e.Decision)
	dst, masked := appendInputs(dst, e.Inputs)
	if e.Kind == KindDecision || e.Replayable {
		dst = appendBool(dst, "replayable", e.Replayable && !masked)
	}
	dst = appendText(dst, "subject", e.Subject)
	dst = appendText(dst, "tenant", e.Tenant)
	dst = appendText(dst, "authn_method", e.Method)
	dst = appendText(dst, "iss", e.Issuer)
	dst = appendText(dst, "jti_fp", e.JTIFingerprint)
	dst = appendText(dst, "key_kid", e.KeyID)
	if h := e.HTTP; h != nil {
		dst = append(dst, `,"resource":{"method":`...)
		dst = appendString(dst, h.Method)
		dst = appendText(dst, "host", h.Host)
		dst = appendText(dst, "path", h.Path)
		dst = appendText(dst, "path_raw_sha256", h.TargetSHA256)
		dst = append(dst, '}')
	}
	dst = appendText(dst, "source_ip", e.SourceIP)
	dst = appendText(dst, "reason", e.Reason)
	dst = appendText(dst, "detail", e.Detail)
	if e.Status != 0 {
		dst = appendInt(dst, "status", int64(e.Status))
	}
	if e.Kind == KindDecision || e.EvalMicros != 0 {
		dst = appendInt(dst, "eval_us", e.EvalMicros)
	}
	if e.Kind == KindDecision || e.TotalMicros != 0 {
		dst = appendInt(dst, "total_us", e.TotalMicros)
	}
	if r := e.Reload; r != nil {
		dst = appendBool(dst, "ok", r.OK)
		dst = appendText(dst, "digest", r.Digest)
		dst = appendText(dst, "by", r.By)
		dst = appendText(dst, "error", r.Error)
	}
	if g := e.Gap; g != nil {
		dst = strconv.AppendUint(append(dst, `,"from":`...), g.From, 10)
		dst = strconv.AppendUint(append(dst, `,"to":`...), g.To, 10)
		dst = strconv.AppendUint(append(dst, `,"dropped":`...), g.Dropped, 10)
	}
	if e.Truncated {
		dst = appendBool(dst, "truncated", true)
	}
	return append(dst, '}')
}

// appendDecision goes through the decision's one JSON form, so that a new
// member of it is recorded without a change here.
func appendDecision(dst []byte, d *engine.Decision) []byte {
	if d == nil {
		return dst
	}
	text, err := d.MarshalJSON()
	if err != nil {
		return dst
	}
	out, ok := appendClean(append(slices.Grow(dst, len(text)), `,"decision":`...), text, true)
	if !ok {
		return dst
	}
	return out
}

func appendInputs(dst []byte, inputs []Input) (out []byte, masked bool) {
	if len(inputs) == 0 {
		return dst, false
	}
	dst = append(dst, `,"inputs":[`...)
	for i, in := range inputs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"name":`...)
		dst = appendString(dst, in.Name)
		hidden := in.Masked
		if !hidden && (in.State == StatePresent || in.State == StateInvalid && in.Value != nil) {
			value, ok := appendValue(append(dst, `,"value":`...), in.Value)
			if ok {
				dst = value
			}
			hidden = !ok
		}
		dst = appendText(dst, "state", in.State)
		if hidden {
			dst = appendBool(dst, "masked", true)
			masked = true
		}
		dst = append(dst, '}')
	}
	return append(dst, ']'), masked
}

// appendText writes nothing for an empty string.
func appendText(dst []byte, name, s string) []byte {
	if s == "" {
		return dst
	}
	return appendString(appendName(dst, name), s)
}

func appendInt(dst []byte, name string, n int64) []byte {
	return strconv.AppendInt(appendName(dst, name), n, 10)
}

func appendBool(dst []byte, name string, b bool) []byte {
	return strconv.AppendBool(appendName(dst, name), b)
}

func appendName(dst []byte, name string) []byte {
	dst = append(dst, `,"`...)
	dst = append(dst, name...)
	return append(dst, `":`...)
}
