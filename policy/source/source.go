// Package source reads the files of a policy set from where it is kept: a
// directory or a bundle.
//
// [Read] tells the two apart by content. It gives bytes and paths only; what
// they mean is policy's business. It follows linked files and a linked root,
// refuses linked sub-directories and anything that is not a regular file, and
// reads no more than the limits of a set. A bundle holds the files that Read
// would take from a directory, and no others.
package source

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/bundle"
	"github.com/gwctl/gwctl/policy/document"
)

// Error is a set that cannot be read as it is: not a missing path, but
// something in it that the rules refuse.
type Error struct {
	Path string
	Why  string
	Hint string
	Err  error
}

func (e *Error) Error() string { return e.Path + ": " + e.Why }

func (e *Error) Unwrap() error { return e.Err }

// Files are the files of one reading, sorted by path.
type Files struct {
	Root   string // as it was given
	Bundle bool
	List   []policy.File // paths begin with the root, as diagnostics print them
	size   int           // bytes of List
}

const maxSize = bundle.MaxTotal // a larger directory could not be packed

// Fingerprint identifies the bytes and names of a reading.
func (f *Files) Fingerprint() string {
	h := sha256.New()
	for _, x := range f.List {
		fmt.Fprintf(h, "%d:%s%d:", len(x.Path), x.Path, len(x.Data))
		h.Write(x.Data)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// Relative gives the files with paths relative to the root, for a bundle.
func (f *Files) Relative() []bundle.File {
	var out []bundle.File
	for _, x := range f.List {
		rel := strings.TrimPrefix(strings.TrimPrefix(x.Path, f.Root), "!")
		if !f.Bundle {
			if r, err := filepath.Rel(f.Root, x.Path); err == nil {
				rel = filepath.ToSlash(r)
			}
		}
		out = append(out, bundle.File{Path: rel, Data: x.Data})
	}
	return out
}

// Read reads the set at a path. A missing path is an fs.ErrNotExist; a set
// that breaks the rules of reading is an *Error.
func Read(path string) (*Files, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the policy set: %w", err)
	}
	switch {
	case info.IsDir():
		return readDir(path)
	case !info.Mode().IsRegular():
		// Opening a pipe would wait for its writer.
		return nil, &Error{Path: path, Why: "neither a directory nor a regular file", Hint: "give a directory, or a bundle made by gwctl policy bundle"}
	}
	return readBundle(path)
}

func readBundle(path string) (*Files, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the policy set: %w", err)
	}
	defer file.Close()
	b, err := bundle.Unpack(file)
	if err != nil {
		return nil, &Error{Path: path, Why: "not a policy bundle: " + err.Error(), Hint: "give a directory, or a bundle made by gwctl policy bundle", Err: err}
	}
	out := &Files{Root: path, Bundle: true}
	for _, f := range b.Files {
		if !isRead(f.Path) {
			return nil, &Error{Path: path + "!" + f.Path, Why: "a bundle holds only *.yaml and *.yml files, without names that begin with a dot", Hint: "pack the set with gwctl policy bundle"}
		}
		out.List = append(out.List, policy.File{Path: path + "!" + f.Path, Data: f.Data})
	}
	return out, nil
}

// isRead tells whether a file of this relative path is read from a directory.
func isRead(rel string) bool {
	return isPolicyFile(rel) && !strings.HasPrefix(rel, ".") && !strings.Contains(rel, "/.")
}

func isPolicyFile(path string) bool {
	ext := filepath.Ext(path)
	return ext == ".yaml" || ext == ".yml"
}

// readDir reads every *.yaml and *.yml below a directory. Names that begin
// with a dot are passed over: on a Kubernetes mount they hold every file twice.
func readDir(root string) (*Files, error) {
	resolved, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, fmt.Errorf("reading the policy set: %w", err)
	}
	out := &Files{Root: root}
	err = filepath.WalkDir(resolved, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(resolved, path)
		if err != nil {
			return err
		}
		shown := filepath.Join(root, rel)
		switch {
		case rel == ".":
			return nil
		case strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		}
		return out.add(path, shown, d.Type()&fs.ModeSymlink != 0)
	})
	var refused *Error
	switch {
	case errors.As(err, &refused):
		return nil, refused
	case err != nil:
		return nil, fmt.Errorf("reading the policy set: %w", err)
	}
	slices.SortFunc(out.List, func(a, b policy.File) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

func (f *Files) add(path, shown string, linked bool) error {
	info, err := os.Stat(path)
	switch {
	case err != nil && linked:
		// What it led to may have been files that deny.
		return &Error{Path: shown, Why: "a link that cannot be followed", Hint: "mend the link, or remove it from the set", Err: err}
	case err != nil:
		return err
	case info.IsDir():
		return &Error{Path: shown, Why: "a linked sub-directory is not read", Hint: "move the files into the set, or give the linked directory itself as the set"}
	case !isPolicyFile(path):
		return nil
	case !info.Mode().IsRegular():
		return &Error{Path: shown, Why: "not a regular file", Hint: "remove it from the set"}
	case len(f.List) >= policy.MaxFiles:
		return &Error{Path: f.Root, Why: fmt.Sprintf("the set has more than %d files", policy.MaxFiles), Hint: "split the set, or give a directory further down"}
	}
	data, err := readFile(path)
	if err != nil {
		return err
	}
	if f.size += len(data); f.size > maxSize {
		return &Error{Path: f.Root, Why: fmt.Sprintf("the files of the set have more than %d bytes", maxSize), Hint: "split the set, or give a directory further down"}
	}
	f.List = append(f.List, policy.File{Path: shown, Data: data})
	return nil
}

// readFile reads one byte more than the loader accepts, so that the loader
// says so, with the file's name.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, document.MaxFileSize+1))
}
