package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// UnmarshalJSON reads the form that MarshalJSON writes, so that a recorded
// decision can be explained later. It is strict: a missing or unknown effect,
// an unknown, repeated or differently cased member, a rule that is not
// "policy/rule" and a status that does not go with the effect are errors. On
// error the decision is the zero Decision, which denies.
//
// The status read is the one that was written, that is HTTPStatus of the
// original decision.
func (d *Decision) UnmarshalJSON(data []byte) error {
	*d = Decision{}
	var out Decision
	var hasEffect, hasStatus bool
	texts := map[string]*string{
		"reason": &out.Reason, "message": &out.Message, "attribute": &out.Attribute, "route": &out.Route,
		"resource": &out.Resource, "action": &out.Action, "set_digest": &out.SetDigest,
	}
	err := eachMember(data, func(name string, raw json.RawMessage) (err error) {
		if into, ok := texts[name]; ok {
			*into, err = readText(raw)
			return err
		}
		switch name {
		case "effect":
			hasEffect = true
			text, err := readText(raw)
			if err != nil {
				return err
			}
			return out.Effect.UnmarshalText([]byte(text))
		case "status":
			hasStatus = true
			return json.Unmarshal(raw, &out.Status)
		case "rule":
			out.Rule, err = readRuleRef(raw)
		case "matched":
			return eachElement(raw, func(raw json.RawMessage) error {
				ref, err := readRuleRef(raw)
				out.Matched = append(out.Matched, ref)
				return err
			})
		case "errors":
			return eachElement(raw, func(raw json.RawMessage) error {
				e, err := readRuleError(raw)
				out.Errors = append(out.Errors, e)
				return err
			})
		case "scopes":
			return eachElement(raw, func(raw json.RawMessage) error {
				scope, err := readText(raw)
				out.Scopes = append(out.Scopes, scope)
				return err
			})
		case "obligations":
			out.Obligations, err = readObligations(raw)
		case "challenge":
			out.Challenge, err = readChallenge(raw)
		case "shadow":
			out.Shadow, err = readShadow(raw)
		default:
			return errors.New("unknown member")
		}
		return err
	})
	switch {
	case err != nil:
	case !hasEffect:
		err = errors.New("effect is missing")
	case !hasStatus:
		err = errors.New("status is missing")
	case out.Status != out.HTTPStatus():
		err = fmt.Errorf("status %d does not go with effect %s", out.Status, out.Effect)
	}
	if err != nil {
		return fmt.Errorf("read decision: %w", err)
	}
	*d = out
	return nil
}

func readRuleError(raw json.RawMessage) (e RuleError, err error) {
	err = eachMember(raw, func(name string, raw json.RawMessage) (err error) {
		switch name {
		case "rule":
			// An error outside any rule has an empty reference.
			if string(raw) != `""` {
				e.Rule, err = readRuleRef(raw)
			}
		case "code":
			e.Code, err = readText(raw)
		case "message":
			e.Message, err = readText(raw)
		case "position":
			e.Position, err = readText(raw)
		default:
			err = errors.New("unknown member")
		}
		return err
	})
	return e, err
}

func readRuleRef(raw json.RawMessage) (RuleRef, error) {
	text, err := readText(raw)
	if err != nil {
		return RuleRef{}, err
	}
	policy, rule, _ := strings.Cut(text, "/")
	if policy == "" || rule == "" || strings.Contains(rule, "/") {
		return RuleRef{}, fmt.Errorf("rule %.100q is not of the form policy/rule", text)
	}
	return RuleRef{Policy: policy, Rule: rule}, nil
}

// readText refuses null, which json.Unmarshal would read as "".
func readText(raw json.RawMessage) (string, error) {
	var text *string
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", err
	}
	if text == nil {
		return "", errors.New("null is not a string")
	}
	return *text, nil
}

// eachMember calls f for every member of the one object in data. Decoding
// into a struct would fold the case of names and let a second member of the
// same name replace the first.
func eachMember(data []byte, f func(name string, raw json.RawMessage) error) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if start, err := dec.Token(); err != nil {
		return err
	} else if start != json.Delim('{') {
		return errors.New("not an object")
	}
	seen := make(map[string]bool)
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // between members of an object a token is a name
		if seen[name] {
			return fmt.Errorf("member %.100q appears twice", name)
		}
		seen[name] = true
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return err
		}
		if err := f(name, raw); err != nil {
			return fmt.Errorf("member %.100q: %w", name, err)
		}
	}
	if _, err := dec.Token(); err != nil { // the closing brace
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("text after the object")
	}
	return nil
}

func eachElement(raw json.RawMessage, f func(json.RawMessage) error) error {
	var list *[]json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	if list == nil {
		return errors.New("null is not a list")
	}
	for i, element := range *list {
		if err := f(element); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	return nil
}

var _ interface {
	json.Marshaler
	json.Unmarshaler
} = (*Decision)(nil)
