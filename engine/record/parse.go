package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gwctl/gwctl/engine"
)

// Parse reads a line written by Event.AppendJSON, with or without the line's
// end. It is strict, because a replay believes what it says: unknown, repeated
// or differently cased members, values of another type, null, a string or line
// over its bound, and an input whose value does not go with its state are
// errors. The order of members and white space are free. A kind unknown here is
// read as long as it brings no members of its own.
func Parse(line []byte) (*Event, error) {
	e, err := parse(line)
	if err != nil {
		return nil, fmt.Errorf("read decision record: %w", err)
	}
	return e, nil
}

func parse(line []byte) (*Event, error) {
	switch {
	case len(line) > MaxLine+1:
		return nil, errors.New("longer than a record can be")
	case !utf8.Valid(line):
		return nil, errors.New("not UTF-8")
	}
	var (
		e      Event
		http   HTTP
		reload Reload
		gap    Gap
		isSet  = make(map[string]bool)
	)
	texts := map[string]*string{
		"decision_id": &e.DecisionID, "request_id": &e.RequestID, "door": &e.Door,
		"subject": &e.Subject, "tenant": &e.Tenant, "authn_method": &e.Method, "iss": &e.Issuer,
		"jti_fp": &e.JTIFingerprint, "key_kid": &e.KeyID, "source_ip": &e.SourceIP,
		"reason": &e.Reason, "detail": &e.Detail,
		"digest": &reload.Digest, "by": &reload.By, "error": &reload.Error,
	}
	others := map[string]any{
		"seq": &e.Seq, "replayable": &e.Replayable, "status": &e.Status, "truncated": &e.Truncated,
		"eval_us": &e.EvalMicros, "total_us": &e.TotalMicros,
		"ok": &reload.OK, "from": &gap.From, "to": &gap.To, "dropped": &gap.Dropped,
	}
	err := eachMember(line, func(name string, raw json.RawMessage) (err error) {
		isSet[name] = true
		if into, ok := texts[name]; ok {
			*into, err = readText(raw)
			return err
		}
		if into, ok := others[name]; ok {
			return readValue(raw, into)
		}
		switch name {
		case "event":
			e.Kind, err = readKind(raw)
		case "ts":
			e.Time, err = readTime(raw)
		case "decision":
			e.Decision, err = readDecision(raw)
		case "inputs":
			e.Inputs, err = readInputs(raw)
		case "resource":
			e.HTTP = &http
			err = readHTTP(raw, &http)
		default:
			err = errors.New("unknown member")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"event", "ts", "seq"} {
		if !isSet[name] {
			return nil, fmt.Errorf("member %q is missing", name)
		}
	}
	if isSet["ok"] {
		e.Reload = &reload
	} else if isSet["digest"] || isSet["by"] || isSet["error"] {
		return nil, errors.New(`member "ok" is missing`)
	}
	switch n := count(isSet, "from", "to", "dropped"); n {
	case 3:
		e.Gap = &gap
	case 0:
	default:
		return nil, errors.New(`only a part of "from", "to" and "dropped" is there`)
	}
	if e.Replayable {
		for _, in := range e.Inputs {
			if in.Masked {
				return nil, fmt.Errorf("replayable, yet input %q is masked", in.Name)
			}
		}
	}
	return &e, nil
}

func count(isSet map[string]bool, names ...string) (n int) {
	for _, name := range names {
		if isSet[name] {
			n++
		}
	}
	return n
}

func readKind(raw json.RawMessage) (Kind, error) {
	s, err := readText(raw)
	if err != nil {
		return "", err
	}
	if s == "" || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return "", fmt.Errorf("%.100q is no kind of record", s)
	}
	return Kind(s), nil
}

func readTime(raw json.RawMessage) (time.Time, error) {
	s, err := readText(raw)
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err == nil && !strings.HasSuffix(s, "Z") {
		err = fmt.Errorf("time %.100q is not in UTC", s)
	}
	return t, err
}

func readDecision(raw json.RawMessage) (*engine.Decision, error) {
	// The decoder has taken raw as valid already.
	if _, ok := appendClean(nil, raw, false); !ok {
		return nil, fmt.Errorf("a string in it is longer than %d bytes", MaxField)
	}
	d := new(engine.Decision)
	return d, d.UnmarshalJSON(raw)
}

func readHTTP(raw json.RawMessage, h *HTTP) error {
	return eachMember(raw, func(name string, raw json.RawMessage) (err error) {
		switch name {
		case "method":
			h.Method, err = readText(raw)
		case "host":
			h.Host, err = readText(raw)
		case "path":
			h.Path, err = readText(raw)
		case "path_raw_sha256":
			h.TargetSHA256, err = readText(raw)
		default:
			err = errors.New("unknown member")
		}
		return err
	})
}

func readInputs(raw json.RawMessage) ([]Input, error) {
	var list []json.RawMessage
	if err := readValue(raw, &list); err != nil {
		return nil, err
	}
	var inputs []Input
	for i, raw := range list {
		in, err := readInput(raw)
		if err != nil {
			return nil, fmt.Errorf("input %d: %w", i, err)
		}
		inputs = append(inputs, in)
	}
	return inputs, nil
}

func readInput(raw json.RawMessage) (in Input, err error) {
	err = eachMember(raw, func(name string, raw json.RawMessage) (err error) {
		switch name {
		case "name":
			in.Name, err = readText(raw)
		case "value":
			var ok bool
			if in.Value, ok = appendValue(nil, raw); !ok {
				err = errors.New("longer than a recorded value can be")
			}
		case "state":
			in.State, err = readText(raw)
		case "masked":
			err = readValue(raw, &in.Masked)
		default:
			err = errors.New("unknown member")
		}
		return err
	})
	if err != nil {
		return in, err
	}
	switch in.State {
	case StatePresent:
		if in.Masked == (in.Value != nil) {
			err = errors.New("present needs a value or masked, not both")
		}
	case StateInvalid:
		if in.Masked && in.Value != nil {
			err = errors.New("masked, yet it has a value")
		}
	case StateAbsent, StateUnavailable:
		if in.Value != nil {
			err = fmt.Errorf("%s, yet it has a value", in.State)
		}
	default:
		err = fmt.Errorf("%.100q is no state of an input", in.State)
	}
	return in, err
}

func readText(raw json.RawMessage) (string, error) {
	var s string
	if err := readValue(raw, &s); err != nil {
		return "", err
	}
	if len(s) > MaxField {
		return "", fmt.Errorf("longer than %d bytes", MaxField)
	}
	return s, nil
}

// readValue refuses null, which json.Unmarshal would pass over.
func readValue(raw json.RawMessage, into any) error {
	if string(raw) == "null" {
		return errors.New("null")
	}
	return json.Unmarshal(raw, into)
}

// eachMember calls f for every member of the one object in data, in order, and
// refuses a second member of the same name.
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
