package policy

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/gwctl/gwctl/policy/document"
)

func TestSideBySide(t *testing.T) {
	for _, n := range []int{0, 1, 2, 1000} {
		calls := make([]atomic.Int32, n)
		sideBySide(n, func(_, i int) { calls[i].Add(1) })
		for i := range calls {
			if got := calls[i].Load(); got != 1 {
				t.Errorf("%d of %d is called %d times", i, n, got)
			}
		}
	}
	defer func() {
		if p := recover(); p != "fault" {
			t.Errorf("the caller sees the panic %v", p)
		}
	}()
	sideBySide(100, func(_, i int) {
		if i == 50 {
			panic("fault")
		}
	})
	t.Error("a panic is lost")
}

// TestReadings: every file is given once and in order, whatever the batches,
// and whoever has seen enough is given no more.
func TestReadings(t *testing.T) {
	var files []File
	for i, size := range []int{10, batchSize, 1, 2, partSize - 3, 1, 0, 5, partSize, batchSize - partSize - 5, 7} {
		data := slices.Repeat([]byte{' '}, min(size, document.MaxFileSize))
		copy(data, fmt.Sprint(i, ": a"))
		name := fmt.Sprintf("%02d.yaml", i)
		if i%2 == 1 {
			name = fmt.Sprintf("%02d_test.yaml", i)
		}
		files = append(files, File{Path: name, Data: data})
	}
	for stop := range len(files) + 1 {
		got := 0
		for r := range readings(files) {
			if got == stop {
				break
			}
			f := files[got]
			if got++; len(f.Data) == 0 {
				if len(r.refused) == 0 {
					t.Errorf("%s is not refused", f.Path)
				}
				continue
			}
			if documents := len(r.declared) + len(r.suites); documents != 1 || len(r.refused) > 0 || IsTestFile(f.Path) != (len(r.suites) == 1) {
				t.Errorf("%s: %d documents, %v", f.Path, documents, r.refused)
			}
		}
		if got != stop {
			t.Errorf("%d files are given, want %d", got, stop)
		}
	}
}

func TestCut(t *testing.T) {
	var files []File
	for _, size := range []int{10, batchSize, 1, 2, partSize - 3, 1, 0, 5, partSize, batchSize - partSize - 5, 7} {
		files = append(files, File{Data: make([]byte, size)})
	}
	var got [][]int
	for rest := files; len(rest) > 0; {
		var batch []int
		for _, part := range cut(&rest) {
			batch = append(batch, len(part))
		}
		got = append(got, batch)
	}
	if want := "[[1] [1] [3 3 1] [1 1]]"; fmt.Sprint(got) != want {
		t.Errorf("parts of %v files, want %s", got, want)
	}
}
