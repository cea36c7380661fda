package document

import "slices"

// nursery makes nodes, many at a time. Those made since a mark are made anew
// when the nursery goes back to it.
type nursery struct {
	blocks [][]Node
	lists  [][]*Node
	mark   mark
}

// mark is how far a nursery is used.
type mark struct{ block, nodes, list, entries int }

const (
	nodesOfBlock  = 256
	entriesOfList = 512
)

// mostSpare is how many blocks and lists outlive the documents in them: as many
// as ordinary files take that are read together.
const mostSpare = 256

func (y *nursery) release() {
	y.mark = mark{}
	if len(y.blocks) > mostSpare {
		y.blocks = slices.Clone(y.blocks[:mostSpare])
	}
	if len(y.lists) > mostSpare {
		y.lists = slices.Clone(y.lists[:mostSpare])
	}
}

func (y *nursery) node() *Node {
	m := &y.mark
	if m.nodes == nodesOfBlock {
		m.block, m.nodes = m.block+1, 0
	}
	if m.block == len(y.blocks) {
		y.blocks = append(y.blocks, make([]Node, nodesOfBlock))
	}
	m.nodes++
	return &y.blocks[m.block][m.nodes-1]
}

// content gives a list of its own with the same nodes.
func (y *nursery) content(nodes []*Node) []*Node {
	if len(nodes) == 0 {
		return nil
	}
	if len(nodes) > entriesOfList/4 {
		return append([]*Node(nil), nodes...)
	}
	m := &y.mark
	if m.entries+len(nodes) > entriesOfList {
		m.list, m.entries = m.list+1, 0
	}
	if m.list == len(y.lists) {
		y.lists = append(y.lists, make([]*Node, entriesOfList))
	}
	from := m.entries
	m.entries += copy(y.lists[m.list][from:], nodes)
	return y.lists[m.list][from:m.entries:m.entries]
}
