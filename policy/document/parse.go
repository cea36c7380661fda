package document

import (
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// yamlLine finds the line in the parser's message. The parser has no typed
// error with a position, so its text is read for this one number.
var yamlLine = regexp.MustCompile(`^line (\d+): `)

// Parse gives the documents of one file. A file without any document, or with
// anything the package refuses, is reported; then no documents are returned.
func Parse(path string, data []byte) (docs []*Node, found Diagnostics) {
	new(Reader).Each([]File{{path, data}}, func(_ int, d []*Node, f Diagnostics) bool {
		docs, found = d, f
		return true
	})
	return docs, found
}

func (r *Reader) parse(src *source, data []byte, l look) ([]*Node, Diagnostics) {
	if !l.ascii || len(data) > MaxFileSize {
		if at, why, bad := refusal(string(data)); bad {
			return nil, Diagnostics{NewDiagnostic(src.span(at, Position{at.Line, at.Column + 1}), Error, "file_unreadable", why)}
		}
	}
	if !l.tabs && !l.crs {
		if docs, ok := r.plain.documents(src); ok {
			return checked(docs, nil)
		}
	}
	roots, err := decode(data)
	if err != nil {
		return nil, Diagnostics{syntaxError(src, data, err)}
	}
	docs := make([]*Node, 0, len(roots))
	for _, y := range roots {
		docs = append(docs, converter{src, &r.plain.nursery}.node(y, 1))
	}
	var found Diagnostics
	if len(docs) == 0 {
		at := src.span(Position{1, 1}, Position{1, 2})
		found = append(found, NewDiagnostic(at, Error, "empty_file", "the file holds no document").
			WithHint("delete the file, or name it other than *.yaml if it is not meant to be read"))
	}
	return checked(docs, found)
}

// checked gives documents in which nothing is refused.
func checked(docs []*Node, found Diagnostics) ([]*Node, Diagnostics) {
	for _, n := range docs {
		n.refuse(1, &found)
	}
	if found.HasErrors() {
		return nil, found
	}
	return docs, found
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
	switch {
	case len(*found) >= MaxFindings:
		return
	case depth > MaxDepth:
		n.report("too_deep", fmt.Sprintf("nested more than %d levels deep", MaxDepth), "", found)
		return
	case n.kind == aliasNode:
		n.report("alias", fmt.Sprintf("alias *%s: aliases are not read", n.value), "write the value out, or name it under vars or consts", found)
		return
	case n.beside != nil && n.beside.anchor != "":
		n.report("anchor", fmt.Sprintf("anchor &%s: anchors are not read", n.beside.anchor), "write the value out, or name it under vars or consts", found)
		return
	case n.beside != nil && n.beside.tagged:
		n.report("yaml_tag", fmt.Sprintf("%s is read by YAML as a tag, not as text", n.beside.tag), "put the whole value in double quotes", found)
		return
	case n.beside != nil && n.beside.lone:
		n.report("yaml_tag", "! is read by YAML as a tag, not as text", "put the whole value in double quotes", found)
		return
	}
	if n.kind == mapNode {
		n.refuseKeys(found)
	}
	for i, c := range n.content {
		if n.kind == mapNode && i%2 == 0 && c.kind != scalarNode {
			continue // reported as a key that is not text
		}
		c.refuse(depth+1, found)
	}
}

func (n *Node) report(code, message, hint string, found *Diagnostics) {
	*found = append(*found, NewDiagnostic(n.Span(), Error, code, message).WithHint(hint))
}

// refuseKeys reports keys that are not text, or stand twice.
func (n *Node) refuseKeys(found *Diagnostics) {
	seen := keySet{few: n.content}
	if len(n.content) > 2*fewKeys {
		seen.many = make(map[string]bool, len(n.content)/2)
	}
	for i := 0; i < len(n.content) && len(*found) < MaxFindings; i += 2 {
		switch key := n.content[i]; {
		case key.kind != scalarNode:
			key.report("key_not_text", "a key must be text", "quote the key if it starts with [, {, * or &", found)
		case key.beside != nil && key.beside.tag == mergeTag:
			key.report("merge_key", "merge keys are not read", "write the keys out", found)
		case strings.TrimSpace(key.value) == "":
			key.report("key_not_text", "a key is empty", "give the key a name", found)
		case seen.before(i):
			key.report("duplicate_key", fmt.Sprintf("key %q stands twice", key.value), "remove one of the two", found)
		}
	}
}
