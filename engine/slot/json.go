package slot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of a JSON document.
const (
	MaxJSONSize  = 64 << 10
	maxJSONDepth = 16
)

// ParseJSON reads one JSON document strictly: no duplicate members, no data
// after it, no text that is not Unicode, at most MaxJSONSize bytes and 16
// levels.
func ParseJSON(data []byte) (Input, error) { return parseJSON(data, MaxJSONSize) }

func parseJSON(data []byte, limit int) (Input, error) {
	if len(data) > limit {
		return Input{}, fmt.Errorf("JSON of %d bytes; at most %d are read", len(data), limit)
	}
	if !utf8.Valid(data) {
		return Input{}, errors.New("reading JSON: not valid UTF-8")
	}
	if loneSurrogate(data) {
		return Input{}, errors.New("reading JSON: half a surrogate pair")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	in, err := parseValue(dec, 0)
	if err != nil {
		return Input{}, fmt.Errorf("reading JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Input{}, errors.New("reading JSON: data after the end of the value")
	}
	return in, nil
}

func parseValue(dec *json.Decoder, depth int) (Input, error) {
	tok, err := dec.Token()
	if err != nil {
		return Input{}, err
	}
	if depth > maxJSONDepth {
		return Input{}, fmt.Errorf("nested more than %d levels deep", maxJSONDepth)
	}
	switch t := tok.(type) {
	case nil:
		return Input{}, nil
	case bool:
		return FromBool(t), nil
	case json.Number:
		return FromNumber(t.String()), nil
	case string:
		return Quoted(t), nil
	case json.Delim:
		if t == '[' {
			return parseList(dec, depth)
		}
		return parseObject(dec, depth)
	}
	return Input{}, fmt.Errorf("unexpected token %v", tok)
}

func parseList(dec *json.Decoder, depth int) (Input, error) {
	in := Input{shape: list}
	for dec.More() {
		x, err := parseValue(dec, depth+1)
		if err != nil {
			return Input{}, err
		}
		in.items = append(in.items, x)
	}
	_, err := dec.Token()
	return in, err
}

func parseObject(dec *json.Decoder, depth int) (Input, error) {
	in := Input{shape: object}
	seen := map[string]bool{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return Input{}, err
		}
		key, ok := tok.(string)
		if !ok || seen[key] {
			return Input{}, fmt.Errorf("member %q stands twice", key)
		}
		seen[key] = true
		x, err := parseValue(dec, depth+1)
		if err != nil {
			return Input{}, err
		}
		in.entries = append(in.entries, InputEntry{Key: key, Value: x})
	}
	_, err := dec.Token()
	return in, err
}

// loneSurrogate finds a \uD8xx without its other half, which Go would read as
// U+FFFD: two names that differ in such characters would become one.
func loneSurrogate(data []byte) bool {
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		r := escaped(data[i:])
		if utf16.IsSurrogate(r) {
			if utf16.DecodeRune(r, escaped(data[min(i+6, len(data)):])) == utf8.RuneError {
				return true
			}
			i += 6
		}
		if r >= 0 {
			i += 4
		}
		i++ // what a backslash stands before, itself included
	}
	return false
}

// escaped reads \uXXXX, -1 if there is none.
func escaped(data []byte) rune {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return -1
	}
	v, err := strconv.ParseUint(string(data[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(v)
}
