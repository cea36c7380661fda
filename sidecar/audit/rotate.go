package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The name of a rotated file ends in the time of its rotation, so that names
// sort by age.
const rotatedTime = "20060102T150405.000000000Z"

var rotatedForm = regexp.MustCompile(`^\.[0-9]{8}T[0-9]{6}\.[0-9]{9}Z(\.gz)?$`)

// rotateIfDue begins a new file before a write of n bytes. If it cannot, the
// file goes on to grow: a record is worth more than a limit.
func (f *File) rotateIfDue(n int64) {
	now := f.o.Clock()
	tooLarge := f.o.Rotate > 0 && f.size+n > f.o.Rotate
	tooOld := f.o.Age > 0 && now.Sub(f.born) >= f.o.Age
	if f.size == 0 || !tooLarge && !tooOld || now.Before(f.retry) {
		return
	}
	if err := f.rotate(now); err != nil {
		f.retry = now.Add(quiet)
		f.o.Logger.Error("the audit log is not rotated", "error", err)
	}
}

func (f *File) rotate(now time.Time) error {
	old, err := Rotated(f.path)
	if err != nil {
		return err
	}
	to := f.path + "." + now.UTC().Format(rotatedTime)
	if len(old) > 0 {
		// A clock may step back, and the newest file must still have the last name.
		for newest := strings.TrimSuffix(old[len(old)-1], ".gz"); to <= newest; {
			at, err := time.Parse("."+rotatedTime, strings.TrimPrefix(newest, f.path))
			if err != nil {
				return fmt.Errorf("naming the rotated file: %w", err)
			}
			to = f.path + "." + at.Add(1).Format(rotatedTime)
		}
	}
	if err := os.Rename(f.path, to); err != nil {
		return err
	}
	if err := f.open(); err != nil {
		// The lines go on into the renamed file; the next write tries again.
		return err
	}
	if f.o.Keep <= 0 {
		return nil
	}
	old = append(old, to)
	for _, path := range old[:max(0, len(old)-f.o.Keep)] {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Rotated lists the files that the log at a path has left behind, oldest first;
// they may have been compressed since. The log itself is not among them.
func Rotated(path string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	base := filepath.Base(path)
	var out []string
	for _, e := range entries {
		suffix, ok := strings.CutPrefix(e.Name(), base)
		if ok && e.Type().IsRegular() && rotatedForm.MatchString(suffix) {
			out = append(out, path+suffix)
		}
	}
	slices.Sort(out)
	return out, nil
}
