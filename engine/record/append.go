package record

import (
	"strconv"
	"time"

	"github.com/gwctl/gwctl/engine"
)

// headSize is the most that a line takes beside its tail: the head, a number
// and room for a line's end.
const headSize = 64

// AppendJSON appends the event as one line of JSON, without the line's end,
// and returns the extended buffer. It cannot fail and does not change the
// event. In strings, what is not printable (CR, LF, ESC, U+2028, bidirectional
// controls, …) is escaped and bytes that are not UTF-8 become U+FFFD, so that
// no string can end the line or drive a terminal.
func (e *Event) AppendJSON(dst []byte) []byte {
	return JSON.AppendTail(JSON.AppendHead(dst, e.Seq), e)
}

// appendTail writes all but the number, with which a line begins.
func (e *Event) appendTail(dst []byte) []byte {
	start := len(dst)
	dst = e.appendMembers(dst)
	if len(dst)-start <= MaxLine-headSize {
		return dst
	}
	return e.shortened().appendMembers(dst[:start])
}

// shortened leaves out the lists, which alone have no bound of their own.
func (e *Event) shortened() *Event {
	short := *e
	short.Inputs, short.Replayable, short.Truncated = nil, false, true
	if d := e.Decision; d != nil {
		short.Decision = &engine.Decision{
			Effect: d.Effect, Reason: d.Reason, Message: d.Message, Status: d.Status, Rule: d.Rule, Attribute: d.Attribute,
			Route: d.Route, Resource: d.Resource, Action: d.Action, SetDigest: d.SetDigest,
		}
	}
	return &short
}

func (e *Event) appendMembers(dst []byte) []byte {
	dst = appendText(dst, "event", string(e.Kind))
	if e.Kind == "" {
		dst = append(dst, `,"event":""`...)
	}
	dst = append(dst, `,"ts":"`...)
	dst = e.Time.UTC().AppendFormat(dst, time.RFC3339Nano)
	dst = append(dst, '"')
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
	dst = appendNames(dst, "ignored_headers", e.IgnoredHeaders, MaxNames)
	dst = appendText(dst, "cert_sha256", e.CertificateSHA256)
	if h := e.HTTP; h != nil {
		dst = append(dst, `,"resource":{"method":`...)
		dst = appendString(dst, h.Method)
		dst = appendText(dst, "host", h.Host)
		dst = appendText(dst, "path", h.Path)
		dst = appendText(dst, "path_raw_sha256", h.TargetSHA256)
		dst = append(dst, '}')
	}
	dst = appendText(dst, "source_ip", e.SourceIP)
	dst = appendNames(dst, "trusted_chain", e.TrustedChain, MaxChain)
	dst = appendCache(dst, e.Cache)
	if e.Stale {
		dst = appendBool(dst, "stale", true)
	}
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
	dst = e.appendParts(dst)
	if e.Truncated {
		dst = appendBool(dst, "truncated", true)
	}
	return append(dst, '}')
}

func appendInputs(dst []byte, inputs []Input) (out []byte, masked bool) {
	if len(inputs) == 0 {
		return dst, false
	}
	dst = append(dst, `,"inputs":[`...)
	for i := range inputs {
		in := &inputs[i]
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
			masked = masked || !in.Shadow
		}
		if in.Shadow {
			dst = appendBool(dst, "shadow", true)
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

// appendNames writes a list of at most so many strings, nothing for none.
func appendNames(dst []byte, name string, list []string, most int) []byte {
	if len(list) == 0 {
		return dst
	}
	dst = append(appendName(dst, name), '[')
	for i, s := range list[:min(len(list), most)] {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, s)
	}
	return append(dst, ']')
}

func appendInt(dst []byte, name string, n int64) []byte {
	return strconv.AppendInt(appendName(dst, name), n, 10)
}

func appendUint(dst []byte, name string, n uint64) []byte {
	return strconv.AppendUint(appendName(dst, name), n, 10)
}

func appendBool(dst []byte, name string, b bool) []byte {
	return strconv.AppendBool(appendName(dst, name), b)
}

func appendName(dst []byte, name string) []byte {
	dst = append(dst, `,"`...)
	dst = append(dst, name...)
	return append(dst, `":`...)
}
