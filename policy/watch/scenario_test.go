package watch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Each scenario changes twice: the second change is met only by watches that
// followed the first.

func TestPlainWrite(t *testing.T) {
	both(t, func(r *rig) {
		r.write(r.path("a.yaml"), "1")
		r.start(r.dir, tree(r.dir), "a.yaml=1 ")
		r.write(r.path("a.yaml"), "2")
		r.sometime("a.yaml=2 ")
		r.write(r.path("b.yaml"), "3")
		r.sometime("a.yaml=2 b.yaml=3 ")
	})
}

func TestRenameOverFile(t *testing.T) {
	both(t, func(r *rig) {
		r.write(r.path("a.yaml"), "1")
		r.start(r.dir, tree(r.dir), "a.yaml=1 ")
		r.replace(r.path("a.yaml"), "2")
		r.next("a.yaml=2 ")
		r.replace(r.path("a.yaml"), "3")
		r.next("a.yaml=3 ")
	})
}

func TestDelete(t *testing.T) {
	both(t, func(r *rig) {
		r.write(r.path("a.yaml"), "1")
		r.write(r.path("sub", "b.yaml"), "2")
		r.start(r.dir, tree(r.dir), "a.yaml=1 sub/b.yaml=2 ")
		r.must(os.Remove(r.path("a.yaml")))
		r.next("sub/b.yaml=2 ")
		r.must(os.RemoveAll(r.path("sub")))
		r.next("")
	})
}

// A Kubernetes volume: files are links through ..data, which is swapped.
func TestKubernetesVolume(t *testing.T) {
	both(t, func(r *rig) {
		root := r.path("mount")
		publish := func(version int) {
			r.Helper()
			data := fmt.Sprintf("..2024_%d", version)
			r.write(filepath.Join(root, data, "a.yaml"), fmt.Sprint(version))
			r.write(filepath.Join(root, data, "b.yaml"), fmt.Sprint(version))
			r.link(data, filepath.Join(root, "..data"))
			r.must(os.RemoveAll(filepath.Join(root, fmt.Sprintf("..2024_%d", version-1))))
		}
		publish(1)
		r.link("..data/a.yaml", filepath.Join(root, "a.yaml"))
		r.link("..data/b.yaml", filepath.Join(root, "b.yaml"))
		r.start(root, tree(root), "a.yaml=1 b.yaml=1 ")
		for version := 2; version <= 4; version++ {
			publish(version)
			r.next(fmt.Sprintf("a.yaml=%d b.yaml=%d ", version, version))
		}
	})
}

// A single file of such a volume as the root, say the sidecar's configuration.
func TestKubernetesFile(t *testing.T) {
	both(t, func(r *rig) {
		file := r.path("config.yaml")
		read := func() (string, string, error) {
			data, err := os.ReadFile(file)
			return string(data), "text: " + string(data), err
		}
		r.write(r.path("..1", "config.yaml"), "1")
		r.link("..1", r.path("..data"))
		r.link("..data/config.yaml", file)
		r.start(file, read, "1")
		r.write(r.path("..2", "config.yaml"), "2")
		r.link("..2", r.path("..data"))
		r.next("2")
		r.write(r.path("..3", "config.yaml"), "3")
		r.link("..3", r.path("..data"))
		r.next("3")
	})
}

func TestFileRoot(t *testing.T) {
	both(t, func(r *rig) {
		file := r.path("config.yaml")
		read := func() (string, string, error) {
			data, err := os.ReadFile(file)
			return string(data), "text: " + string(data), err
		}
		r.write(file, "1")
		r.start(file, read, "1")
		r.replace(file, "2")
		r.next("2")
		r.must(os.Remove(file))
		r.fault(fs.ErrNotExist)
		r.replace(file, "3")
		r.next("3")
	})
}

func TestRootLinkSwapped(t *testing.T) {
	both(t, func(r *rig) {
		r.write(r.path("v1", "a.yaml"), "1")
		r.write(r.path("v2", "a.yaml"), "2")
		r.link("v1", r.path("current"))
		r.start(r.path("current"), tree(r.path("current")), "a.yaml=1 ")
		r.link(r.path("v2"), r.path("current"))
		r.next("a.yaml=2 ")
		r.replace(r.path("v2", "a.yaml"), "3")
		r.next("a.yaml=3 ")
	})
}

func TestParentLinkSwapped(t *testing.T) {
	both(t, func(r *rig) {
		r.write(r.path("v1", "etc", "policies", "a.yaml"), "1")
		r.write(r.path("v2", "etc", "policies", "a.yaml"), "2")
		r.link("v1", r.path("current"))
		root := r.path("current", "etc", "policies")
		r.start(root, tree(root), "a.yaml=1 ")
		r.link("v2", r.path("current"))
		r.next("a.yaml=2 ")
		r.replace(r.path("v2", "etc", "policies", "a.yaml"), "3")
		r.next("a.yaml=3 ")
		r.link("v1", r.path("current"))
		r.next("a.yaml=1 ")
	})
}

func TestLinkedFile(t *testing.T) {
	both(t, func(r *rig) {
		r.write(r.path("shared", "a.yaml"), "1")
		r.write(r.path("root", "readme.md"), "")
		r.link(filepath.Join("..", "shared", "a.yaml"), r.path("root", "a.yaml"))
		r.start(r.path("root"), tree(r.path("root")), "a.yaml=1 ")
		r.replace(r.path("shared", "a.yaml"), "2")
		r.next("a.yaml=2 ")
	})
}

func TestNewDirectory(t *testing.T) {
	both(t, func(r *rig) {
		r.start(r.dir, tree(r.dir), "")
		r.write(r.path("x", "y", "z", "a.yaml"), "1")
		r.sometime("x/y/z/a.yaml=1 ")
		r.replace(r.path("x", "y", "z", "a.yaml"), "2")
		r.next("x/y/z/a.yaml=2 ")
	})
}

func TestDirectoryMoved(t *testing.T) {
	both(t, func(r *rig) {
		root := r.path("root")
		r.write(r.path("outside", "sub", "a.yaml"), "1")
		r.must(os.Mkdir(root, 0o755))
		r.start(root, tree(root), "")
		r.must(os.Rename(r.path("outside"), filepath.Join(root, "in")))
		r.next("in/sub/a.yaml=1 ")
		r.replace(filepath.Join(root, "in", "sub", "a.yaml"), "2")
		r.next("in/sub/a.yaml=2 ")
		r.must(os.Rename(filepath.Join(root, "in"), filepath.Join(root, "on")))
		r.next("on/sub/a.yaml=2 ")
		r.replace(filepath.Join(root, "on", "sub", "a.yaml"), "3")
		r.next("on/sub/a.yaml=3 ")
		r.must(os.Rename(filepath.Join(root, "on"), r.path("out")))
		r.next("")
	})
}

// A directory of the same name, perhaps with the same inode number.
func TestDirectoryRecreated(t *testing.T) {
	both(t, func(r *rig) {
		r.write(r.path("sub", "a.yaml"), "0")
		r.start(r.dir, tree(r.dir), "sub/a.yaml=0 ")
		for i := 1; i <= 5; i++ {
			r.must(os.RemoveAll(r.path("sub")))
			r.write(r.path("sub", "a.yaml"), fmt.Sprint(i))
			r.sometime(fmt.Sprintf("sub/a.yaml=%d ", i))
			r.replace(r.path("sub", "a.yaml"), "again")
			r.next("sub/a.yaml=again ")
		}
	})
}

func TestRootRecreated(t *testing.T) {
	both(t, func(r *rig) {
		root := r.path("etc", "policies")
		r.write(filepath.Join(root, "a.yaml"), "1")
		r.start(root, tree(root), "a.yaml=1 ")
		r.must(os.RemoveAll(root))
		r.fault(fs.ErrNotExist)
		r.write(filepath.Join(root, "a.yaml"), "2")
		r.sometime("a.yaml=2 ")
		r.replace(filepath.Join(root, "a.yaml"), "3")
		r.next("a.yaml=3 ")
		// The directory above goes as well.
		r.must(os.RemoveAll(r.path("etc")))
		r.fault(fs.ErrNotExist)
		r.write(filepath.Join(root, "a.yaml"), "4")
		r.sometime("a.yaml=4 ")
	})
}

func TestRootExchanged(t *testing.T) {
	both(t, func(r *rig) {
		root := r.path("policies")
		r.write(filepath.Join(root, "sub", "a.yaml"), "1")
		r.write(r.path("next", "sub", "a.yaml"), "2")
		r.start(root, tree(root), "sub/a.yaml=1 ")
		r.must(os.Rename(root, r.path("before")))
		r.must(os.Rename(r.path("next"), root))
		r.sometime("sub/a.yaml=2 ")
		r.replace(filepath.Join(root, "sub", "a.yaml"), "3")
		r.next("sub/a.yaml=3 ")
	})
}

// Each reading meets the file with one piece more.
func TestSlowWrite(t *testing.T) {
	both(t, func(r *rig) {
		const complete = "one two three four five six seven eight"
		path := r.path("a.yaml")
		r.write(path, complete[:1])
		read := tree(r.dir)
		written := len(complete) // not writing yet
		begin := make(chan struct{}, 1)
		r.start(r.dir, func() (string, string, error) {
			select {
			case <-begin:
				written = 1
			default:
			}
			value, fingerprint, err := read()
			if err == nil && written < len(complete) {
				written++
				err = os.WriteFile(path, []byte(complete[:written]), 0o644)
			}
			return value, fingerprint, err
		}, "a.yaml=o ")
		begin <- struct{}{}
		r.write(r.path("begin.txt"), "")
		r.next("a.yaml=" + complete + " ")
	})
}

// Writes without end to another file neither delay the delivery for ever nor
// cause one.
func TestEndlessWrites(t *testing.T) {
	both(t, func(r *rig) {
		// Longer than the writer ever pauses.
		r.prepare = func(w *Watcher[string]) { w.settle = 50 * time.Millisecond }
		r.write(r.path("a.yaml"), "1")
		r.start(r.dir, tree(r.dir), "a.yaml=1 ")
		stop, stopped := make(chan struct{}), make(chan error)
		go func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					stopped <- nil
					return
				default:
				}
				if err := os.WriteFile(r.path("noise.txt"), fmt.Append(nil, i), 0o644); err != nil {
					stopped <- err
					<-stop
					return
				}
			}
		}()
		for i := 2; i <= 4; i++ {
			r.replace(r.path("a.yaml"), fmt.Sprint(i))
			r.next(fmt.Sprintf("a.yaml=%d ", i))
		}
		close(stop)
		r.must(<-stopped)
	})
}

// A file that cannot be read is delivered as an error, and the watching goes on.
func TestUnreadableFile(t *testing.T) {
	both(t, func(r *rig) {
		r.write(r.path("a.yaml"), "1")
		r.start(r.dir, tree(r.dir), "a.yaml=1 ")
		r.link("nowhere.yaml", r.path("b.yaml"))
		r.fault(fs.ErrNotExist)
		r.must(os.Remove(r.path("b.yaml")))
		r.next("a.yaml=1 ")
	})
}

func TestDirectoryLimit(t *testing.T) {
	r := newRig(t, true)
	r.prepare = func(w *Watcher[string]) {
		w.most = 4
		w.poll = w.settle
	}
	want := ""
	for i := range 8 {
		r.write(r.path(fmt.Sprint(i), "a.yaml"), "1")
		want += fmt.Sprintf("%d/a.yaml=1 ", i)
	}
	r.start(r.dir, tree(r.dir), want)
	for i := range 8 {
		r.must(os.Remove(r.path(fmt.Sprint(i), "a.yaml")))
		want = want[len("0/a.yaml=1 "):]
		r.next(want)
	}
	if n := r.log.lines("WARN"); n != 1 {
		t.Errorf("the log has %d warnings, want 1", n)
	}
}

func TestNoEvents(t *testing.T) {
	r := newRig(t, false)
	r.start(r.dir, tree(r.dir), "")
	for i := range 3 {
		r.replace(r.path("a.yaml"), fmt.Sprint(i))
		r.next(fmt.Sprintf("a.yaml=%d ", i))
	}
	if n := r.log.lines("WARN"); n != 1 {
		t.Errorf("the log has %d warnings, want 1", n)
	}
}

func TestKickFiles(t *testing.T) {
	both(t, func(r *rig) {
		r.write(r.path("a.yaml"), "1")
		w := r.start(r.dir, tree(r.dir), "a.yaml=1 ")
		for range 3 {
			w.Kick()
			r.next("a.yaml=1 ")
		}
		r.must(os.RemoveAll(r.dir))
		r.fault(fs.ErrNotExist)
		w.Kick()
		if d := r.receive("an error"); !errors.Is(d.err, fs.ErrNotExist) {
			t.Errorf("a kick after an error gave %q, %v", d.value, d.err)
		}
	})
}
