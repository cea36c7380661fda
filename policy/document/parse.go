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
	var docs []*Node
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
			n = min(max(v, 1), len(src.lines))
		}
		msg = msg[m[1]:]
	}
	if at, ok := failingLine(data, err); ok {
		n = min(at, len(src.lines))
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
	y := n.y
	report := func(code, message, hint string) {
		*found = append(*found, NewDiagnostic(n.Span(), Error, code, message).WithHint(hint))
	}
	switch {
	case len(*found) >= MaxFindings:
		return
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
	case n.firstRune() == '!':
		// The parser keeps no trace of a lone "!": without this, "! x" would
		// read as "x".
		report("yaml_tag", "! is read by YAML as a tag, not as text", "put the whole value in double quotes")
		return
	}
	if y.Kind == yaml.MappingNode {
		n.refuseKeys(found)
	}
	for i, c := range y.Content {
		if y.Kind == yaml.MappingNode && i%2 == 0 && c.Kind != yaml.ScalarNode {
			continue // reported as a key that is not text
		}
		(&Node{src: n.src, y: c}).refuse(depth+1, found)
	}
}

// refuseKeys reports keys that are not text, or stand twice.
func (n *Node) refuseKeys(found *Diagnostics) {
	seen := make(map[string]bool, len(n.y.Content)/2)
	for i := 0; i < len(n.y.Content) && len(*found) < MaxFindings; i += 2 {
		c := n.y.Content[i]
		key := &Node{src: n.src, y: c}
		report := func(code, message, hint string) {
			*found = append(*found, NewDiagnostic(key.Span(), Error, code, message).WithHint(hint))
		}
		switch {
		case c.Kind != yaml.ScalarNode:
			report("key_not_text", "a key must be text", "quote the key if it starts with [, {, * or &")
			continue
		case c.Tag == "!!merge":
			report("merge_key", "merge keys are not read", "write the keys out")
		case strings.TrimSpace(c.Value) == "":
			report("key_not_text", "a key is empty", "give the key a name")
		case seen[c.Value]:
			report("duplicate_key", fmt.Sprintf("key %q stands twice", c.Value), "remove one of the two")
		}
		seen[c.Value] = true
	}
}

// start is where the node begins. The parser puts an empty value at the end
// of a file into a line that is not there.
func (n *Node) start() Position {
	if last := len(n.src.lines); n.y.Line > last {
		return Position{last, n.src.line(last).length() + 1}
	}
	return Position{max(1, n.y.Line), max(1, n.y.Column)}
}

// firstRune is the character at which the node begins, 0 at the end of a line.
func (n *Node) firstRune() rune {
	at := n.start()
	l := n.src.line(at.Line)
	if at.Column > l.length() {
		return 0
	}
	return l.at(at.Column - 1)
}

// Span is the place of the node's first line.
func (n *Node) Span() Span {
	start := n.start()
	l := n.src.line(start.Line)
	start.Column = min(start.Column, l.length()+1)
	length := 1
	if n.y.Kind == yaml.ScalarNode {
		length = n.width(l, start.Column-1)
	}
	length = max(1, min(length, l.length()-start.Column+1))
	return n.src.span(start, Position{start.Line, start.Column + length})
}

// width counts the runes of a scalar in its first line, quotes included.
func (n *Node) width(l line, from int) int {
	switch first := n.firstRune(); {
	case first == '!' || first == '&': // a tag or an anchor, which is refused
		i := from
		for i < l.length() && l.at(i) != ' ' {
			i++
		}
		return i - from
	case n.y.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return 1
	case n.y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0:
		return utf8.RuneCountInString(n.y.Value)
	}
	quote := l.at(from)
	for i := from + 1; i < l.length(); i++ {
		switch r := l.at(i); {
		case r == '\\' && quote == '"':
			i++
		case r == quote && quote == '\'' && i+1 < l.length() && l.at(i+1) == quote:
			i++
		case r == quote:
			return i - from + 1
		}
	}
	return l.length() - from
}
