package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// found gives the findings of a text.
func found(t *testing.T, text string) policy.Diagnostics {
	t.Helper()
	_, list := policy.Load([]policy.File{{Path: "p.yaml", Data: []byte(text)}})
	if len(list) == 0 {
		t.Fatal("nothing is found")
	}
	return list
}

func TestDiagnosticsText(t *testing.T) {
	long := strings.Repeat("x", 120)
	cases := []struct{ name, text, want string }{
		{
			"the caret stands under the key", "apiVersion: gwctl.dev/v1\nkind: Schema\nmetadata: {name: a}\nspec:\n  rols: [b]\n",
			"p.yaml:5:3: error[unknown_key]: unknown key \"rols\"\n    rols: [b]\n    ^~~~\n  help: did you mean \"roles\"?\n",
		}, {
			"columns are runes", "apiVersion: gwctl.dev/v1\nkind: Schema\nmetadata: {name: a, description: \"Größe 日本\", ownr: b}\nspec: {roles: [b]}\n",
			"p.yaml:3:46: error[unknown_key]: unknown key \"ownr\"\n  metadata: {name: a, description: \"Größe 日本\", ownr: b}\n                                               ^~~~\n  help: did you mean \"owner\"?\n",
		}, {
			"a long line is cut around the place", "apiVersion: gwctl.dev/v1\nkind: Schema\nmetadata: {name: a, description: " + long + ", ownr: b}\nspec: {roles: [b]}\n",
			"p.yaml:3:156: error[unknown_key]: unknown key \"ownr\"\n  " + strings.Repeat("x", 66) + ", ownr: b}\n" + strings.Repeat(" ", 70) + "^~~~\n  help: did you mean \"owner\"?\n",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			Diagnostics(&out, found(t, c.text), false)
			if out.String() != c.want {
				t.Errorf("wrote\n%s\nwant\n%s", out.String(), c.want)
			}
		})
	}
}

// TestDiagnosticsAreSafe shows that names of files and texts of theirs cannot
// steer a terminal.
func TestDiagnosticsAreSafe(t *testing.T) {
	at := policy.Span{Path: "a\x1b[2J.yaml", Start: document.Position{Line: 1, Column: 1}, End: document.Position{Line: 1, Column: 2}}
	d := document.NewDiagnostic(at, document.Error, "unknown_key", "key \x1b[2J\nnext").WithHint("remove \x07")
	d.SourceLine = "\x1b]0;title\a: 1"
	var out strings.Builder
	Diagnostics(&out, policy.Diagnostics{d}, false)
	if strings.ContainsAny(out.String(), "\x1b\x07") || strings.Count(out.String(), "\n") != 4 {
		t.Errorf("wrote %q", out.String())
	}
}

// TestDiagnosticsAreBounded shows that text ends after a hundred findings and
// tells how many there are.
func TestDiagnosticsAreBounded(t *testing.T) {
	var list policy.Diagnostics
	for i := range 103 {
		list = append(list, document.NewDiagnostic(policy.Span{Path: fmt.Sprintf("f%03d", i)}, document.Warning, "empty_file", "text"))
	}
	var out strings.Builder
	Diagnostics(&out, list, false)
	if got := strings.Count(out.String(), "warning[empty_file]"); got != 100 || !strings.HasSuffix(out.String(), "… and 3 more findings\n") {
		t.Errorf("%d findings, then %q", got, out.String()[len(out.String())-40:])
	}
}

// TestColor shows that colour is there when asked for, in pairs, and changes
// nothing else.
func TestColor(t *testing.T) {
	list := found(t, "apiVersion: gwctl.dev/v1\nkind: Schema\nmetadata: {name: a}\nspec:\n  rols: [b]\n")
	var plain, colored strings.Builder
	if err := NewFindings("serve", list).Write(&plain, "text", false); err != nil {
		t.Fatal(err)
	}
	if err := NewFindings("serve", list).Write(&colored, "text", true); err != nil {
		t.Fatal(err)
	}
	text := colored.String()
	stripped := strings.NewReplacer(red, "", green, "", yellow, "", bold, "", dim, "", reset, "").Replace(text)
	if stripped != plain.String() || !strings.Contains(text, red) {
		t.Errorf("wrote %q and %q", text, plain.String())
	}
	if begun, ended := strings.Count(text, "\x1b[")-strings.Count(text, reset), strings.Count(text, reset); begun != ended {
		t.Errorf("%d colours begin and %d end", begun, ended)
	}
}
