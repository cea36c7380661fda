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
	slots []uint32 // hash table of lines: where one begins in the text, plus 1
	used  int
	at    []uint32 // of the lines of all files
	files []gathered
	wide  bool // some is not ASCII
}

type gathered struct {
	path string
	from uint32
}

// add takes the lines of a file.
func (g *gathering) add(path string, data []byte, l look) {
	g.files = append(g.files, gathered{path: path, from: uint32(len(g.at))})
	g.wide = g.wide || !l.ascii
	for {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			break
		}
		g.at = append(g.at, g.place(data[:i]))
		data = data[i+1:]
	}
	g.at = append(g.at, g.place(data))
}

// place finds a line in the text, or puts it there.
func (g *gathering) place(line []byte) uint32 {
	if 2*g.used >= len(g.slots) {
		g.grow()
	}
	mask := uint64(len(g.slots) - 1)
	for i := maphash.Bytes(g.seed, line) & mask; ; i = (i + 1) & mask {
		at := int(g.slots[i]) - 1
		if at < 0 {
			at = len(g.text)
			g.text = append(append(g.text, line...), '\n')
			g.slots[i] = uint32(at) + 1 // files that are read together are far smaller than an uint32
			g.used++
			return uint32(at)
		}
		if end := at + len(line); end < len(g.text) && g.text[end] == '\n' && bytes.Equal(g.text[at:end], line) {
			return uint32(at)
		}
	}
}

func (g *gathering) grow() {
	if g.slots == nil {
		g.seed = maphash.MakeSeed()
	}
	g.slots = make([]uint32, max(256, 2*len(g.slots)))
	mask := uint64(len(g.slots) - 1)
	for from := 0; from < len(g.text); {
		end := from + bytes.IndexByte(g.text[from:], '\n')
		i := maphash.Bytes(g.seed, g.text[from:end]) & mask
		for g.slots[i] != 0 {
			i = (i + 1) & mask
		}
		g.slots[i] = uint32(from) + 1
		from = end + 1
	}
}

// sources gives the files in the order in which they came, and forgets them.
func (g *gathering) sources() []source {
	all := &lines{text: string(g.text), at: slices.Clone(g.at), ascii: !g.wide}
	all.keepLong()
	out := make([]source, len(g.files))
	end := uint32(len(g.at))
	for i, f := range slices.Backward(g.files) {
		out[i] = source{path: f.path, in: all, from: f.from, n: end - f.from}
		end = f.from
	}
	clear(g.slots)
	clear(g.files)
	g.text, g.at, g.files, g.used, g.wide = g.text[:0], g.at[:0], g.files[:0], 0, false
	return out
}
