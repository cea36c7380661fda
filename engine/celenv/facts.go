package celenv

import "slices"

// facts are the attributes known to be there at some point of an expression,
// by path and sorted. A point that cannot be reached knows everything.
type facts struct {
	never bool
	paths []string
}

func (f facts) know(path string) bool {
	_, ok := slices.BinarySearch(f.paths, path)
	return f.never || ok
}

// with adds what a test found.
func (f facts) with(paths ...string) facts {
	if f.never {
		return f
	}
	out := slices.Concat(f.paths, paths)
	slices.Sort(out)
	return facts{paths: slices.Compact(out)}
}

// and holds where both hold.
func (f facts) and(g facts) facts {
	if f.never || g.never {
		return facts{never: true}
	}
	return f.with(g.paths...)
}

// or holds where one of the two does, and it is not known which.
func (f facts) or(g facts) facts {
	switch {
	case f.never:
		return g
	case g.never:
		return f
	}
	out := facts{}
	for _, p := range f.paths {
		if g.know(p) {
			out.paths = append(out.paths, p)
		}
	}
	return out
}
