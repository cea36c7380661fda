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
	p := &parsing{isSet: make(map[string]bool)}
	if err := eachMember(line, p.member); err != nil {
		return nil, err
	}
	return p.event()
}

// parsing is a line on its way to an event.
type parsing struct {
	e      Event
	reload Reload
	gap    Gap
	isSet  map[string]bool
}

func (p *parsing) member(name string, raw json.RawMessage) (err error) {
	p.isSet[name] = true
	if into := p.text(name); into != nil {
		*into, err = readText(raw)
		return err
	}
	if into := p.value(name); into != nil {
		return readValue(raw, into)
	}
	e := &p.e
	switch name {
	case "event":
		e.Kind, err = readKind(raw)
	case "ts":
		e.Time, err = readTime(raw)
	case "decision":
		e.Decision, err = readDecision(raw)
	case "inputs":
		e.Inputs, err = readInputs(raw)
	case "insecure":
		e.Insecure, err = readNames(raw, MaxNames)
	case "ignored_headers":
		e.IgnoredHeaders, err = readNames(raw, MaxNames)
	case "trusted_chain":
		e.TrustedChain, err = readNames(raw, MaxChain)
	default:
		err = p.part(name, raw)
	}
	return err
}

// text gives the place of a member that is a string.
func (p *parsing) text(name string) *string {
	e := &p.e
	switch name {
	case "decision_id":
		return &e.DecisionID
	case "request_id":
		return &e.RequestID
	case "door":
		return &e.Door
	case "subject":
		return &e.Subject
	case "tenant":
		return &e.Tenant
	case "authn_method":
		return &e.Method
	case "iss":
		return &e.Issuer
	case "jti_fp":
		return &e.JTIFingerprint
	case "key_kid":
		return &e.KeyID
	case "cert_sha256":
		return &e.CertificateSHA256
	case "source_ip":
		return &e.SourceIP
	case "reason":
		return &e.Reason
	case "detail":
		return &e.Detail
	case "digest":
		return &p.reload.Digest
	case "by":
		return &p.reload.By
	case "error":
		return &p.reload.Error
	}
	return nil
}

// value gives the place of a member that is a number or a boolean.
func (p *parsing) value(name string) any {
	e := &p.e
	switch name {
	case "seq":
		return &e.Seq
	case "replayable":
		return &e.Replayable
	case "stale":
		return &e.Stale
	case "status":
		return &e.Status
	case "truncated":
		return &e.Truncated
	case "eval_us":
		return &e.EvalMicros
	case "total_us":
		return &e.TotalMicros
	case "ok":
		return &p.reload.OK
	case "from":
		return &p.gap.From
	case "to":
		return &p.gap.To
	case "dropped":
		return &p.gap.Dropped
	}
	return nil
}

// event checks what only the whole line can tell.
func (p *parsing) event() (*Event, error) {
	e := &p.e
	for _, name := range []string{"event", "ts", "seq"} {
		if !p.isSet[name] {
			return nil, fmt.Errorf("member %q is missing", name)
		}
	}
	if p.isSet["ok"] {
		e.Reload = &p.reload
	} else if p.isSet["digest"] || p.isSet["by"] || p.isSet["error"] || p.isSet["diff"] {
		return nil, errors.New(`member "ok" is missing`)
	}
	switch n := count(p.isSet, "from", "to", "dropped"); n {
	case 3:
		e.Gap = &p.gap
	case 0:
	default:
		return nil, errors.New(`only a part of "from", "to" and "dropped" is there`)
	}
	if e.Replayable {
		for _, in := range e.Inputs {
			if in.Masked && !in.Shadow {
				return nil, fmt.Errorf("replayable, yet input %q is masked", in.Name)
			}
		}
	}
	return e, nil
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
