package document

import (
	"bytes"
	"hash/maphash"
	"slices"
)

// gathering collects the lines of files, equal ones once: policies say the same
// again and again. The zero gathering is empty.
type gathering struct {
	seed  maphash.Seed
	text  []byte   // each line once, with its end
	slots []uint32 // hash table of lines: the number of one among the distinct ones, plus 1
	at    []uint32 // where each distinct line begins in the text
	of    []uint32 // which of them is each line of all files
	files []gathered
	wide  bool // some is not ASCII
}

type gathered struct {
	path string
	from uint32
}

// add takes the lines of a file.
func (g *gathering) add(path string, data []byte, l look) {
	g.files = append(g.files, gathered{path: path, from: uint32(len(g.of))})
	g.wide = g.wide || !l.ascii
	for {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			break
		}
		g.of = append(g.of, g.place(data[:i]))
		data = data[i+1:]
	}
	g.of = append(g.of, g.place(data))
}

// place finds a line in the text, or puts it there.
func (g *gathering) place(line []byte) uint32 {
	if 2*len(g.at) >= len(g.slots) {
		g.grow()
	}
	mask := uint64(len(g.slots) - 1)
	for i := maphash.Bytes(g.seed, line) & mask; ; i = (i + 1) & mask {
		if g.slots[i] == 0 {
			g.at = append(g.at, uint32(len(g.text))) // files that are read together are far smaller than an uint32
			g.text = append(append(g.text, line...), '\n')
			g.slots[i] = uint32(len(g.at))
			return g.slots[i] - 1
		}
		at := int(g.at[g.slots[i]-1])
		if end := at + len(line); end < len(g.text) && g.text[end] == '\n' && bytes.Equal(g.text[at:end], line) {
			return g.slots[i] - 1
		}
	}
}

func (g *gathering) grow() {
	if g.slots == nil {
		g.seed = maphash.MakeSeed()
	}
	g.slots = make([]uint32, max(256, 2*len(g.slots)))
	mask := uint64(len(g.slots) - 1)
	for n, from := range g.at {
		end := int(from) + bytes.IndexByte(g.text[from:], '\n')
		i := maphash.Bytes(g.seed, g.text[from:end]) & mask
		for g.slots[i] != 0 {
			i = (i + 1) & mask
		}
		g.slots[i] = uint32(n) + 1
	}
}

// sources gives the files in the order in which they came, and forgets them.
func (g *gathering) sources() []source {
	all := &lines{text: string(g.text), at: slices.Clone(g.at), ascii: !g.wide}
	if len(g.at) > 1<<16 {
		all.of = slices.Clone(g.of)
	} else {
		all.few = make([]uint16, len(g.of))
		for i, n := range g.of {
			all.few[i] = uint16(n)
		}
	}
	all.keepLong()
	out := make([]source, len(g.files))
	end := uint32(len(g.of))
	for i, f := range slices.Backward(g.files) {
		out[i] = source{path: f.path, in: all, from: f.from, n: end - f.from}
		end = f.from
	}
	clear(g.slots)
	clear(g.files)
	g.text, g.at, g.of, g.files, g.wide = g.text[:0], g.at[:0], g.of[:0], g.files[:0], false
	return out
}
