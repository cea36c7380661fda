package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Node is a value of a document together with its place.
type Node struct {
	src *source
	y   *yaml.Node
}

// yamlLine finds the line in the parser's message. The parser has no typed
// error with a position, so its text is read for this one number and never
// compared.
var yamlLine = regexp.MustCompile(`line (\d+): `)

// Parse gives the documents of one file. A file without any document, or with
// anything the package refuses, is reported; then no documents are returned.
func Parse(path string, data []byte) ([]*Node, Diagnostics) {
	text := string(data)
	src := newSource(path, text)
	if at, why, bad := refusal(text); bad {
		return nil, Diagnostics{NewDiagnostic(src.span(at, Position{at.Line, at.Column + 1}), Error, "file_unreadable", why)}
	}
	var docs []*Node
	var found Diagnostics
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var y yaml.Node
		err := dec.Decode(&y)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, append(found, syntaxError(src, err))
		}
		if y.Kind != yaml.DocumentNode || len(y.Content) != 1 {
			continue
		}
		n := &Node{src: src, y: y.Content[0]}
		n.refuse(1, &found)
		docs = append(docs, n)
	}
	if len(docs) == 0 && len(found) == 0 {
		at := src.span(Position{1, 1}, Position{1, 2})
		found = append(found, NewDiagnostic(at, Error, "empty_file", "the file holds no document").
			WithHint("delete the file, or name it other than *.yaml if it is not meant to be read"))
	}
	if found.HasErrors() {
		return nil, found
	}
	return docs, found
}

func syntaxError(src *source, err error) Diagnostic {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if m := yamlLine.FindStringSubmatchIndex(msg); m != nil {
		if n, convErr := strconv.Atoi(msg[m[2]:m[3]]); convErr == nil {
			line = min(max(n, 1), len(src.lines))
		}
		msg = msg[m[1]:]
	}
	text := src.line(line)
	first := len(text) - len(strings.TrimLeft(text, " ")) + 1
	d := NewDiagnostic(src.span(Position{line, first}, Position{line, first + max(1, len([]rune(strings.TrimSpace(text))))}), Error, "yaml_syntax", msg)
	return d.WithHint("YAML could not be read from here on; look at the indentation, quotes and colons of this line and the one before it")
}

// refuse reports constructs that are never allowed, below this node too.
func (n *Node) refuse(depth int, found *Diagnostics) {
	y := n.y
	report := func(code, message, hint string) {
		*found = append(*found, NewDiagnostic(n.Span(), Error, code, message).WithHint(hint))
	}
	switch {
	case depth > MaxDepth:
		report("too_deep", fmt.Sprintf("nested more than %d levels deep", MaxDepth), "")
		return
	case y.Kind == yaml.AliasNode:
		report("alias", fmt.Sprintf("alias *%s: aliases are not read", y.Value), "write the value out, or name it under vars or consts")
		return
	case y.Anchor != "":
		report("anchor", fmt.Sprintf("anchor &%s: anchors are not read", y.Anchor), "write the value out, or name it under vars or consts")
		return
	case y.Style&yaml.TaggedStyle != 0:
		report("yaml_tag", fmt.Sprintf("%s is read by YAML as a tag, not as text", y.Tag), "put the whole value in double quotes")
		return
	}
	seen := map[string]bool{}
	for i, c := range y.Content {
		child := &Node{src: n.src, y: c}
		if y.Kind == yaml.MappingNode && i%2 == 0 {
			switch {
			case c.Kind == yaml.ScalarNode && c.Tag == "!!merge":
				*found = append(*found, NewDiagnostic(child.Span(), Error, "merge_key", "merge keys are not read").WithHint("write the keys out"))
			case c.Kind != yaml.ScalarNode:
				*found = append(*found, NewDiagnostic(child.Span(), Error, "key_not_text", "a key must be text").WithHint("quote the key if it starts with [, {, * or &"))
				continue
			case seen[c.Value]:
				*found = append(*found, NewDiagnostic(child.Span(), Error, "duplicate_key", fmt.Sprintf("key %q stands twice", c.Value)).WithHint("remove one of the two"))
			}
			seen[c.Value] = true
		}
		child.refuse(depth+1, found)
	}
}

// Span is the place of the node's first line.
func (n *Node) Span() Span {
	start := Position{max(1, n.y.Line), max(1, n.y.Column)}
	length := 1
	if n.y.Kind == yaml.ScalarNode {
		length = max(1, len([]rune(n.y.Value)))
		if n.y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			length += 2
		}
		rest := len([]rune(n.src.line(start.Line))) - start.Column + 1
		length = max(1, min(length, rest))
	}
	return n.src.span(start, Position{start.Line, start.Column + length})
}
