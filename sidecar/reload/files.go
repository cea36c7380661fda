package reload

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// MaxFile bounds a file that the configuration names.
const MaxFile = 1 << 20

// Files are the files that a configuration names, by path, as one reading
// found them.
type Files map[string]Content

// Content is what was in a file, or why it could not be read.
type Content struct {
	Data []byte
	Err  error
}

// ReadFiles reads the files of the given paths. One that cannot be read has its
// error.
func ReadFiles(paths []string) Files {
	out := make(Files, len(paths))
	for _, path := range paths {
		data, err := readBounded(path, MaxFile)
		if err == nil && len(data) > MaxFile {
			data, err = nil, fmt.Errorf("%s has more than %d bytes", path, MaxFile)
		}
		out[path] = Content{Data: data, Err: err}
	}
	return out
}

// Read gives the bytes of a file of the reading.
func (f Files) Read(path string) ([]byte, error) {
	c, ok := f[path]
	if !ok {
		return nil, fmt.Errorf("%s is not among the files that were read", path)
	}
	return c.Data, c.Err
}

func (f Files) fingerprint() string {
	if len(f) == 0 {
		return ""
	}
	h := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(f)) {
		c := f[path]
		text := ""
		if c.Err != nil {
			text = c.Err.Error()
		}
		fmt.Fprintf(h, "%q %q %d:", path, text, len(c.Data))
		h.Write(c.Data)
	}
	return "+" + hex.EncodeToString(h.Sum(nil))
}

// readBounded reads one byte more than most, so that what is too long shows. A
// path that is no file is refused, as opening a pipe would wait.
func readBounded(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	file, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, most+1))
}
