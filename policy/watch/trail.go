package watch

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxLinks is the number of links after which a path counts as a loop; Linux
// follows 40 (path_resolution(7)).
const maxLinks = 40

// trail follows path from the real directory dir, as the system does when it
// opens the path. It calls note for every place whose change makes the path
// lead elsewhere: each link on the way, and the last name or, when the path
// leads nowhere, the first name that is not there. The directory given to note
// is real: no link is on the way to it.
//
// It returns the real path at the end, or "" when there is none.
func trail(dir, path string, note func(dir, name string)) string {
	if filepath.IsAbs(path) {
		dir, path = split(path)
	}
	todo := components(path)
	links := 0
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		if name == "." {
			continue
		}
		if name == ".." {
			dir = filepath.Dir(dir)
			continue
		}
		next := filepath.Join(dir, name)
		info, err := os.Lstat(next)
		if err != nil {
			note(dir, name)
			return ""
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			dir = next
			continue
		}
		note(dir, name)
		target, err := os.Readlink(next)
		if links++; err != nil || links > maxLinks {
			return ""
		}
		if filepath.IsAbs(target) {
			dir, target = split(target)
		}
		todo = append(components(target), todo...)
	}
	if parent := filepath.Dir(dir); parent != dir {
		note(parent, filepath.Base(dir))
	}
	return dir
}

// split cuts an absolute path into the root of its volume and the rest.
func split(path string) (root, rest string) {
	volume := filepath.VolumeName(path)
	return volume + string(filepath.Separator), path[len(volume):]
}

func components(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) })
}
