package policy

import (
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gwctl/gwctl/policy/document"
)

// reading is what was read of one file.
type reading struct {
	refused  Diagnostics
	declared []declared
	suites   []*document.Node // of a test file, unread
}

// batchSize is how many bytes of files are read side by side, and partSize how
// many of them one goroutine takes at a time. The first bounds what is held at
// a time: trees of test files, which are several times as large as the files,
// and findings.
const (
	batchSize = 2 << 20
	partSize  = 256 << 10
)

// readings reads files and gives what they say in their order. Most of the work
// of loading is knowing one document only, so all processors share it. Suites
// are given unread, as what they may expand to depends on those before them.
func readings(files []File) iter.Seq[reading] {
	return func(yield func(reading) bool) {
		readers := make([]document.Reader, runtime.GOMAXPROCS(0))
		for len(files) > 0 {
			parts := cut(&files)
			tests := slices.ContainsFunc(parts, func(part []File) bool {
				return slices.ContainsFunc(part, func(f File) bool { return IsTestFile(f.Path) })
			})
			out := make([][]reading, len(parts))
			sideBySide(len(parts), func(worker, i int) { out[i] = readPart(&readers[worker], parts[i]) })
			for _, part := range out {
				for _, r := range part {
					if !yield(r) {
						return
					}
				}
			}
			for i := range readers {
				if tests {
					readers[i] = document.Reader{} // the matrices of suites refer to their documents to the end
				}
				readers[i].Release()
			}
		}
	}
}

// cut takes the next batch off the files, in parts.
func cut(files *[]File) (parts [][]File) {
	for size := 0; len(*files) > 0; {
		n, part := 0, 0
		for n < len(*files) && (n == 0 || part+len((*files)[n].Data) <= partSize) {
			part += len((*files)[n].Data)
			n++
		}
		if size += part; len(parts) > 0 && size > batchSize {
			break
		}
		parts, *files = append(parts, (*files)[:n]), (*files)[n:]
	}
	return parts
}

// readPart reads some files. They share one reader: no more findings are kept of
// them than are shown of a set.
func readPart(parser *document.Reader, files []File) []reading {
	out, in := make([]reading, len(files)), make([]document.File, len(files))
	for i, f := range files {
		in[i] = document.File(f)
	}
	w := &reader{empty: &empty{}}
	parser.Each(in, func(i int, docs []*document.Node, found Diagnostics) (keep bool) {
		out[i].refused = found
		if IsTestFile(files[i].Path) {
			out[i].suites = docs
			return true
		}
		out[i].declared = make([]declared, len(docs))
		for k, n := range docs {
			out[i].declared[k] = readDocument(w, n, false)
		}
		return false
	})
	return out
}

// sideBySide calls do with every number below n, on as many processors as there
// are, and returns when all is done. Calls of one worker follow each other. It
// panics if a call does: who loads can recover from that, which nobody can in
// another goroutine.
func sideBySide(n int, do func(worker, i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	faults := make([]any, min(runtime.GOMAXPROCS(0), n))
	for w := range faults {
		workers.Go(func() {
			defer func() { faults[w] = recover() }()
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				do(w, int(i))
			}
		})
	}
	workers.Wait()
	for _, fault := range faults {
		if fault != nil {
			panic(fault)
		}
	}
}
