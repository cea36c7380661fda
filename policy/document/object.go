package document

import (
	"fmt"
	"slices"
	"strings"
)

// MaxFindings is the most findings that one reading reports. What is beyond
// them is left unsaid, as nobody reads it.
const MaxFindings = 10000

// Walker collects the findings of one reading.
type Walker struct {
	found Diagnostics
	spare [][]string // for the keys that objects are asked for
}

// Found gives everything reported so far.
func (w *Walker) Found() Diagnostics { return w.found }

// Add takes over what another walker found.
func (w *Walker) Add(found Diagnostics) {
	w.found = append(w.found, found[:min(len(found), MaxFindings-len(w.found))]...)
}

// Error reports a finding of error severity.
func (w *Walker) Error(at Span, code, hint, format string, args ...any) {
	if len(w.found) >= MaxFindings {
		return
	}
	w.found = append(w.found, NewDiagnostic(at, Error, code, fmt.Sprintf(format, args...)).WithHint(hint))
}

// Object is a mapping that is read key by key.
type Object struct {
	w     *Walker
	node  *Node
	asked []string
	all   bool           // Entries gave every key
	index map[string]int // of the keys in the node's content; nil for few keys
}

// fewKeys is how many keys are looked through rather than indexed.
const fewKeys = 16

// Object reads a node as a mapping. Anything else is reported and reads as an
// empty one, so that callers need no check.
func (w *Walker) Object(n *Node, what string) *Object {
	if n != nil && n.kind != mapNode {
		w.Error(n.Span(), "wrong_type", "", "%s must be a mapping, not %s", what, n.kindName())
		n = nil
	}
	o := &Object{w: w, node: n}
	if n != nil && len(n.content) > 2*fewKeys {
		o.index = make(map[string]int, len(n.content)/2)
		for i := 0; i+1 < len(n.content); i += 2 {
			o.index[n.content[i].value] = i
		}
	}
	return o
}

// Span is where the mapping starts.
func (o *Object) Span() Span {
	if o.node == nil {
		return Span{}
	}
	return o.node.Span()
}

// Place is where the mapping starts.
func (o *Object) Place() Place {
	if o.node == nil {
		return Place{}
	}
	return o.node.Place()
}

// Has tells whether a key is there, without reading it. One that is not there
// could be: it is what a misspelt key may have meant.
func (o *Object) Has(key string) bool {
	if o.find(key) != nil {
		return true
	}
	o.noteAsked(key)
	return false
}

func (o *Object) find(key string) *Node {
	if i := o.at(key); i >= 0 {
		return o.node.content[i+1]
	}
	return nil
}

// at gives the place of a key in the node's content, -1 if it is missing.
func (o *Object) at(key string) int {
	if o.node == nil {
		return -1
	}
	if o.index != nil {
		if i, ok := o.index[key]; ok {
			return i
		}
		return -1
	}
	c := o.node.content
	for i := 0; i+1 < len(c); i += 2 {
		if c[i].value == key {
			return i
		}
	}
	return -1
}

// Key is the place of a key's name, or of the mapping if the key is missing.
func (o *Object) Key(key string) Span {
	if i := o.at(key); i >= 0 {
		return o.node.content[i].Span()
	}
	return o.Span()
}

func (o *Object) ask(key string) *Node {
	o.noteAsked(key)
	return o.find(key)
}

func (o *Object) noteAsked(key string) {
	switch last := len(o.w.spare) - 1; {
	case o.asked != nil:
	case last >= 0:
		o.asked, o.w.spare = o.w.spare[last], o.w.spare[:last]
	default:
		o.asked = make([]string, 0, 2*fewKeys)
	}
	o.asked = append(o.asked, key)
}

// Require reports a missing key.
func (o *Object) Require(keys ...string) {
	if o.node == nil {
		return
	}
	for _, key := range keys {
		if o.find(key) == nil {
			o.w.Error(o.node.Span(), "missing_key", "", "key %q is missing", key)
		}
	}
}

// Node gives the value of a key unread, nil if the key is missing. A value
// that is empty or null is reported: leaving a value out by accident must not
// read as leaving the key out.
func (o *Object) Node(key string) *Node {
	n := o.ask(key)
	if n == nil {
		return nil
	}
	if n.isNull() {
		o.w.Error(o.Key(key), "empty_value", "give "+key+" a value, or remove the key", "key %q has no value", key)
		return nil
	}
	return n
}

// Text gives a scalar.
func (o *Object) Text(key string) Text {
	n := o.Node(key)
	switch {
	case n == nil:
		return Text{}
	case n.isText():
		return n.text()
	}
	return o.w.Text(n, fmt.Sprintf("%q", key))
}

// Text reads a node as a scalar that is not empty.
func (w *Walker) Text(n *Node, what string) Text {
	switch {
	case n.kind != scalarNode:
		w.Error(n.Span(), "wrong_type", "", "%s must be a single value, not %s", what, n.kindName())
	case !n.isText():
		w.Error(n.Span(), "empty_value", "", "%s is empty", what)
	default:
		return n.text()
	}
	return Text{}
}

// isText tells whether the node is a scalar that is not empty.
func (n *Node) isText() bool {
	return n.kind == scalarNode && !n.isNull() && strings.TrimSpace(n.value) != ""
}

// Object gives a mapping under a key; a missing key reads as an empty one.
func (o *Object) Object(key string) *Object {
	n := o.Node(key)
	if n == nil || n.IsMap() {
		return o.w.Object(n, "")
	}
	return o.w.Object(n, fmt.Sprintf("%q", key))
}

// List gives the items of a list. A list without items is reported: no
// selection is empty.
func (o *Object) List(key string) []*Node {
	n := o.Node(key)
	if n == nil {
		return nil
	}
	if n.kind != listNode {
		o.w.Error(n.Span(), "wrong_type", "write it as a list, as in "+key+": […]", "%q must be a list, not %s", key, n.kindName())
		return nil
	}
	if len(n.content) == 0 {
		o.w.Error(n.Span(), "empty_list", "name at least one, or remove the key", "%q is an empty list", key)
	}
	return n.content
}

// Texts gives a list of scalars, each once.
func (o *Object) Texts(key string) []Text { return o.texts(key, o.List(key)) }

func (o *Object) texts(key string, list []*Node) []Text {
	if len(list) == 0 {
		return nil
	}
	out := make([]Text, 0, len(list))
	var seen map[string]bool // few are looked through faster
	if len(list) > fewKeys {
		seen = make(map[string]bool, len(list))
	}
	for _, n := range list {
		if !n.isText() {
			o.w.Text(n, "an item of "+key)
			continue
		}
		t := n.text()
		if seen[t.Value()] || seen == nil && slices.ContainsFunc(out, func(x Text) bool { return x.Value() == t.Value() }) {
			o.w.Error(n.Span(), "duplicate_item", "remove one of the two", "%q stands twice in %q", t.Value(), key)
			continue
		}
		if seen != nil {
			seen[t.Value()] = true
		}
		out = append(out, t)
	}
	return out
}

// Entry is one key of a mapping whose keys are names.
type Entry struct {
	Key   Text
	Value *Node
}

// Entries gives the keys of a mapping in file order.
func (o *Object) Entries() []Entry {
	if o.node == nil {
		return nil
	}
	c := o.node.content
	out := make([]Entry, 0, len(c)/2)
	for i := 0; i+1 < len(c); i += 2 {
		out = append(out, Entry{Key: c[i].text(), Value: c[i+1]})
	}
	o.all = true
	return out
}

// Done reports the keys that nobody asked for. Nothing is to be asked for after
// it.
func (o *Object) Done() {
	if o.node != nil && !o.all {
		o.refuseUnasked()
	}
	if cap(o.asked) == 2*fewKeys {
		o.w.spare = append(o.w.spare, o.asked[:0])
	}
	o.asked = nil
}

func (o *Object) refuseUnasked() {
	var seen map[string]bool // few are looked through faster
	if len(o.asked) > 2*fewKeys {
		seen = make(map[string]bool, len(o.asked))
		for _, key := range o.asked {
			seen[key] = true
		}
	}
	unknown := unknownKeys{}
	c := o.node.content
	for i := 0; i+1 < len(c); i += 2 {
		key := c[i].value
		if seen[key] || seen == nil && slices.Contains(o.asked, key) {
			continue
		}
		o.w.Error(c[i].Span(), "unknown_key", unknown.hint(key, o.asked), "unknown key %q", key)
	}
}
