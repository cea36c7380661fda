package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// decode gives the root node of each document as the YAML library reads it.
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

// converter makes nodes of the library's.
type converter struct {
	src     *source
	nursery *nursery
}

// node converts a tree. What is deeper than may be is left out: it is reported
// and not read.
func (c converter) node(y *yaml.Node, depth int) *Node {
	n := c.nursery.node()
	*n = Node{src: c.src, value: y.Value, line: int32(y.Line), column: int32(y.Column)} // a file is far shorter than an int32
	switch y.Kind {
	case yaml.SequenceNode:
		n.kind = listNode
	case yaml.MappingNode:
		n.kind = mapNode
	case yaml.AliasNode:
		n.kind = aliasNode
	}
	switch {
	case y.Style&yaml.SingleQuotedStyle != 0:
		n.style = singleQuoted
	case y.Style&yaml.DoubleQuotedStyle != 0:
		n.style = doubleQuoted
	case y.Style&yaml.LiteralStyle != 0:
		n.style = literal
	case y.Style&yaml.FoldedStyle != 0:
		n.style = folded
	}
	if tagged := y.Style&yaml.TaggedStyle != 0; tagged || y.Anchor != "" || y.Tag == mergeTag {
		n.beside = &beside{anchor: y.Anchor, tag: y.Tag, tagged: tagged}
	} else if n.Place().firstRune() == '!' {
		// The library keeps no trace of a lone "!": without this, "! x" would
		// read as "x".
		n.beside = &beside{lone: true}
	}
	if depth > MaxDepth {
		return n
	}
	content := make([]*Node, len(y.Content))
	for i, child := range y.Content {
		content[i] = c.node(child, depth+1)
	}
	n.content = content
	return n
}

const mergeTag = "!!merge"
