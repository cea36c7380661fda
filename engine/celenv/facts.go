package celenv

import (
	"slices"
	"strings"
)

// facts are the attributes known to be there at some point of an expression,
// by path and sorted; of optional values that are no attribute, such as
// user.labels[?'x'], what stands for them is a [spelling]. A point that cannot
// be reached knows everything.
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

// without forgets what is known of names that begin or cease to be variables
// of a loop.
func (f facts) without(names ...string) facts {
	out := facts{never: f.never}
	for _, p := range f.paths {
		if !slices.ContainsFunc(names, func(name string) bool { return mentions(p, name) }) {
			out.paths = append(out.paths, p)
		}
	}
	return out
}

// shared leaves out what has another meaning in another scope: a library has
// variables and constants of its own.
func (f facts) shared() facts {
	out := facts{never: f.never}
	for _, p := range f.paths {
		root, _, _ := strings.Cut(p, ".")
		if _, ok := rootNamed(root); ok {
			out.paths = append(out.paths, p)
		}
	}
	return out
}

// mentions tells whether a word stands in a path or spelling.
func mentions(text, word string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return false
		}
		from, to := at+i, at+i+len(word)
		if (from == 0 || !isWord(rune(text[from-1]))) && (to == len(text) || !isWord(rune(text[to]))) {
			return true
		}
		at = to
	}
}
