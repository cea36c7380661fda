package policy

import (
	"iter"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/gwctl/gwctl/policy/document"
)

// reading is one file as it was parsed.
type reading struct {
	docs  []*document.Node
	found Diagnostics
}

// batchSize is how many bytes of files are parsed side by side. It bounds the
// trees that are held at a time, which are many times as large as the files.
const batchSize = 1 << 20

// readings parses files and gives them in their order. Parsing is most of the
// work of loading and knows one file only, so all processors share it.
func readings(files []File) iter.Seq2[File, reading] {
	return func(yield func(File, reading) bool) {
		for len(files) > 0 {
			parsed := make([]reading, batch(files))
			sideBySide(len(parsed), func(i int) {
				parsed[i].docs, parsed[i].found = document.Parse(files[i].Path, files[i].Data)
			})
			for i, r := range parsed {
				if !yield(files[i], r) {
					return
				}
			}
			files = files[len(parsed):]
		}
	}
}

// batch counts the files of the next batch, at least one.
func batch(files []File) int {
	size := 0
	for i, f := range files {
		if size += len(f.Data); i > 0 && size > batchSize {
			return i
		}
	}
	return len(files)
}

// sideBySide calls do with every number below n, on as many processors as there
// are, and returns when all is done. It panics if a call does: who loads can
// recover from that, which nobody can in another goroutine.
func sideBySide(n int, do func(i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	faults := make([]any, min(runtime.GOMAXPROCS(0), n))
	for w := range faults {
		workers.Go(func() {
			defer func() { faults[w] = recover() }()
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				do(int(i))
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
