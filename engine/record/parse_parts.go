package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// fields are the places of an object's members by name: *string, *int, *uint64,
// *bool, *[]string or *time.Time.
type fields map[string]any

// part reads a member that is an object.
func (p *parsing) part(name string, raw json.RawMessage) error {
	e := &p.e
	switch name {
	case "resource":
		h := &HTTP{}
		e.HTTP = h
		return fields{"method": &h.Method, "host": &h.Host, "path": &h.Path, "path_raw_sha256": &h.TargetSHA256}.read(raw)
	case "cache":
		c := &Cache{}
		e.Cache = c
		return fields{"jwks": &c.JWKS, "introspection": &c.Introspection}.read(raw)
	case "diff":
		d := &Diff{}
		p.reload.Diff = d
		return fields{"added": &d.Added, "removed": &d.Removed, "changed": &d.Changed, "more": &d.More, "other": &d.Other}.read(raw)
	case "refresh":
		r := &Refresh{}
		e.Refresh = r
		return fields{"trigger": &r.Trigger, "result": &r.Result, "added": &r.Added, "removed": &r.Removed, "keys": &r.Keys, "forced": &r.Forced}.read(raw)
	case "idp":
		s := &Provider{}
		e.Provider = s
		return fields{"state": &s.State, "was": &s.Was, "breaker": &s.Breaker}.read(raw)
	case "stripped":
		s := &Stripped{}
		e.Stripped = s
		return fields{"reason": &s.Reason, "header": &s.Header, "count": &s.Count}.read(raw)
	case "purge":
		s := &Purge{}
		e.Purge = s
		return fields{"by": &s.By, "kind": &s.Kind, "fingerprint": &s.Fingerprint, "tokens": &s.Tokens, "introspection": &s.Introspection}.read(raw)
	case "session":
		s := &Session{}
		e.Session = s
		return fields{"end": &s.End, "sub_fp": &s.Subject, "sid_fp": &s.Session, "jti_fp": &s.Token}.read(raw)
	case "secret":
		s := &Secret{}
		e.Secret = s
		return fields{"use": &s.Use, "fingerprint": &s.Fingerprint, "expires": &s.Expires}.read(raw)
	case "process":
		s := &Process{}
		e.Process = s
		return fields{"version": &s.Version, "digest": &s.Digest, "instance": &s.Instance}.read(raw)
	}
	return errors.New("unknown member")
}

func (f fields) read(raw json.RawMessage) error {
	return eachMember(raw, func(name string, raw json.RawMessage) (err error) {
		switch into := f[name].(type) {
		case nil:
			return errors.New("unknown member")
		case *string:
			*into, err = readText(raw)
		case *[]string:
			*into, err = readNames(raw, MaxNames)
		case *time.Time:
			*into, err = readTime(raw)
		default:
			err = readValue(raw, into)
		}
		return err
	})
}

// readNames reads a list of at most so many strings.
func readNames(raw json.RawMessage, most int) ([]string, error) {
	var list []json.RawMessage
	if err := readValue(raw, &list); err != nil {
		return nil, err
	}
	if len(list) > most {
		return nil, fmt.Errorf("more than %d entries", most)
	}
	var out []string
	for i, raw := range list {
		s, err := readText(raw)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", i, err)
		}
		out = append(out, s)
	}
	return out, nil
}
