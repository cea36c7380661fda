package format

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzSource holds every input to the promise of the package: the result is
// canonical itself, and a file that has none is refused.
func FuzzSource(f *testing.F) {
	for _, pattern := range []string{"testdata/*/input.yaml", "../../examples/quickstart/*.yaml"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			f.Fatalf("%s: %d seeds, %v", pattern, len(paths), err)
		}
		for _, p := range paths {
			data, err := os.ReadFile(p)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		once, found, err := Source("x.yaml", data)
		if err != nil || found.HasErrors() {
			if once != nil {
				t.Fatalf("a result beside %v %v", found, err)
			}
			return
		}
		twice, found, err := Source("x.yaml", once)
		if err != nil || found.HasErrors() {
			t.Fatalf("the result is refused: %v %v\n%s", found, err, once)
		}
		if !bytes.Equal(once, twice) {
			t.Fatalf("not canonical:\n%s\n--- but\n%s", once, twice)
		}
	})
}
