package audit

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock is a time that a test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func open(t *testing.T, o FileOptions) (f *File, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "audit.jsonl")
	f, err := OpenFile(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, path
}

func write(t *testing.T, f *File, text string) {
	t.Helper()
	if n, err := f.Write([]byte(text)); err != nil || n != len(text) {
		t.Fatalf("wrote %d of %q: %v", n, text, err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func rotated(t *testing.T, path string) []string {
	t.Helper()
	out, err := Rotated(path)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRotateBySize(t *testing.T) {
	c := &clock{time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)}
	f, path := open(t, FileOptions{Rotate: 10, Keep: 2, Sync: true, Clock: c.now})
	// Files beside it that are not its own stay.
	for _, name := range []string{".bak", ".20260115T100000Z", ".20260115T100000.000000000Z.txt", "x.20260115T100000.000000000Z"} {
		if err := os.WriteFile(path+name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 9 {
		write(t, f, fmt.Sprintf("line%d\n", i)) // 6 bytes: one fits, two do not
		if i == 5 {
			c.at = c.at.Add(-time.Hour) // a clock that steps back does not confuse the order
		}
	}
	write(t, f, strings.Repeat("x", 30)+"\n") // longer than a file may get: it has one of its own
	write(t, f, "last\n")
	files := rotated(t, path)
	if len(files) != 2 || read(t, files[0]) != "line8\n" || !strings.HasPrefix(read(t, files[1]), "xxx") || read(t, path) != "last\n" {
		t.Errorf("kept %q, the last is %q", files, read(t, path))
	}
	for _, file := range append(files, path) {
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the rights %v, %v", file, info.Mode(), err)
		}
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 7 {
		t.Errorf("%d files, %v", len(entries), err)
	}
}

func TestRotateByAge(t *testing.T) {
	c := &clock{time.Now()}
	f, path := open(t, FileOptions{Age: time.Hour, Clock: c.now})
	write(t, f, "one\n")
	c.at = c.at.Add(59 * time.Minute)
	write(t, f, "two\n")
	if files := rotated(t, path); len(files) != 0 {
		t.Errorf("rotated %q", files)
	}
	c.at = c.at.Add(time.Minute)
	write(t, f, "three\n")
	files := rotated(t, path)
	if len(files) != 1 || read(t, files[0]) != "one\ntwo\n" || read(t, path) != "three\n" {
		t.Errorf("rotated %q, and %q goes on", files, read(t, path))
	}
	// The age counts over a restart.
	old := c.at.Add(-2 * time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	again, err := OpenFile(path, FileOptions{Age: time.Hour, Clock: c.now})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	write(t, again, "four\n")
	if read(t, path) != "four\n" || len(rotated(t, path)) != 2 {
		t.Errorf("%q goes on", read(t, path))
	}
}

// Somebody else may move, delete or truncate the file.
func TestFileIsMoved(t *testing.T) {
	f, path := open(t, FileOptions{})
	write(t, f, "one\n")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := f.Reopen(); err != nil {
		t.Fatal(err)
	}
	if read(t, path) != "" {
		t.Errorf("the new file holds %q", read(t, path))
	}
	write(t, f, "two\n")
	if err := os.Rename(path, path+".2"); err != nil { // and nobody says so
		t.Fatal(err)
	}
	write(t, f, "three\n")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, f, "four\n")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	write(t, f, "five\n")
	if got := read(t, path+".1") + read(t, path+".2") + read(t, path); got != "one\ntwo\nfive\n" {
		t.Errorf("the files hold %q", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if n, err := f.Write([]byte("six\n")); err == nil || n != 0 {
		t.Errorf("wrote %d bytes to a directory, %v", n, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, f, "seven\n")
	if got := read(t, path); got != "seven\n" {
		t.Errorf("the file holds %q", got)
	}
}

// A line that was written in part goes on where it is.
func TestLineStaysWhole(t *testing.T) {
	f, path := open(t, FileOptions{Rotate: 4})
	write(t, f, "be") // as a full disk takes it
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := f.Reopen(); err != nil {
		t.Fatal(err)
	}
	write(t, f, "gun\n")
	write(t, f, "next\n")
	if got := read(t, path+".1"); got != "begun\n" || read(t, path) != "next\n" {
		t.Errorf("the line is %q, %q follows", got, read(t, path))
	}
}

// A directory that cannot be written keeps a file from being rotated, and no
// record from being written.
func TestRotationFails(t *testing.T) {
	if os.Geteuid() == 0 {
		// Rights do not bind root: a directory in the way does.
		t.Log("running as root; the rename is kept from happening by its directory being gone")
	}
	var logged bytes.Buffer
	c := &clock{time.Now()}
	f, path := open(t, FileOptions{Rotate: 4, Clock: c.now, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	write(t, f, "one\n")
	// The newest rotated file has a name that no time follows.
	if err := os.WriteFile(path+".99999999T999999.999999999Z", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, f, "two\n")
	write(t, f, "three\n")
	if got := read(t, path); got != "one\ntwo\nthree\n" || strings.Count(logged.String(), "not rotated") != 1 {
		t.Errorf("the file holds %q, the log says %s", got, &logged)
	}
	if err := os.Remove(path + ".99999999T999999.999999999Z"); err != nil {
		t.Fatal(err)
	}
	c.at = c.at.Add(quiet)
	write(t, f, "four\n")
	if got := read(t, path); got != "four\n" {
		t.Errorf("the file holds %q", got)
	}
}

// Rotation under load loses nothing and cuts no line.
func TestRotateUnderLoad(t *testing.T) {
	f, path := open(t, FileOptions{Rotate: 4 << 10})
	l := Start(Options{Queue: 64, Flush: time.Millisecond}, Output{Sink: f})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 500 {
				l.Write(event())
				if i%100 == 50 {
					l.Reopen()
				}
			}
		})
	}
	wg.Wait()
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	files := append(rotated(t, path), path)
	for _, file := range files {
		all.WriteString(read(t, file))
	}
	if lines, dropped := wantAccounted(t, all.String()); lines != 2000 || dropped != 0 || len(files) < 10 {
		t.Errorf("%d lines and %d in gaps in %d files", lines, dropped, len(files))
	}
}
