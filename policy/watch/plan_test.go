package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// show gives a plan as lines "directory: names", relative to base.
func (p *plan) show(t *testing.T, base string) []string {
	t.Helper()
	var lines []string
	for dir, in := range p.dirs {
		rel, err := filepath.Rel(base, dir)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for name := range in.names {
			names = append(names, name)
		}
		slices.Sort(names)
		if in.all {
			names = []string{"*"}
		}
		lines = append(lines, filepath.ToSlash(rel)+": "+strings.Join(names, " "))
	}
	slices.Sort(lines)
	return lines
}

func TestPlan(t *testing.T) {
	r := newRig(t, false)
	r.write(r.path("a", "p", "x.yaml"), "")
	r.write(r.path("a", "p", "sub", "deep", "y.yaml"), "")
	r.write(r.path("a", "p", ".git", "z.yaml"), "")
	r.write(r.path("b", "f.yaml"), "")
	r.write(r.path("k", "..1", "c.yaml"), "")
	r.link("..1", r.path("k", "..data"))
	r.link("..data/c.yaml", r.path("k", "c.yaml"))
	r.link("a", r.path("rel"))
	r.link(r.path("rel", "p"), r.path("abs"))
	r.link("loop2", r.path("loop1"))
	r.link("loop1", r.path("loop2"))
	r.write(r.path("l", "x.yaml"), "")
	r.link("../b/f.yaml", r.path("l", "f.yaml"))
	r.link("../b", r.path("l", "dir"))
	r.link("none", r.path("l", "gone.yaml"))
	below := []string{"a/p/sub/deep: *", "a/p/sub: *", "a/p: *", "a: p"}
	for _, c := range []struct {
		name string
		root string
		want []string
	}{
		{"directory", "a/p", below},
		{"trailing slash", "a/p/", below},
		{"dots", "a/./p/../p/.", below},
		{"relative link", "rel/p", append([]string{".: rel"}, below...)},
		{"absolute link", "abs", append([]string{".: abs rel"}, below...)},
		{"dots behind a link", "abs/../p", append([]string{".: abs rel"}, below...)},
		{"file", "b/f.yaml", []string{"b: f.yaml"}},
		{"volume", "k", []string{".: k", "k/..1: c.yaml", "k: *"}},
		{"file of a volume", "k/c.yaml", []string{"k/..1: c.yaml", "k: ..data c.yaml"}},
		{"links in the tree", "l", []string{".: b l", "b: f.yaml", "l: *"}},
		{"loop", "loop1", []string{".: loop1 loop2"}},
		{"missing", "a/none/x", []string{"a: none"}},
		{"below a file", "b/f.yaml/x", []string{"b/f.yaml: x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlan([]string{r.dir + "/" + c.root}, 100)
			got := p.show(t, r.dir)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if p.full {
				t.Error("the plan is full")
			}
		})
	}
}

func TestRelativeRoot(t *testing.T) {
	r := newRig(t, false)
	r.write(r.path("work", "own.yaml"), "")
	r.write(r.path("other", "sub", "deep", "a.yaml"), "")
	r.link("../other/sub", r.path("work", "link"))
	t.Chdir(r.path("work"))
	// The system leaves the link's target, not the directory the link is in.
	w, err := New(Options[int]{Roots: []string{"link/../sub/deep"}, Read: func() (int, string, error) { return 0, "x", nil }})
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(r.dir) // a later change of directory does not matter
	want := []string{"other/sub/deep: *", "other/sub: deep", "work: link"}
	if got := newPlan(w.roots, 100).show(t, r.dir); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// That a root goes and comes shows in the directory above it.
func TestPlanAboveRoot(t *testing.T) {
	r := newRig(t, false)
	p := newPlan([]string{r.dir}, 100)
	want := []string{".: " + filepath.Base(r.dir), filepath.Base(r.dir) + ": *"}
	if got := p.show(t, filepath.Dir(r.dir)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPlanConcerns(t *testing.T) {
	p := &plan{dirs: map[string]*interest{
		"/etc":        {names: map[string]bool{"gwctl": true}},
		"/etc/gwctl":  {all: true},
		"/srv/linked": {names: map[string]bool{"a.yaml": true}},
	}}
	for path, want := range map[string]bool{
		"/etc/gwctl":          true,
		"/etc/passwd":         false,
		"/etc":                true,
		"/etc/gwctl/a.yaml":   true,
		"/etc/gwctl/..data":   true,
		"/etc/gwctl/x/y":      false,
		"/srv/linked/a.yaml":  true,
		"/srv/linked/b.yaml":  false,
		"/srv/linked":         true,
		"/elsewhere/a.yaml":   false,
		"":                    false,
		"/etc/gwctl-old":      false,
		"/etc/gwctl-old/file": false,
	} {
		if got := p.concerns(path); got != want {
			t.Errorf("%q: %v, want %v", path, got, want)
		}
	}
	if (*plan)(nil).concerns("/etc/gwctl") {
		t.Error("no plan is concerned")
	}
}

func TestPlanLimit(t *testing.T) {
	r := newRig(t, false)
	for i := range 10 {
		r.must(os.MkdirAll(r.path(fmt.Sprint(i), "deep"), 0o755))
	}
	for _, c := range []struct {
		most, size int
		full       bool
	}{{5, 5, true}, {21, 21, true}, {22, 22, false}, {100, 22, false}} {
		p := newPlan([]string{r.dir}, c.most)
		if len(p.dirs) != c.size || p.full != c.full {
			t.Errorf("at most %d: %d directories, full %v; want %d, %v", c.most, len(p.dirs), p.full, c.size, c.full)
		}
		if p.dirs[r.dir] == nil {
			t.Errorf("at most %d: the root is not watched", c.most)
		}
	}
}

// The watches follow the plan: none stays behind in a directory that matters no
// more, whatever was swapped.
func TestWatchesFollow(t *testing.T) {
	r := newRig(t, true)
	w, err := New(Options[int]{Roots: []string{r.path("current")}, Read: func() (int, string, error) { return 0, "x", nil }})
	if err != nil {
		t.Fatal(err)
	}
	n := newNotifier(w.open, w.most, w.log)
	defer n.close()
	if n.fs == nil {
		t.Skip("no file events here")
	}
	r.write(r.path("v1", "sub", "a.yaml"), "")
	r.write(r.path("v2", "sub", "a.yaml"), "")
	for round := range 4 {
		version := fmt.Sprint("v", round%2+1)
		r.link(version, r.path("current"))
		n.follow(w.roots)
		want := []string{r.dir, r.path(version), r.path(version, "sub")}
		got := n.fs.WatchList()
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("round %d: watching %q, want %q", round, got, want)
		}
	}
}
