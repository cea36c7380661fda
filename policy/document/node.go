package document

// Node is a value of a document together with its place. The nodes of a file
// are read by one goroutine; what is read of them may be used by many.
type Node struct {
	src     *source
	content []*Node // items, or keys and values in turn
	value   string  // of a scalar; the name of an alias
	beside  *beside // nil for almost all
	line    int32   // as the parser tells them
	column  int32
	from    int32 // byte of its line, if partOfLine
	asText  Text  // once it was asked for
	kind    kind
	style   style
	// partOfLine tells that the value stands in its line as it is, but for
	// quotes around it, and that the columns before it are soon counted.
	partOfLine bool
}

// beside is what else the YAML library found at a value: an anchor, a tag, or
// that a key merges.
type beside struct {
	anchor, tag string
	tagged      bool // the tag stands in the file
	lone        bool // a "!" without a name
}

type kind uint8

const (
	scalarNode kind = iota
	listNode
	mapNode
	aliasNode
)

// style is how a scalar is written.
type style uint8

const (
	plain style = iota
	singleQuoted
	doubleQuoted
	literal
	folded
	collection // of a Place: not a scalar
)

func (s style) block() bool  { return s == literal || s == folded }
func (s style) quoted() bool { return s == singleQuoted || s == doubleQuoted }

// IsScalar, IsList and IsMap tell a node's shape before it is read.
func (n *Node) IsScalar() bool { return n.kind == scalarNode }

// IsList tells whether the node is a sequence.
func (n *Node) IsList() bool { return n.kind == listNode }

// IsMap tells whether the node is a mapping.
func (n *Node) IsMap() bool { return n.kind == mapNode }

func (n *Node) kindName() string {
	switch {
	case n.kind == listNode:
		return "a list"
	case n.kind == mapNode:
		return "a mapping"
	case n.isNull():
		return "empty"
	}
	return "a single value"
}

func (n *Node) isNull() bool {
	if n.kind != scalarNode || n.style != plain {
		return false
	}
	switch n.value {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}
