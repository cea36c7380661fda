package slot

import (
	"strconv"

	"github.com/gwctl/gwctl/policy/document"
)

// Input is a value from outside that has no type yet: a claim, a fixture's
// scalar, a path segment. The zero Input is null.
type Input struct {
	shape   shape
	text    string
	b       bool
	items   []Input
	entries []InputEntry
}

// InputEntry is one member of an object.
type InputEntry struct {
	Key   string
	Value Input
}

type shape uint8

const (
	null shape = iota
	truth
	number // JSON number, in text
	quoted // text that can only be a string
	plain  // text that is read by the declared type
	list
	object
)

// Quoted makes an input that is a string, as a JSON string is.
func Quoted(s string) Input { return Input{shape: quoted, text: s} }

// Plain makes an input whose text is read by the attribute's type, as a path
// segment or a plain YAML scalar is.
func Plain(s string) Input { return Input{shape: plain, text: s} }

// Strings makes a list of strings.
func Strings(s []string) Input {
	in := Input{shape: list}
	for _, x := range s {
		in.items = append(in.items, Quoted(x))
	}
	return in
}

// FromBool makes a JSON true or false.
func FromBool(b bool) Input { return Input{shape: truth, b: b} }

// FromNumber makes a JSON number from its text.
func FromNumber(text string) Input { return Input{shape: number, text: text} }

// FromList makes a list.
func FromList(items []Input) Input { return Input{shape: list, items: items} }

// FromObject makes an object.
func FromObject(entries []InputEntry) Input { return Input{shape: object, entries: entries} }

// FromValue takes a value of a policy file.
func FromValue(v document.Value) Input {
	switch v.Kind {
	case document.Scalar:
		if v.Text.Quoted() {
			return Quoted(v.Text.Value())
		}
		return Plain(v.Text.Value())
	case document.List:
		in := Input{shape: list}
		for _, x := range v.Items {
			in.items = append(in.items, FromValue(x))
		}
		return in
	case document.Map:
		in := Input{shape: object}
		for _, e := range v.Entries {
			in.entries = append(in.entries, InputEntry{Key: e.Key.Value(), Value: FromValue(e.Value)})
		}
		return in
	}
	return Input{}
}

// IsNull tells whether there is no value.
func (in Input) IsNull() bool { return in.shape == null }

// Text gives the text of a string or number; ok is false for anything else.
func (in Input) Text() (text string, ok bool) {
	return in.text, in.shape == quoted || in.shape == plain || in.shape == number
}

// Str gives the text of a string, one that was written in quotes or not; ok
// is false for anything else.
func (in Input) Str() (text string, ok bool) {
	return in.text, in.shape == quoted || in.shape == plain
}

// Scalar gives a scalar as a Go value: bool, int64, float64 or string; nil
// for null, lists and objects.
func (in Input) Scalar() any {
	switch in.shape {
	case truth:
		return in.b
	case quoted:
		return in.text
	case plain, number:
		if b, ok := document.ParseBool(in.text); ok && in.shape == plain {
			return b
		}
		if i, ok := document.ParseInt(in.text); ok {
			return i
		}
		if f, ok := document.ParseDouble(in.text); ok {
			return f
		}
		return in.text
	}
	return nil
}

// IsList tells whether the input is a list.
func (in Input) IsList() bool { return in.shape == list }

// Items are the elements of a list.
func (in Input) Items() []Input { return in.items }

// Members are the members of an object; nil for anything else.
func (in Input) Members() []InputEntry {
	if in.shape != object {
		return nil
	}
	if in.entries == nil {
		return []InputEntry{}
	}
	return in.entries
}

// Member gives one member of an object.
func (in Input) Member(key string) (Input, bool) {
	for _, e := range in.entries {
		if e.Key == key {
			return e.Value, true
		}
	}
	return Input{}, false
}

// IsString tells whether the input is a JSON string.
func (in Input) IsString() bool { return in.shape == quoted }

// AppendJSON appends the input as JSON. Plain text that spells a bool or a number
// is written as one, all else as a string.
func (in Input) AppendJSON(dst []byte) []byte {
	switch in.shape {
	case truth:
		return strconv.AppendBool(dst, in.b)
	case number:
		return append(dst, in.text...)
	case quoted:
		return appendAny(dst, in.text)
	case plain:
		return appendAny(dst, in.Scalar())
	case list:
		dst = append(dst, '[')
		for i, x := range in.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = x.AppendJSON(dst)
		}
		return append(dst, ']')
	case object:
		dst = append(dst, '{')
		for i, e := range in.entries {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendAny(dst, e.Key), ':')
			dst = e.Value.AppendJSON(dst)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}
