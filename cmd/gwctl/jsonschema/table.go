package jsonschema

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gwctl/gwctl/policy"
)

// baseURL is where the schemas are published.
const baseURL = "https://raw.githubusercontent.com/gwctl/gwctl/main/docs/schema/"

// table builds the schemas. What does not fit the Go source is collected and
// told at once.
type table struct {
	policy, config, engine, authn *source
	problems                      []error
}

func newTable(repo fs.FS) (*table, error) {
	t := &table{}
	for dir, to := range map[string]**source{"policy": &t.policy, "sidecar/config": &t.config, "engine": &t.engine, "sidecar/authn": &t.authn} {
		s, err := readSource(repo, dir)
		if err != nil {
			return nil, err
		}
		*to = s
	}
	return t, nil
}

func (t *table) problem(format string, args ...any) {
	t.problems = append(t.problems, fmt.Errorf(format, args...))
}

func (t *table) err() error {
	if len(t.problems) == 0 {
		return nil
	}
	return fmt.Errorf("the table of the schemas does not fit the source: %w", errors.Join(t.problems...))
}

// key is one key of a strict mapping. Its description is the comment of the
// field that the reader fills from it.
type key struct {
	name     string
	node     *node
	needed   bool
	field    string // "" for the field named like the key
	text     string
	replaces bool
}

func need(name string, n *node) *key { return &key{name: name, node: n, needed: true} }

func may(name string, n *node) *key { return &key{name: name, node: n} }

// of names the field, where it is not named like the key.
func (k *key) of(field string) *key {
	k.field = field
	return k
}

// says describes a key whose field has no comment, or that has no field.
func (k *key) says(text string) *key {
	k.text = text
	return k
}

// instead describes a key whose field has a comment that speaks of the Go value
// and not of the key.
func (k *key) instead(text string) *key {
	k.text, k.replaces = text, true
	return k
}

// strict is a mapping with these keys and no others. The type is the Go struct
// that it is read into; "" for none.
func (t *table) strict(from *source, typeName string, keys ...*key) *node {
	n := &node{Type: "object", AdditionalProperties: never()}
	var of goType
	if typeName != "" {
		var ok bool
		if of, ok = from.types[typeName]; !ok {
			t.problem("%s has no type %s", from.dir, typeName)
		}
		n.Description = t.sentence(typeName, firstSentence(of.doc), typeName)
	}
	for _, k := range keys {
		t.describe(k, typeName, of)
		n.Properties = append(n.Properties, member{k.name, k.node})
		if k.needed {
			n.Required = append(n.Required, k.name)
		}
	}
	return n
}

// describe gives a key its one description.
func (t *table) describe(k *key, typeName string, of goType) {
	if k.node.never {
		return
	}
	where := typeName + "." + k.name
	name, comment := of.field(k.name)
	if k.field != "" {
		name, comment = k.field, of.fields[k.field]
		if _, ok := of.fields[k.field]; !ok {
			t.problem("%s: there is no field %s", where, k.field)
		}
	}
	switch {
	case k.text != "" && comment != "" && !k.replaces:
		t.problem("%s: the field has a comment of its own now; remove the text from the table", where)
	case k.replaces && comment == "":
		t.problem("%s: the field has no comment; write says in place of instead", where)
	case k.text != "":
		k.node.Description = k.text
	case comment != "":
		k.node.Description = t.sentence(where, comment, name)
	case k.node.Description == "" && k.node.Ref == "":
		t.problem("%s has no description: comment the field, or add says", where)
	}
}

// sentence makes a comment a description: without the Go name that it begins
// with, with a capital and a full stop.
func (t *table) sentence(where, comment, name string) string {
	text := strings.Join(strings.Fields(comment), " ")
	text = strings.TrimPrefix(text, name+" is ")
	if text == "" || strings.HasPrefix(text, name+" ") && where != name {
		t.problem("%s: the comment %q cannot be a description", where, text)
		return text
	}
	if word, _, _ := strings.Cut(text, " "); !strings.Contains(word, "_") { // a token of the language stays as it is
		r, size := utf8.DecodeRuneInString(text)
		text = string(unicode.ToUpper(r)) + text[size:]
	}
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

func firstSentence(doc string) string {
	text := strings.Join(strings.Fields(doc), " ")
	if i := strings.Index(text, ". "); i >= 0 {
		return text[:i+1]
	}
	return text
}

// pattern and list give what the reader itself holds values to.

func (t *table) pattern(from *source, name string) string {
	p, err := from.pattern(name)
	if err != nil {
		t.problems = append(t.problems, err)
	}
	return p
}

func (t *table) list(from *source, name, key string) []any {
	l, err := from.list(name, key)
	if err != nil {
		t.problems = append(t.problems, err)
	}
	return l
}

func (t *table) texts(from *source, name string) []string {
	var out []string
	for _, v := range t.list(from, name, "") {
		s, ok := v.(string)
		if !ok {
			t.problem("%s.%s holds %v, which is no text", from.dir, name, v)
		}
		out = append(out, s)
	}
	return out
}

const maxName = 128

// name is a name that CEL never reads.
func (t *table) name() *node {
	n := shaped(t.pattern(t.policy, "nameForm"))
	n.MaxLength = maxName
	return n
}

// ident is a name that CEL reads.
func (t *table) ident() *node {
	n := shaped(t.pattern(t.policy, "identForm"))
	n.MaxLength = maxName
	n.Not = &node{Enum: t.list(t.policy, "celWords", "")}
	return n
}

// document is a whole document of a kind.
func (t *table) document(kind, description string, meta, spec *node, defs members) *node {
	n := t.strict(t.policy, "",
		need("apiVersion", &node{Const: policy.APIVersion}).says("Version of the language."),
		need("kind", &node{Const: kind}).says("What the document is."),
		need("metadata", meta).says("Who the document is."),
		need("spec", spec))
	n.Schema, n.ID, n.Title, n.Description, n.Defs = "https://json-schema.org/draft/2020-12/schema", baseURL+fileName(kind), kind, description, defs
	return n
}

// metadata is that of every kind of a set.
func (t *table) metadata(name *node) *node {
	return t.strict(t.policy, "Header",
		need("name", name).says("Name of the document, unique among those of its kind in the set."),
		may("description", text()).says("What it is for, in words."),
		may("owner", text()).says("Who answers for it, as in team-orders."),
		may("labels", named(nil, text())).says("Texts by name, for tools of your own."))
}

func fileName(kind string) string { return strings.ToLower(kind) + ".schema.json" }
