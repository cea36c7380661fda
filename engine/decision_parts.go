package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/policy"
)

// Challenge is what a 401 of a rule asks the client to do: authenticate again,
// more strongly or more recently (RFC 9470).
type Challenge struct {
	Error     string   `json:"error,omitempty"`
	ACRValues []string `json:"acr_values,omitempty"`
	MaxAge    *int64   `json:"max_age,omitempty"` // seconds; nil when not asked for
}

func newChallenge(c *policy.Challenge) *Challenge {
	if c == nil {
		return nil
	}
	out := &Challenge{Error: c.Error.Value()}
	for _, v := range c.ACRValues {
		out.ACRValues = append(out.ACRValues, v.Value())
	}
	if c.MaxAge >= 0 {
		out.MaxAge = &c.MaxAge
	}
	return out
}

type obligationsJSON struct {
	SetHeaders map[string]string `json:"set_headers"`
}

func writeObligations(list []Obligation) *obligationsJSON {
	if len(list) == 0 {
		return nil
	}
	out := &obligationsJSON{SetHeaders: map[string]string{}}
	for _, o := range list {
		out.SetHeaders[o.Name] = o.Value
	}
	return out
}

func readObligations(raw json.RawMessage) (out []Obligation, err error) {
	err = eachMember(raw, func(name string, raw json.RawMessage) error {
		if name != "set_headers" {
			return errors.New("unknown member")
		}
		return eachMember(raw, func(name string, raw json.RawMessage) error {
			value, err := readText(raw)
			out = append(out, Obligation{Name: name, Value: value})
			return err
		})
	})
	// As MarshalJSON writes them.
	slices.SortFunc(out, func(a, b Obligation) int { return strings.Compare(a.Name, b.Name) })
	return out, err
}

func readChallenge(raw json.RawMessage) (*Challenge, error) {
	c := &Challenge{}
	err := eachMember(raw, func(name string, raw json.RawMessage) (err error) {
		switch name {
		case "error":
			c.Error, err = readText(raw)
		case "acr_values":
			err = eachElement(raw, func(raw json.RawMessage) error {
				value, err := readText(raw)
				c.ACRValues = append(c.ACRValues, value)
				return err
			})
		case "max_age":
			c.MaxAge = new(int64)
			if err = json.Unmarshal(raw, c.MaxAge); string(raw) == "null" {
				err = errors.New("null is not a number")
			}
		default:
			err = errors.New("unknown member")
		}
		return err
	})
	return c, err
}

type shadowJSON struct {
	Effect  Effect             `json:"effect"`
	Reason  string             `json:"reason"`
	Rule    string             `json:"rule,omitempty"`
	Results []shadowResultJSON `json:"results"`
}

type shadowResultJSON struct {
	Rule    string `json:"rule"`
	Outcome string `json:"outcome"`
	Code    string `json:"code,omitempty"`
}

func writeShadow(s *Shadow) *shadowJSON {
	if s == nil {
		return nil
	}
	out := &shadowJSON{Effect: s.Effect, Reason: s.Reason, Rule: s.Rule.String(), Results: []shadowResultJSON{}}
	for _, r := range s.Results {
		out.Results = append(out.Results, shadowResultJSON{Rule: r.Rule.String(), Outcome: r.Outcome, Code: r.Code})
	}
	return out
}

func readShadow(raw json.RawMessage) (*Shadow, error) {
	s := &Shadow{}
	err := eachMember(raw, func(name string, raw json.RawMessage) (err error) {
		switch name {
		case "effect":
			var text string
			if text, err = readText(raw); err == nil {
				err = s.Effect.UnmarshalText([]byte(text))
			}
		case "reason":
			s.Reason, err = readText(raw)
		case "rule":
			s.Rule, err = readRuleRef(raw)
		case "results":
			err = eachElement(raw, func(raw json.RawMessage) error {
				r, err := readShadowResult(raw)
				s.Results = append(s.Results, r)
				return err
			})
		default:
			err = errors.New("unknown member")
		}
		return err
	})
	return s, err
}

func readShadowResult(raw json.RawMessage) (r ShadowResult, err error) {
	err = eachMember(raw, func(name string, raw json.RawMessage) (err error) {
		switch name {
		case "rule":
			r.Rule, err = readRuleRef(raw)
		case "outcome":
			if r.Outcome, err = readText(raw); err == nil && r.Outcome != "matched" && r.Outcome != "not_matched" && r.Outcome != "error" {
				err = fmt.Errorf("outcome %.100q is not known", r.Outcome)
			}
		case "code":
			r.Code, err = readText(raw)
		default:
			err = errors.New("unknown member")
		}
		return err
	})
	return r, err
}
