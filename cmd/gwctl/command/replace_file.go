package command

import (
	"io/fs"
	"os"
	"path/filepath"
)

// replaceFile leaves either the old file or the whole new one. last, if there
// is one, is asked when the new file is written and can still keep the old.
func replaceFile(path string, data []byte, mode fs.FileMode, last func() error) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".gwctl-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Chmod(mode)
	}
	if closeErr := tmp.Close(); err == nil {
		err = closeErr
	}
	if err == nil && last != nil {
		err = last()
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
