package watch

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// plan is the list of directories to watch, by real path. Watched are
// directories only: a watched file is lost when another is renamed over it, and
// a watched link is its target.
type plan struct {
	dirs map[string]*interest
	most int
	full bool // there were more than most directories
}

// interest says which events in a directory matter.
type interest struct {
	all   bool
	names map[string]bool
}

// newPlan looks at the files as they are now. What leads to the roots comes
// first and the depths of the trees last, so that a full plan lacks the latter.
func newPlan(roots []string, most int) *plan {
	p := &plan{dirs: make(map[string]*interest), most: most}
	var queue []string
	for _, root := range roots {
		dir := trail("", root, p.note)
		if info, err := os.Lstat(dir); err == nil && info.IsDir() {
			queue = append(queue, dir)
		}
	}
	for len(queue) > 0 && !p.full {
		dir := queue[0]
		queue = queue[1:]
		in := p.add(dir)
		if in == nil || in.all {
			continue // no room, or a root within another
		}
		in.all = true
		entries, _ := os.ReadDir(dir) // an unreadable directory has no readable sub-directories
		for _, e := range entries {
			switch {
			case strings.HasPrefix(e.Name(), "."):
				// In a Kubernetes volume "..data" and the directory behind it
				// are met through the files that are linked into it.
			case e.IsDir():
				queue = append(queue, filepath.Join(dir, e.Name()))
			case e.Type()&fs.ModeSymlink != 0:
				trail(dir, e.Name(), p.note)
			}
		}
	}
	return p
}

// add returns the interest in dir, or nil when there is no room for it.
func (p *plan) add(dir string) *interest {
	in := p.dirs[dir]
	if in == nil {
		if len(p.dirs) >= p.most {
			p.full = true
			return nil
		}
		in = &interest{names: make(map[string]bool)}
		p.dirs[dir] = in
	}
	return in
}

func (p *plan) note(dir, name string) {
	if in := p.add(dir); in != nil {
		in.names[name] = true
	}
}

// concerns reports whether an event with this path matters: it is about a
// watched directory itself or about a name of interest in one.
func (p *plan) concerns(path string) bool {
	if p == nil {
		return false
	}
	if p.dirs[path] != nil {
		return true
	}
	in := p.dirs[filepath.Dir(path)]
	return in != nil && (in.all || in.names[filepath.Base(path)])
}
