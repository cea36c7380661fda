package source

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Opening a pipe that nobody writes to would wait forever.
func TestPipes(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"set/a.yaml": "a"})
	pipe := func(name string) string {
		path := filepath.Join(dir, name)
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	read := func(path string) error {
		t.Helper()
		done := make(chan error, 1)
		go func() {
			_, err := Read(path)
			done <- err
		}()
		select {
		case err := <-done:
			return err
		case <-time.After(10 * time.Second):
			t.Fatal("still reading")
			return nil
		}
	}
	set := filepath.Join(dir, "set")
	pipe("set/other")
	if err := read(set); err != nil {
		t.Errorf("a pipe that is not read: %v", err)
	}
	refused(t, read(pipe("root")), filepath.Join(dir, "root"), "neither a directory nor a regular file")
	refused(t, read("/dev/zero"), "/dev/zero", "neither a directory nor a regular file")
	path := pipe("set/b.yaml")
	refused(t, read(set), path, "not a regular file")
}

func TestLinkToDevice(t *testing.T) {
	dir := t.TempDir()
	link(t, "/dev/zero", filepath.Join(dir, "a.yaml"))
	_, err := Read(dir)
	refused(t, err, filepath.Join(dir, "a.yaml"), "not a regular file")
}
