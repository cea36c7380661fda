package main

import (
	"go/ast"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/sidecar/reply"
)

// reasonConstants are the reason codes that the source declares, by name.
func reasonConstants(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range parseTree(t).files {
		if f.test || !slices.Contains([]string{"engine", "sidecar/authn", "sidecar/canonical", "sidecar/reply"}, f.dir) {
			continue
		}
		for _, d := range f.syntax.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range g.Specs {
				v, ok := spec.(*ast.ValueSpec)
				if !ok {
					continue
				}
				for i, name := range v.Names {
					if !strings.HasPrefix(name.Name, "Reason") && !strings.HasPrefix(name.Name, "Code") || i >= len(v.Values) {
						continue
					}
					lit, ok := v.Values[i].(*ast.BasicLit)
					if !ok {
						continue // another one's value
					}
					if code, err := strconv.Unquote(lit.Value); err == nil {
						out[f.dir+"."+name.Name] = code
					}
				}
			}
		}
	}
	return out
}

// TestRefusals: the table has every reason code of the source, each once, with
// all that its page and its clients need.
func TestRefusals(t *testing.T) {
	seen := map[string]bool{}
	for _, area := range reply.Refusals() {
		if area.Title == "" || len(area.Refusals) == 0 {
			t.Errorf("area %q is empty", area.Title)
		}
		for _, r := range area.Refusals {
			if seen[r.Code] {
				t.Errorf("%s stands twice", r.Code)
			}
			seen[r.Code] = true
			if !strings.HasSuffix(r.Cause, ".") || !strings.HasSuffix(r.Mend, ".") || (len(r.Statuses) > 0) != strings.HasSuffix(r.Detail, ".") {
				t.Errorf("%s is not explained: %+v", r.Code, r)
			}
			for _, s := range r.Statuses {
				if s < 400 || http.StatusText(s) == "" {
					t.Errorf("%s answers %d", r.Code, s)
				}
			}
		}
	}
	constants := reasonConstants(t)
	if len(constants) < 40 {
		t.Fatalf("only %d constants were found", len(constants))
	}
	codes := map[string]bool{}
	for name, code := range constants {
		codes[code] = true
		if !seen[code] && name != "engine.ReasonAllowed" {
			t.Errorf("%s %q is not in the table of sidecar/reply", name, code)
		}
	}
	for code := range seen {
		if !codes[code] {
			t.Errorf("%s is in the table and nowhere else", code)
		}
	}
}
