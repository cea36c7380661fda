package record

import (
	"slices"
	"strings"

	"github.com/gwctl/gwctl/engine"
)

// appendDecision writes the JSON form of Decision.MarshalJSON without its
// reflection: a request pays for it. A test holds the two to each other.
func appendDecision(dst []byte, d *engine.Decision) []byte {
	if d == nil {
		return dst
	}
	dst = append(dst, `,"decision":{"effect":"`...)
	dst = append(dst, d.Effect.String()...)
	dst = append(dst, `","reason":`...)
	dst = appendString(dst, d.Reason)
	dst = appendText(dst, "message", d.Message)
	dst = appendInt(dst, "status", int64(d.HTTPStatus()))
	if !d.Rule.IsZero() {
		dst = appendRef(appendName(dst, "rule"), d.Rule)
	}
	dst = append(dst, `,"matched":[`...)
	for i, m := range d.Matched {
		dst = appendRef(comma(dst, i), m)
	}
	dst = append(dst, `],"errors":[`...)
	for i, e := range d.Errors {
		dst = append(comma(dst, i), `{"rule":`...)
		dst = appendRef(dst, e.Rule)
		dst = appendString(appendName(dst, "code"), e.Code)
		dst = appendText(dst, "message", e.Message)
		dst = append(appendText(dst, "position", e.Position), '}')
	}
	dst = append(dst, ']')
	dst = appendText(dst, "attribute", d.Attribute)
	dst = appendNames(dst, "scopes", d.Scopes, len(d.Scopes))
	dst = appendObligations(dst, d.Obligations)
	dst = appendChallenge(dst, d.Challenge)
	dst = appendShadow(dst, d.Shadow)
	dst = appendText(dst, "route", d.Route)
	dst = appendText(dst, "resource", d.Resource)
	dst = appendText(dst, "action", d.Action)
	return append(appendString(appendName(dst, "set_digest"), d.SetDigest), '}')
}

func comma(dst []byte, i int) []byte {
	if i > 0 {
		return append(dst, ',')
	}
	return dst
}

// appendRef writes policy/rule, "" for no rule.
func appendRef(dst []byte, r engine.RuleRef) []byte {
	if len(r.Policy)+len(r.Rule) < MaxField && plain(r.Policy) && plain(r.Rule) && !r.IsZero() {
		dst = append(append(dst, '"'), r.Policy...)
		dst = append(append(dst, '/'), r.Rule...)
		return append(dst, '"')
	}
	return appendString(dst, r.String())
}

// appendObligations writes one member for each name, as a map has: the last of
// equal ones counts.
func appendObligations(dst []byte, list []engine.Obligation) []byte {
	if len(list) == 0 {
		return dst
	}
	if len(list) > 1 {
		list = slices.Clone(list)
		slices.SortStableFunc(list, func(a, b engine.Obligation) int { return strings.Compare(a.Name, b.Name) })
	}
	dst = append(dst, `,"obligations":{"set_headers":{`...)
	first := len(dst)
	for i, o := range list {
		if i+1 < len(list) && list[i+1].Name == o.Name {
			continue
		}
		if len(dst) > first {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, o.Name), ':')
		dst = appendString(dst, o.Value)
	}
	return append(dst, "}}"...)
}

func appendChallenge(dst []byte, c *engine.Challenge) []byte {
	if c == nil {
		return dst
	}
	dst = append(dst, `,"challenge":{`...)
	first := len(dst)
	dst = appendText(dst, "error", c.Error)
	dst = appendNames(dst, "acr_values", c.ACRValues, len(c.ACRValues))
	if c.MaxAge != nil {
		dst = appendInt(dst, "max_age", *c.MaxAge)
	}
	if len(dst) > first {
		dst = append(dst[:first], dst[first+1:]...) // the comma before the first member
	}
	return append(dst, '}')
}

func appendShadow(dst []byte, s *engine.Shadow) []byte {
	if s == nil {
		return dst
	}
	dst = append(dst, `,"shadow":{"effect":"`...)
	dst = append(dst, s.Effect.String()...)
	dst = append(dst, `","reason":`...)
	dst = appendString(dst, s.Reason)
	if !s.Rule.IsZero() {
		dst = appendRef(appendName(dst, "rule"), s.Rule)
	}
	dst = append(dst, `,"results":[`...)
	for i, r := range s.Results {
		dst = append(comma(dst, i), `{"rule":`...)
		dst = appendRef(dst, r.Rule)
		dst = appendString(appendName(dst, "outcome"), r.Outcome)
		dst = append(appendText(dst, "code", r.Code), '}')
	}
	return append(dst, "]}"...)
}
