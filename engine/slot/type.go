package slot

import (
	"fmt"
	"strings"
)

// Kind is the kind of a type.
type Kind uint8

// The kinds of attribute types.
const (
	Invalid Kind = iota
	Bool
	Int
	Double
	String
	Timestamp
	Duration
	IP
	CIDR
	List
	Map
	Object
)

var kindNames = map[string]Kind{
	"bool": Bool, "int": Int, "double": Double, "string": String, "timestamp": Timestamp,
	"duration": Duration, "ip": IP, "cidr": CIDR,
}

// TypeNames are the names of the types that have no parameter.
func TypeNames() []string {
	return []string{"bool", "int", "double", "string", "timestamp", "duration", "ip", "cidr", "object", "list(string)", "map(string, string)"}
}

// Type is the declared type of an attribute. Elem is the element of a list or
// the value of a map; Fields are those of an object, and Name tells objects
// apart.
type Type struct {
	Kind   Kind
	Elem   *Type
	Name   string
	Fields []*Attr
}

// Field gives a field of an object by name.
func (t *Type) Field(name string) (*Attr, bool) {
	for _, f := range t.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return nil, false
}

// Types of the built-in attributes.
var (
	boolType    = &Type{Kind: Bool}
	stringType  = &Type{Kind: String}
	timeType    = &Type{Kind: Timestamp}
	ipType      = &Type{Kind: IP}
	stringsType = &Type{Kind: List, Elem: stringType}
	headersType = &Type{Kind: Map, Elem: stringsType}
)

const maxTypeDepth = 4

// ParseType reads a type such as string, list(int) or map(string, double).
func ParseType(text string) (*Type, error) { return parseType(text, 0) }

func parseType(text string, depth int) (*Type, error) {
	text = strings.TrimSpace(text)
	if depth > maxTypeDepth {
		return nil, fmt.Errorf("type %q is nested too deeply", text)
	}
	if text == "object" && depth > 0 {
		return nil, fmt.Errorf("an object stands alone, not in a list or map")
	}
	if text == "object" {
		return &Type{Kind: Object}, nil
	}
	if k, ok := kindNames[text]; ok {
		return &Type{Kind: k}, nil
	}
	name, rest, ok := strings.Cut(text, "(")
	inner, closed := strings.CutSuffix(rest, ")")
	if !ok || !closed {
		return nil, fmt.Errorf("type %q is not known", text)
	}
	kind := List
	switch strings.TrimSpace(name) {
	case "list":
	case "map":
		key, value, ok := strings.Cut(inner, ",")
		if !ok || strings.TrimSpace(key) != "string" {
			return nil, fmt.Errorf("the keys of a map are strings: write map(string, T)")
		}
		kind, inner = Map, value
	default:
		return nil, fmt.Errorf("type %q is not known", text)
	}
	elem, err := parseType(inner, depth+1)
	if err != nil {
		return nil, err
	}
	return &Type{Kind: kind, Elem: elem}, nil
}

// String gives the type as it is written in a Schema.
func (t *Type) String() string {
	switch t.Kind {
	case List:
		return "list(" + t.Elem.String() + ")"
	case Map:
		return "map(string, " + t.Elem.String() + ")"
	case Object:
		return "object"
	}
	for name, k := range kindNames {
		if k == t.Kind {
			return name
		}
	}
	return "invalid"
}
