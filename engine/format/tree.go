package format

import "github.com/gwctl/gwctl/policy"

// page is one document of a file with the marker above it.
type page struct {
	blank  bool     // a blank line stands before the marker
	marker *comment // beside the marker
	body   *entry
	foot   []comment
}

// comment runs to the end of its line. Text begins with #.
type comment struct {
	text   string
	column int  // 0-based
	blank  bool // a blank line stands before it
}

// entry is an item of a block list or a key of a block mapping, with the
// comments around it.
type entry struct {
	lead   []comment // on lines of their own above it
	blank  bool      // a blank line stands directly above it
	key    *node     // nil in a list
	mid    *comment  // beside the colon or dash
	before []comment // on lines of their own between that and the value
	value  *node
	tail   *comment // beside the value
}

// node is a value with its spans of the source.
type node struct {
	value policy.Value
	// A block collection.
	block   bool
	column  int
	entries []*entry
	foot    []comment
	// A flow collection.
	tokens []token
	// A scalar.
	text    string   // as written; of a block scalar only the style and chomping
	lines   []string // of a block scalar, without their indentation
	comment *comment // beside the header of a block scalar
	expr    *expr    // of a condition that can be laid out anew
	spread  bool     // written over several lines
}

// token is a piece of a flow collection: a bracket, a comma, a colon or a
// scalar.
type token struct {
	text   string // "" for a scalar
	scalar *node
	brk    bool // begins a line
	blank  bool // a blank line stands before it
	beside *comment
	own    []comment
}

// isBlockScalar tells whether the node is a block scalar.
func (n *node) isBlockScalar() bool {
	return n.text != "" && (n.text[0] == '|' || n.text[0] == '>')
}
