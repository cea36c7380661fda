package jsonschema

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// node is one JSON Schema. Its keywords are written in the order of the
// fields. It uses only keywords that mean the same in draft 2020-12 and in
// draft-07, which many editors still read.
type node struct {
	Schema               string   `json:"$schema,omitempty"`
	ID                   string   `json:"$id,omitempty"`
	Title                string   `json:"title,omitempty"`
	Ref                  string   `json:"$ref,omitempty"`
	Description          string   `json:"description,omitempty"`
	Type                 any      `json:"type,omitempty"` // a string or []string
	Const                any      `json:"const,omitempty"`
	Enum                 []any    `json:"enum,omitempty"`
	Pattern              string   `json:"pattern,omitempty"`
	MaxLength            int      `json:"maxLength,omitempty"`
	Minimum              *int64   `json:"minimum,omitempty"`
	Maximum              *int64   `json:"maximum,omitempty"`
	MinItems             int      `json:"minItems,omitempty"`
	MaxItems             int      `json:"maxItems,omitempty"`
	UniqueItems          bool     `json:"uniqueItems,omitempty"`
	Items                *node    `json:"items,omitempty"`
	Required             []string `json:"required,omitempty"`
	MinProperties        int      `json:"minProperties,omitempty"`
	PropertyNames        *node    `json:"propertyNames,omitempty"`
	Properties           members  `json:"properties,omitempty"`
	AdditionalProperties *node    `json:"additionalProperties,omitempty"`
	If                   *node    `json:"if,omitempty"`
	Then                 *node    `json:"then,omitempty"`
	Else                 *node    `json:"else,omitempty"`
	Not                  *node    `json:"not,omitempty"`
	AllOf                []*node  `json:"allOf,omitempty"`
	AnyOf                []*node  `json:"anyOf,omitempty"`
	Defs                 members  `json:"$defs,omitempty"`

	never bool // nothing fits: written as false
}

// member is a named schema: a property or a definition.
type member struct {
	name string
	of   *node
}

// members keep their order, unlike a map.
type members []member

// get finds a member by name.
func (m members) get(name string) *node {
	for _, x := range m {
		if x.name == name {
			return x.of
		}
	}
	return nil
}

// MarshalJSON writes false for the schema that nothing fits.
func (n *node) MarshalJSON() ([]byte, error) {
	if n.never {
		return []byte("false"), nil
	}
	type keywords node
	return encode((*keywords)(n))
}

// MarshalJSON writes an object in the order of the members.
func (m members) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	for i, x := range m {
		out.WriteByte("{,"[min(i, 1)])
		name, err := encode(x.name)
		if err != nil {
			return nil, err
		}
		value, err := encode(x.of)
		if err != nil {
			return nil, err
		}
		out.Write(name)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// encode is json.Marshal without escaping <, > and &: people read the files.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}

// text gives the file: indented, with a final newline.
func (n *node) text() ([]byte, error) {
	data, err := encode(n)
	if err != nil {
		return nil, fmt.Errorf("writing the schema of %s: %w", n.Title, err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, data, "", "  "); err != nil {
		return nil, fmt.Errorf("writing the schema of %s: %w", n.Title, err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
