package jsonschema

import "strings"

// The forms of values. Each call gives a node of its own, because a key puts
// its description there.

// never fits nothing: it takes a key away from a mapping that has it otherwise.
func never() *node { return &node{never: true} }

func ref(definition string) *node { return &node{Ref: "#/$defs/" + definition} }

// text is a value that is read as it is written. Numbers and booleans are such
// values to YAML; an empty one is refused.
func text() *node { return &node{Type: []string{"string", "number", "boolean"}, Pattern: `\S`} }

// textOrEmpty is a text that may also be the empty string, in quotes.
func textOrEmpty() *node {
	return &node{Type: []string{"string", "number", "boolean"}, Pattern: `^$|\S`}
}

// shaped is a text of a given form that is not taken for a number.
func shaped(pattern string) *node { return &node{Type: "string", Pattern: pattern} }

// spelled is a text of a given form that a number or boolean may have, too.
func spelled(pattern string) *node {
	return &node{Type: []string{"string", "number", "boolean"}, Pattern: pattern}
}

func oneOf(values ...string) *node {
	n := &node{Type: "string"}
	for _, v := range values {
		n.Enum = append(n.Enum, v)
	}
	return n
}

func yes() *node { return &node{Type: "boolean"} }

func whole() *node { return &node{Type: "integer"} }

func between(least, most int64) *node { return &node{Type: "integer", Minimum: &least, Maximum: &most} }

func atLeast(least int64) *node { return &node{Type: "integer", Minimum: &least} }

// list is never empty.
func list(of *node) *node { return &node{Type: "array", MinItems: 1, Items: of} }

// set is a list that holds nothing twice.
func set(of *node) *node { return &node{Type: "array", MinItems: 1, UniqueItems: true, Items: of} }

// named is a mapping from names to values of one form; keys may be nil.
func named(keys, of *node) *node {
	return &node{Type: "object", PropertyNames: keys, AdditionalProperties: of}
}

// filled is a mapping that is not empty.
func filled(n *node) *node {
	n.MinProperties = 1
	return n
}

// data is a value whose type is declared elsewhere, or told by its spelling.
func data() *node {
	return &node{
		Description: "A text, number or boolean, a list or a mapping. It is never null: leave the key out instead.",
		Type:        []string{"string", "number", "boolean", "array", "object"}, Items: ref("value"), AdditionalProperties: ref("value"),
	}
}

// Conditions about the keys of a mapping.

func has(keys ...string) *node { return &node{Required: keys} }

// is holds when a key is there and has the value.
func is(key string, value any) *node {
	return &node{Required: []string{key}, Properties: members{{key, &node{Const: value}}}}
}

func with(key string, n *node) *node { return &node{Properties: members{{key, n}}} }

// each holds every item of a list, all of which are mappings.
func each(n *node) *node {
	n.Type = "object"
	return &node{Type: "array", Items: n}
}

// without takes keys away.
func without(keys ...string) *node {
	n := &node{}
	for _, k := range keys {
		n.Properties = append(n.Properties, member{k, never()})
	}
	return n
}

func no(n *node) *node { return &node{Not: n} }

func when(condition, then *node) *node { return &node{If: condition, Then: then} }

func unless(condition, otherwise *node) *node { return &node{If: condition, Else: otherwise} }

func either(nodes ...*node) *node { return &node{AnyOf: nodes} }

// and adds conditions to a mapping.
func (n *node) and(conditions ...*node) *node {
	n.AllOf = append(n.AllOf, conditions...)
	return n
}

// anyCase gives a pattern that matches an ASCII word in either case: the
// dialect of JSON Schema has no flag for it.
func anyCase(word string) string {
	var out strings.Builder
	for _, r := range word {
		switch {
		case r >= 'a' && r <= 'z':
			out.WriteString("[" + strings.ToUpper(string(r)) + string(r) + "]")
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// bare takes the ends off a pattern, so that it can be part of another.
func bare(pattern string) string {
	return strings.TrimSuffix(strings.TrimPrefix(pattern, "^"), "$")
}
