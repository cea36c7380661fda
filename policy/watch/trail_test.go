package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestTrailLinks follows as many links as the system does, and no more.
func TestTrailLinks(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "0"), 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range maxLinks + 1 {
		if err := os.Symlink(fmt.Sprint(i), filepath.Join(dir, fmt.Sprint(i+1))); err != nil {
			t.Fatal(err)
		}
	}
	for links, want := range map[int]string{1: filepath.Join(dir, "0"), maxLinks: filepath.Join(dir, "0"), maxLinks + 1: ""} {
		if got := trail(dir, fmt.Sprint(links), func(string, string) {}); got != want {
			t.Errorf("%d links lead to %q, want %q", links, got, want)
		}
	}
}
