package reload_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/pdp"
	"github.com/gwctl/gwctl/sidecar/reload"
)

// Files that the configuration names are followed, wherever they are, from the
// moment that it names them; one that goes is a change, too.
func TestNamedFilesAreFollowed(t *testing.T) {
	r := newRig(t, true)
	away := t.TempDir()
	first, second := filepath.Join(away, "a", "first.pem"), filepath.Join(away, "b", "second.pem")
	var mu sync.Mutex
	var seen []string
	r.builds(func(in reload.Input) (*pdp.Snapshot, policy.Diagnostics, error) {
		text := ""
		for _, path := range []string{first, second} {
			if _, named := in.Files[path]; !named {
				text += "- "
				continue
			}
			data, err := in.Files.Read(path)
			if err != nil {
				data = []byte("error")
			}
			text += string(data) + " "
		}
		mu.Lock()
		seen = append(seen, text)
		mu.Unlock()
		return compile(in)
	})
	put := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	put(first, "one")
	r.write("gwctl.yaml", first)
	if err := r.reloader.First(); err != nil {
		t.Fatal(err)
	}
	stop := r.run()
	put(first, "two")
	r.until(taken, 2)
	put(second, "odd") // nobody has named it
	r.write("gwctl.yaml", first+"\n"+second)
	r.until(taken, 3)
	put(second, "three")
	r.until(taken, 4)
	if err := os.Remove(first); err != nil {
		t.Fatal(err)
	}
	r.until(taken, 5)
	stop()
	if got := strings.Join(seen, "; "); got != "one - ; two - ; two odd ; two three ; error three " {
		t.Errorf("built from %q", got)
	}
	r.reloads()
}

func TestReadFiles(t *testing.T) {
	dir := t.TempDir()
	big, small := filepath.Join(dir, "big"), filepath.Join(dir, "small")
	for path, size := range map[string]int{big: reload.MaxFile + 1, small: reload.MaxFile} {
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := reload.ReadFiles([]string{big, small, dir, filepath.Join(dir, "none")})
	if data, err := files.Read(small); err != nil || len(data) != reload.MaxFile {
		t.Errorf("read %d bytes, %v", len(data), err)
	}
	for _, path := range []string{big, dir, filepath.Join(dir, "none"), filepath.Join(dir, "unread")} {
		if data, err := files.Read(path); err == nil || data != nil {
			t.Errorf("%s: read %d bytes", path, len(data))
		}
	}
}
