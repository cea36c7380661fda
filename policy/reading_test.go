package policy

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
)

func TestSideBySide(t *testing.T) {
	for _, n := range []int{0, 1, 2, 1000} {
		calls := make([]atomic.Int32, n)
		sideBySide(n, func(i int) { calls[i].Add(1) })
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
	sideBySide(100, func(i int) {
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
	for i, size := range []int{10, batchSize, 1, 2, batchSize - 3, 0, 5, batchSize, batchSize, 7} {
		data := slices.Repeat([]byte{' '}, size)
		copy(data, fmt.Sprint(i))
		files = append(files, File{Path: fmt.Sprint(i), Data: data})
	}
	for stop := range len(files) + 1 {
		var got []string
		for f, r := range readings(files) {
			if len(got) == stop {
				break
			}
			if (len(r.docs) == 1) != (len(f.Data) > 0) || (len(r.found) == 0) != (len(r.docs) == 1) {
				t.Errorf("%s: %d documents, %v", f.Path, len(r.docs), r.found)
			}
			got = append(got, f.Path)
		}
		if want := []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}[:stop]; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	var sizes []int
	for rest := files; len(rest) > 0; rest = rest[batch(rest):] {
		sizes = append(sizes, batch(rest))
	}
	if want := []int{1, 1, 4, 1, 1, 1, 1}; !slices.Equal(sizes, want) {
		t.Errorf("batches of %v files, want %v", sizes, want)
	}
}
