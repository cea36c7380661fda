package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"
)

// FileOptions of a file. The zero value never rotates.
type FileOptions struct {
	Rotate int64            // size in bytes that it does not grow beyond, unless by one write; 0 is no limit
	Age    time.Duration    // how old it gets before the next record begins a new one; 0 is no limit
	Keep   int              // rotated files that are kept; the oldest are deleted. 0 deletes none
	Sync   bool             // a file is synced before it is left for the next
	Clock  func() time.Time // time.Now if nil
	Logger *slog.Logger     // hears of rotations that fail; none if nil
}

// File is a Sink that appends to a regular file. Before each write it sees
// whether the file is still the one at its path, and goes on in a new one if
// not: somebody else may rotate it, too.
type File struct {
	path    string
	o       FileOptions
	file    *os.File
	info    fs.FileInfo // of file
	size    int64
	born    time.Time
	midLine bool      // the last write has ended within a line, which must go on in the same file
	retry   time.Time // when a rotation that has failed is tried again
}

// OpenFile opens the regular file at path for appending, and creates it for
// its owner alone (mode 0600) if it is not there; the mode of an existing file
// stays. A line that a crash has cut short is ended, so that the next record
// starts on a line of its own.
func OpenFile(path string, o FileOptions) (*File, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	f := &File{path: path, o: o}
	if err := f.open(); err != nil {
		return nil, fmt.Errorf("open audit log: %w", err)
	}
	return f, nil
}

// open takes the file at the path in place of the one before, which is closed.
func (f *File) open() error {
	// Opening a pipe would wait for its reader.
	if info, err := os.Stat(f.path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", f.path)
	}
	file, err := os.OpenFile(f.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", f.path)
	}
	if err == nil {
		err = endLine(file, info.Size())
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.leave()
	f.file, f.info, f.size, f.born = file, info, info.Size(), f.o.Clock()
	if info.Size() > 0 && info.ModTime().Before(f.born) {
		f.born = info.ModTime() // of its last record; nothing tells its first
	}
	return nil
}

// leave closes the file before. That it cannot be synced or closed is told, and
// changes nothing: its lines were taken.
func (f *File) leave() {
	if f.file == nil {
		return
	}
	var err error
	if f.o.Sync {
		err = f.file.Sync()
	}
	if err = errors.Join(err, f.file.Close()); err != nil {
		f.o.Logger.Error("a rotated audit log was not closed well", "error", err)
	}
}

func endLine(f *os.File, size int64) error {
	if size == 0 {
		return nil
	}
	var last [1]byte
	if _, err := f.ReadAt(last[:], size-1); err != nil {
		return err
	}
	if last[0] == '\n' {
		return nil
	}
	_, err := f.Write([]byte{'\n'})
	return err
}

// Write appends whole lines, to a new file if it is time for one.
func (f *File) Write(p []byte) (int, error) {
	if !f.midLine {
		if err := f.Reopen(); err != nil {
			return 0, err
		}
		f.rotateIfDue(int64(len(p)))
	}
	n, err := f.file.Write(p)
	if n > 0 {
		f.size += int64(n)
		f.midLine = p[n-1] != '\n'
	}
	return n, err
}

// Sync makes what was written survive a crash of the machine.
func (f *File) Sync() error { return f.file.Sync() }

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// Reopen begins a new file if the one at the path is not the one that is
// written, as after an external rotation, or if there is none. A line that has
// begun goes on where it is.
func (f *File) Reopen() error {
	if f.midLine {
		return nil
	}
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f.open()
	case err != nil:
		return err
	case !os.SameFile(info, f.info):
		return f.open()
	}
	f.size = info.Size() // it may have been truncated
	return nil
}
