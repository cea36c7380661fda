package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Node is a value of a document together with its place.
type Node struct {
	src *source
	y   *yaml.Node
}

// yamlLine finds the line in the parser's message. The parser has no typed
// error with a position, so its text is read for this one number.
var yamlLine = regexp.MustCompile(`^line (\d+): `)

// Parse gives the documents of one file. A file without any document, or with
// anything the package refuses, is reported; then no documents are returned.
func Parse(path string, data []byte) ([]*Node, Diagnostics) {
	text := string(data)
	if at, why, bad := refusal(text); bad {
		src := newSource(path, text[:min(len(text), MaxFileSize)])
		return nil, Diagnostics{NewDiagnostic(src.span(at, Position{at.Line, at.Column + 1}), Error, "file_unreadable", why)}
	}
	src := newSource(path, text)
	roots, err := decode(data)
	if err != nil {
		return nil, Diagnostics{syntaxError(src, data, err)}
	}
	docs := make([]*Node, 0, len(roots))
	var found Diagnostics
	for _, y := range roots {
		n := &Node{src: src, y: y}
		n.refuse(1, &found)
		docs = append(docs, n)
	}
	if len(docs) == 0 {
		at := src.span(Position{1, 1}, Position{1, 2})
		found = append(found, NewDiagnostic(at, Error, "empty_file", "the file holds no document").
			WithHint("delete the file, or name it other than *.yaml if it is not meant to be read"))
	}
	if found.HasErrors() {
		return nil, found
	}
	return docs, found
}

// decode gives the root node of each document.
func decode(data []byte) (roots []*yaml.Node, err error) {
	defer func() {
		// The parser panics on what it calls internal errors. A file must not
		// end the process that reads it.
		if p := recover(); p != nil {
			err = fmt.Errorf("the file cannot be read: %v", p)
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var y yaml.Node
		err := dec.Decode(&y)
		if errors.Is(err, io.EOF) {
			return roots, nil
		}
		if err != nil {
			return nil, err
		}
		if y.Kind == yaml.DocumentNode && len(y.Content) == 1 {
			roots = append(roots, y.Content[0])
		}
	}
}

func syntaxError(src *source, data []byte, err error) Diagnostic {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	n := 1
	if m := yamlLine.FindStringSubmatchIndex(msg); m != nil {
		if v, convErr := strconv.Atoi(msg[m[2]:m[3]]); convErr == nil {
			n = min(max(v, 1), src.count())
		}
		msg = msg[m[1]:]
	}
	if at, ok := failingLine(data, err); ok {
		n = min(at, src.count())
	}
	text := src.line(n).text
	first := len(text) - len(strings.TrimLeft(text, " \t")) + 1
	width := utf8.RuneCountInString(strings.TrimSpace(text))
	d := NewDiagnostic(src.span(Position{n, first}, Position{n, first + max(1, width)}), Error, "yaml_syntax", msg)
	return d.WithHint("YAML could not be read from here on; look at the indentation, quotes and colons of this line and the one before it; quote a value that begins with * & ! @ or `")
}

// maxRetry is the size of a file that is parsed again to find its fault.
const maxRetry = 32 << 10

// failingLine finds the first line with which the file fails as it does when
// it is whole. The parser itself tells where the structure began that it could
// not finish, or a line too few, or nothing.
func failingLine(data []byte, whole error) (line int, ok bool) {
	if len(data) > maxRetry {
		return 0, false
	}
	var ends []int
	for i, b := range data {
		if b == '\n' || i == len(data)-1 {
			ends = append(ends, i+1)
		}
	}
	at := sort.Search(len(ends), func(i int) bool {
		_, err := decode(data[:ends[i]])
		return err != nil && err.Error() == whole.Error()
	})
	return at + 1, at < len(ends)
}

// refuse reports constructs that are never allowed, below this node too.
func (n *Node) refuse(depth int, found *Diagnostics) {
	switch y := n.y; {
	case len(*found) >= MaxFindings:
		return
	case depth > MaxDepth:
		n.report("too_deep", fmt.Sprintf("nested more than %d levels deep", MaxDepth), "", found)
		return
	case y.Kind == yaml.AliasNode:
		n.report("alias", fmt.Sprintf("alias *%s: aliases are not read", y.Value), "write the value out, or name it under vars or consts", found)
		return
	case y.Anchor != "":
		n.report("anchor", fmt.Sprintf("anchor &%s: anchors are not read", y.Anchor), "write the value out, or name it under vars or consts", found)
		return
	case y.Style&yaml.TaggedStyle != 0:
		n.report("yaml_tag", fmt.Sprintf("%s is read by YAML as a tag, not as text", y.Tag), "put the whole value in double quotes", found)
		return
	case n.spot().firstRune() == '!':
		// The parser keeps no trace of a lone "!": without this, "! x" would
		// read as "x".
		n.report("yaml_tag", "! is read by YAML as a tag, not as text", "put the whole value in double quotes", found)
		return
	}
	if n.y.Kind == yaml.MappingNode {
		n.refuseKeys(found)
	}
	child := Node{src: n.src}
	for i, c := range n.y.Content {
		if n.y.Kind == yaml.MappingNode && i%2 == 0 && c.Kind != yaml.ScalarNode {
			continue // reported as a key that is not text
		}
		child.y = c
		child.refuse(depth+1, found)
	}
}

func (n *Node) report(code, message, hint string, found *Diagnostics) {
	*found = append(*found, NewDiagnostic(n.Span(), Error, code, message).WithHint(hint))
}

// refuseKeys reports keys that are not text, or stand twice.
func (n *Node) refuseKeys(found *Diagnostics) {
	seen := keySet{few: n.y.Content}
	if len(n.y.Content) > 2*fewKeys {
		seen.many = make(map[string]bool, len(n.y.Content)/2)
	}
	key := Node{src: n.src}
	for i := 0; i < len(n.y.Content) && len(*found) < MaxFindings; i += 2 {
		c := n.y.Content[i]
		key.y = c
		switch {
		case c.Kind != yaml.ScalarNode:
			key.report("key_not_text", "a key must be text", "quote the key if it starts with [, {, * or &", found)
		case c.Tag == "!!merge":
			key.report("merge_key", "merge keys are not read", "write the keys out", found)
		case strings.TrimSpace(c.Value) == "":
			key.report("key_not_text", "a key is empty", "give the key a name", found)
		case seen.before(i):
			key.report("duplicate_key", fmt.Sprintf("key %q stands twice", c.Value), "remove one of the two", found)
		}
	}
}
