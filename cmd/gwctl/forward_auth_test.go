package main

import (
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/examples"
	"github.com/gwctl/gwctl/sidecar/config"
)

// TestForwardAuthExamples holds the examples of proxies that ask first to what
// is published: gwctl takes its part, and the page of each proxy shows every
// file whole.
func TestForwardAuthExamples(t *testing.T) {
	files := examples.ForwardAuth()
	dirs, err := fs.ReadDir(files, ".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range dirs {
		names = append(names, d.Name())
		page := parseMarkdown(d.Name(), readText(t, filepath.Join(root, "docs", "forward-auth-"+d.Name()+".md")))
		list, err := fs.ReadDir(files, d.Name())
		if err != nil || len(list) < 2 {
			t.Fatalf("%s has %d files, %v", d.Name(), len(list), err)
		}
		for _, f := range list {
			text, err := fs.ReadFile(files, path.Join(d.Name(), f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(page.blocks, func(b markdownBlock) bool { return b.text == string(text) }) {
				t.Errorf("docs/forward-auth-%s.md does not show %s as it is", d.Name(), f.Name())
			}
		}
		own := filepath.Join(root, "examples", "forward-auth", d.Name(), "gwctl.yaml")
		if out, code := gwctl("serve", "-c", own, "--check"); code != 0 || !strings.Contains(out, "ok: 0 errors, 0 warnings") {
			t.Errorf("%s: exit %d\n%s", own, code, out)
		}
		cfg, found := config.Read(own, []byte(readText(t, own)))
		if cfg == nil || cfg.ForwardAuth.Dialect != d.Name() || cfg.Proxy.Address != "" {
			t.Errorf("%s: %+v, %v", own, cfg, found)
		}
	}
	want := slices.DeleteFunc(config.Dialects(), func(d string) bool { return d == "generic" })
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("there are examples of %v, and the dialects %v", names, want)
	}
}
