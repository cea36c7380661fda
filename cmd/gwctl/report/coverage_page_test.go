package report

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/coverage"
)

// markup is what the elements of a page come to.
type markup struct {
	elements, ids, links []string
	style, policy        string
	handlers             []string // attributes that run or fetch something
}

// readMarkup reads a page strictly enough to see elements that are left open.
func readMarkup(t *testing.T, page string) *markup {
	t.Helper()
	out := &markup{}
	dec := xml.NewDecoder(strings.NewReader(page))
	dec.Strict, dec.AutoClose, dec.Entity = false, []string{"meta"}, xml.HTMLEntity
	var open []string
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			open = append(open, x.Name.Local)
			if !slices.Contains(out.elements, x.Name.Local) {
				out.elements = append(out.elements, x.Name.Local)
			}
			out.attributes(x)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 && open[len(open)-1] == "style" {
				out.style += string(x)
			}
		}
	}
	if len(open) > 0 {
		t.Errorf("%q are left open", open)
	}
	return out
}

func (m *markup) attributes(x xml.StartElement) {
	for i, a := range x.Attr {
		switch name := a.Name.Local; {
		case name == "id":
			m.ids = append(m.ids, a.Value)
		case name == "href":
			m.links = append(m.links, a.Value)
		case name == "content" && i > 0 && x.Attr[i-1].Value == "Content-Security-Policy":
			m.policy = a.Value
		case strings.HasPrefix(name, "on"), slices.Contains([]string{"src", "srcset", "style", "action", "formaction", "data", "poster", "background"}, name):
			m.handlers = append(m.handlers, name)
		}
	}
}

// TestPageIsInert: no text of a policy, a suite or a path is markup; the page
// has no script, fetches nothing, and its policy allows its own style alone.
func TestPageIsInert(t *testing.T) {
	plain := readMarkup(t, file(t, covered(), "html"))
	for _, c := range []*Coverage{covered(), hostile(), {Envelope: NewEnvelope("policy test")}} {
		page := file(t, c, "html")
		m := readMarkup(t, page)
		for _, e := range m.elements {
			if !slices.Contains(plain.elements, e) && e != "p" || slices.Contains([]string{"script", "link", "img", "iframe", "base", "form", "object", "embed"}, e) {
				t.Errorf("<%s> in the page", e)
			}
		}
		sum := sha256.Sum256([]byte(m.style))
		if want := "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; m.policy != "default-src 'none'; "+want+"; base-uri 'none'; form-action 'none'" {
			t.Errorf("the policy is %q, want %s", m.policy, want)
		}
		if len(m.handlers) > 0 || regexp.MustCompile(`(?i)https?:|url\(|@import`).MatchString(page) {
			t.Errorf("the page may fetch or run something: %q", m.handlers)
		}
		for _, l := range m.links {
			if target, ok := strings.CutPrefix(l, "#"); !ok || !slices.Contains(m.ids, target) {
				t.Errorf("the link %q leads nowhere", l)
			}
		}
		if slices.Sort(m.ids); len(slices.Compact(slices.Clone(m.ids))) != len(m.ids) {
			t.Error("an anchor stands twice")
		}
		if strings.ContainsFunc(page, func(r rune) bool { return r < ' ' && r != '\n' || r == '\u202e' || r == 0x7f }) {
			t.Error("control characters in the page")
		}
	}
	if len(plain.links) < 7 || len(plain.ids) < 7 {
		t.Errorf("%d links, %d anchors", len(plain.links), len(plain.ids))
	}
}

// TestPage shows every line with what is missing beneath it, and every unit.
func TestPage(t *testing.T) {
	text := file(t, covered(), "html")
	for _, want := range []string{
		"&lt;script&gt;alert(1)", `<mark class="full" title="covered">&lt;a&gt;</mark>`, `<mark class="part" title="never true">b</mark>`, `<mark class="none" title="never asked">c</mark>`,
		`<div class="note part"><code>b</code> never true</div>`, `<div class="note none"><code>c</code> never asked</div>`,
		`<div class="note none"><code>p/half</code> never matched in 1 evaluation</div>`, `<div class="note none"><code>p/none</code> never asked</div>`,
		`rules 1/3, conditions 3/6, MC/DC 1/3`, `4 gaps`, `<span class="percent">33.3 %</span>`, `<rect width="33.3"`, `3 of 6 outcomes of atoms`,
		`<em>s/&lt;x&gt;</em>, false in <em>s/y</em>`, `<div class="line full" id="s0f0l2">`, `<div class="line none" id="s0f0l4">`, `<div class="line none" id="s0f0l3">`, `<div class="line " id="s0f0l6">`,
		"1970-01-01 00:00 UTC", `<code>GET /x (r, action a)</code> <span class="where">p.yaml:9:1</span>`, `<code>user u</code>`, `id="s0f0" open`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Count(text, `class="note`) != 4 {
		t.Error("a note too many")
	}
	whole := covered()
	whole.Coverage[0].Units = whole.Coverage[0].Units[:1]
	if text := file(t, whole, "html"); strings.Contains(text, `" open`) || strings.Count(text, "complete") != 2 {
		t.Error("a file without gaps is not folded")
	}
}

// TestPieces: an atom over several lines is marked on each, without the
// indentation, and marks do not overlap.
func TestPieces(t *testing.T) {
	a := &coverage.Atom{True: 1, False: 1, Independent: true, Place: coverage.Place{Line: 1, Column: 3, EndLine: 3, EndColumn: 4}}
	marks := marksOf(&fileLines{units: []*coverage.Unit{{Atoms: []coverage.Atom{*a}}}})
	for n, tt := range map[int][2]string{1: {"x abc", "x [abc]"}, 2: {"  de f", "  [de f]"}, 3: {" ghi", " [gh]i"}, 4: {"rest", "rest"}} {
		var got strings.Builder
		for _, p := range pieces([]rune(tt[0]), marks[n]) {
			if p.Class != "" {
				p.Text = "[" + p.Text + "]"
			}
			got.WriteString(p.Text)
		}
		if got.String() != tt[1] {
			t.Errorf("line %d: %q, want %q", n, got.String(), tt[1])
		}
	}
	over := []mark{{2, 4, a}, {0, 3, a}, {3, 3, a}, {9, -1, a}}
	var texts []string
	for _, p := range pieces([]rune("abcde"), over) {
		texts = append(texts, p.Text)
	}
	if got := strings.Join(texts, "|"); got != "abc|d|e" {
		t.Error(got)
	}
}
