package authn

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

const maxInteger = 1<<53 - 1

var errShape = errors.New("has the wrong shape")

// object is a JSON object that two readers cannot read differently: valid
// UTF-8, no lone surrogates, no duplicate members at any level, at most
// maxDepth deep, nothing after it. Names are case-sensitive.
type object []member

type member struct {
	name string
	raw  []byte
}

// parseObject reads one object from data, which the result points into. Its
// errors give a byte offset and nothing of the data.
func parseObject(data []byte) (object, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("not valid UTF-8")
	}
	s := &scanner{data: data}
	s.space()
	if s.peek() != '{' {
		return nil, errors.New("not a JSON object")
	}
	members := object{}
	if err := s.object(1, &members); err != nil {
		return nil, err
	}
	s.space()
	if s.pos < len(data) {
		return nil, s.fail("data after the object")
	}
	return members, nil
}

func (o object) get(name string) ([]byte, bool) {
	for _, m := range o {
		if m.name == name {
			return m.raw, true
		}
	}
	return nil, false
}

// text gives a string member; present but no string is errShape.
func (o object) text(name string) (value string, present bool, err error) {
	raw, present := o.get(name)
	if !present {
		return "", false, nil
	}
	if raw[0] != '"' {
		return "", true, errShape
	}
	value, err = unquote(raw)
	return value, true, err
}

// texts gives a member that is a string or a list of strings.
func (o object) texts(name string) (values []string, present bool, err error) {
	raw, present := o.get(name)
	if !present {
		return nil, false, nil
	}
	items := [][]byte{raw}
	if raw[0] == '[' {
		if items, err = elements(raw); err != nil {
			return nil, true, err
		}
	}
	for _, item := range items {
		if item[0] != '"' {
			return nil, true, errShape
		}
		value, err := unquote(item)
		if err != nil {
			return nil, true, err
		}
		values = append(values, value)
	}
	return values, true, nil
}

// integer gives a member that is a non-negative whole number below 2^53,
// written without fraction and exponent.
func (o object) integer(name string) (value int64, present bool, err error) {
	raw, present := o.get(name)
	if !present {
		return 0, false, nil
	}
	for _, c := range raw {
		if c < '0' || c > '9' {
			return 0, true, errShape
		}
		if value = value*10 + int64(c-'0'); value > maxInteger {
			return 0, true, errShape
		}
	}
	return value, true, nil
}

// elements splits an array that a scanner has accepted.
func elements(raw []byte) ([][]byte, error) {
	if raw[0] != '[' {
		return nil, errShape
	}
	items := [][]byte{}
	err := (&scanner{data: raw}).array(1, &items)
	return items, err
}

// unquote decodes a string that a scanner has accepted.
func unquote(raw []byte) (string, error) {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), nil
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err
}
