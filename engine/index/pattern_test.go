package index

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestParsePattern pairs each refusal with the same pattern mended.
func TestParsePattern(t *testing.T) {
	for _, tt := range []struct{ name, bad, good string }{
		{"no slash", "a", "/a"},
		{"empty", "", "/"},
		{"trailing slash", "/a/", "/a"},
		{"empty segment", "/a//b", "/a/b"},
		{"dot", "/a/./b", "/a/.b"},
		{"two dots", "/a/../b", "/a/..b"},
		{"encoded dot", "/a/%2E", "/a/%20"},
		{"encoded letter", "/%61", "/a"},
		{"lower-case hex", "/a%2c", "/a%2C"},
		{"half a triplet", "/a%2", "/a%2C"},
		{"encoded slash", "/a%2Fb", "/a%2Bb"},
		{"encoded backslash", "/a%5Cb", "/a%5Eb"},
		{"encoded semicolon", "/a%3Bb", "/a%3Cb"},
		{"encoded control character", "/a%0A", "/a%20"},
		{"C1 control character", "/a%C2%85", "/a%C3%A9"},
		{"broken UTF-8", "/a%FF", "/a%C3%BF"},
		{"raw non-ASCII", "/é", "/%C3%A9"},
		{"semicolon", "/a;b", "/a,b"},
		{"blank", "/a b", "/a%20b"},
		{"query", "/a?b", "/a%3Fb"},
		{"part of a segment", "/a{x}", "/{x}"},
		{"unclosed", "/{x", "/{x}"},
		{"nameless", "/{}", "/{x}"},
		{"nameless rest", "/{...}", "/{x...}"},
		{"capitals", "/{X}", "/{x}"},
		{"digit first", "/{1x}", "/{x1}"},
		{"hyphen", "/{a-b}", "/{a_b}"},
		{"rest in the middle", "/{x...}/a", "/a/{x...}"},
		{"two dots for the rest", "/{x..}", "/{x...}"},
		{"name twice", "/{x}/{x}", "/{x}/{y}"},
		{"name twice, rest", "/{x}/{x...}", "/{x}/{y...}"},
		{"wildcard", "/*/{x", "/*/{x}"},
		{"too many segments", "/" + strings.Repeat("a/", maxPatternSegments) + "a", "/" + strings.Repeat("a/", maxPatternSegments-1) + "a"},
		{"too long", "/" + strings.Repeat("a", maxPatternLength), "/" + strings.Repeat("a", maxPatternLength-1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if p, err := ParsePattern(tt.bad); err == nil {
				t.Errorf("%.60q is read as %v", tt.bad, p.segments)
			}
			if p, err := ParsePattern(tt.good); err != nil || p.String() != tt.good {
				t.Errorf("%.60q: %v", tt.good, err)
			}
		})
	}
}

func TestPlaceholders(t *testing.T) {
	for text, want := range map[string]struct {
		names  []string
		isRest bool
	}{
		"/": {}, "/a/b": {}, "/{x}": {[]string{"x"}, false}, "/{x}/a/{y}": {[]string{"x", "y"}, false},
		"/{x}/{y...}": {[]string{"x", "y"}, true}, "/{x...}": {[]string{"x"}, true}, "/{x}/a": {[]string{"x"}, false},
	} {
		p, err := ParsePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		if names, isRest := p.Placeholders(); !slices.Equal(names, want.names) || isRest != want.isRest {
			t.Errorf("%s: %v %t, want %v %t", text, names, isRest, want.names, want.isRest)
		}
	}
}

// FuzzParsePattern: a pattern that is accepted can be matched by a canonical
// path, namely by its own text with the placeholders filled in.
func FuzzParsePattern(f *testing.F) {
	for _, s := range []string{"/", "/a/{x}", "/a%2Cb/{x...}", "/a/../b", "/{x", "//", "/%C3%A9", "/%FF", "/a;b", "/{x...}/a", "/.../a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePattern(text)
		if err != nil {
			return
		}
		var raw, decoded []string
		for _, s := range p.segments {
			if s.kind != literal {
				raw, decoded = append(raw, "x"), append(decoded, "x")
				continue
			}
			raw = append(raw, url.PathEscape(s.text))
			decoded = append(decoded, s.text)
		}
		var r Routes
		if err := r.Add("", p, "GET", 0); err != nil {
			t.Fatal(err)
		}
		if m := r.Match("GET", "", "/"+strings.Join(raw, "/"), decoded); m.Route != 0 {
			t.Fatalf("%q does not match %q", text, raw)
		}
	})
}
