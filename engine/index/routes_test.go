package index

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func parse(t testing.TB, text string) Pattern {
	t.Helper()
	p, err := ParsePattern(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// table puts "METHOD /path" lines into a trie, numbered from zero.
func table(t testing.TB, lines ...string) *Routes {
	t.Helper()
	r := &Routes{}
	for i, line := range lines {
		method, path, _ := strings.Cut(line, " ")
		if err := r.Add("", parse(t, path), method, i); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	return r
}

// match asks with the segments that the canonical request would have.
func match(t testing.TB, r *Routes, method, path string) Match {
	t.Helper()
	var segments []string
	if trimmed := strings.Trim(path, "/"); trimmed != "" {
		for s := range strings.SplitSeq(trimmed, "/") {
			decoded, err := url.PathUnescape(s)
			if err != nil {
				t.Fatal(err)
			}
			segments = append(segments, decoded)
		}
	}
	return r.Match(method, "", path, segments)
}

func TestMatch(t *testing.T) {
	r := table(t,
		"GET /", "GET /orders", "POST /orders", "GET /orders/{id}", "GET /orders/mine", "DELETE /orders/mine", "GET /files/{rest...}",
		"GET /files/secret/{name}", "GET /a,b", "GET /back/{x}/er", "HEAD /head", "GET /head", "GET /{all...}")
	for _, tt := range []struct {
		line     string
		route    int
		path     bool
		captures []string
		allow    string
	}{
		{"GET /", 0, true, nil, "GET"},
		{"GET /orders", 1, true, nil, "GET,POST"},
		{"GET /orders/", 1, true, nil, "GET,POST"},
		{"HEAD /orders", 1, true, nil, "GET,POST"},
		{"POST /orders", 2, true, nil, "GET,POST"},
		{"PUT /orders", -1, true, nil, "GET,POST"},
		{"GET /orders/42", 3, true, []string{"42"}, "GET"},
		{"GET /orders/mine", 4, true, nil, "DELETE,GET"},
		{"POST /orders/mine", -1, true, nil, "DELETE,GET"}, // nor does it fall through to /orders/{id} or /{all...}
		{"DELETE /orders/42", -1, true, nil, "GET"},
		{"GET /orders/a%2Fb", 3, true, []string{"a/b"}, "GET"}, // decoded once
		{"GET /orders/%2541", 3, true, []string{"%41"}, "GET"},
		{"GET /files", 6, true, []string{""}, "GET"},
		{"GET /files/", 6, true, []string{""}, "GET"},
		{"GET /files/a/b%20c", 6, true, []string{"a/b%20c"}, "GET"}, // the rest stays as it is written
		{"GET /files/secret", 6, true, []string{"secret"}, "GET"},
		{"GET /files/secret/x", 7, true, []string{"x"}, "GET"},
		{"GET /files/secret/x/y", 6, true, []string{"secret/x/y"}, "GET"},
		{"POST /files/secret/x", -1, true, nil, "GET"},
		{"GET /a,b", 8, true, nil, "GET"},
		{"GET /a%2Cb", 8, true, nil, "GET"}, // one page to the upstream, one route here
		{"GET /back/x/er", 9, true, []string{"x"}, "GET"},
		{"GET /back/x", 12, true, []string{"back/x"}, "GET"}, // back out of /back/{x}/er
		{"HEAD /head", 10, true, nil, "GET,HEAD"},
		{"GET /head", 11, true, nil, "GET,HEAD"},
		{"get /orders", -1, true, nil, "GET,POST"},
	} {
		method, path, _ := strings.Cut(tt.line, " ")
		m := match(t, r, method, path)
		if m.Route != tt.route || m.Path != tt.path || !slices.Equal(m.Captures, tt.captures) || strings.Join(m.Allow, ",") != tt.allow {
			t.Errorf("%s: %+v, want %+v", tt.line, m, tt)
		}
	}
	if m := match(t, table(t, "GET /orders/{id}"), "GET", "/orders"); m.Path || m.Route != -1 || m.Allow != nil {
		t.Errorf("no path: %+v", m)
	}
	// Segments that are not those of the path are somebody's mistake, and match nothing.
	if m := r.Match("GET", "", "/orders/42", []string{"orders"}); m.Path || m.Route != -1 {
		t.Errorf("segments of another path: %+v", m)
	}
	if m := r.Match("OPTIONS", "", "*", nil); m.Path || m.Route != -1 {
		t.Errorf("asterisk: %+v", m)
	}
}

// TestConflict: whichever of two patterns is first, the verdict is the same,
// and it names the route that is there.
func TestConflict(t *testing.T) {
	for _, tt := range []struct {
		a, b     string
		conflict bool
	}{
		{"/a", "/b", false}, {"/a", "/{x}", false}, {"/a", "/{x...}", false}, {"/{x}", "/{x...}", false}, {"/", "/{x...}", false}, {"/a", "/a/b", false},
		{"/a/{x}", "/{y}/b", true}, {"/a/{x}", "/{y}/{z}", false}, {"/a/{x...}", "/{y}/b", true}, {"/a/{x...}", "/{y}/{z...}", false},
		{"/a/{x...}", "/{y}", true}, {"/a/{x...}", "/a", false}, {"/{y}/b/{z...}", "/a/{x}", true}, {"/a/b/{x...}", "/a/{y}", true}, {"/a/b/{x...}", "/a/{y}/c", true},
		{"/a/{x}/{r...}", "/{y}/b/{q...}", true}, {"/a/{r...}", "/{y}/b/{q...}", true}, {"/a/b/{r...}", "/{y}/b/{q...}", false}, {"/{x}/b", "/{y}/c", false},
		{"/a/{x}/c", "/{y}/b/d", false}, {"/a/{x}/c", "/{y}/b/c", true}, {"/a/{x}/{r...}", "/{y}/b", true}, {"/{x}/a/{y}", "/{x}/{y}/a", true}, {"/a%2Cb/{x}", "/a,b/c", false},
	} {
		for _, order := range [][2]string{{tt.a, tt.b}, {tt.b, tt.a}} {
			r := table(t, "GET "+order[0])
			err := r.Add("", parse(t, order[1]), "GET", 1)
			var conflict *ConflictError
			if errors.As(err, &conflict) != tt.conflict || (err != nil) != tt.conflict {
				t.Errorf("%s then %s: %v, want a conflict: %t", order[0], order[1], err, tt.conflict)
			}
			if tt.conflict && conflict != nil && conflict.Route != 0 {
				t.Errorf("%s then %s: names route %d", order[0], order[1], conflict.Route)
			}
		}
	}
}

func TestRoutedTwice(t *testing.T) {
	r := table(t, "GET /a/{x}", "POST /a/{y}")
	for method, want := range map[string]int{"GET": 0, "POST": 1} {
		var conflict *ConflictError
		if err := r.Add("", parse(t, "/a/{z}"), method, 2); !errors.As(err, &conflict) || conflict.Route != want {
			t.Errorf("%s: %v, want a conflict with route %d", method, err, want)
		}
	}
	if err := r.Add("", parse(t, "/a/{z}"), "PUT", 2); err != nil {
		t.Error(err)
	}
	if err := table(t, "GET /a,b").Add("", parse(t, "/a%2Cb"), "GET", 1); err == nil {
		t.Error("one page under two spellings is routed twice")
	}
}

// TestConflictNamesTheSame: of several conflicts always the same one is
// reported.
func TestConflictNamesTheSame(t *testing.T) {
	for range 20 {
		var conflict *ConflictError
		err := table(t, "GET /c/{x}", "GET /a/{x}", "GET /d/{x}", "GET /b/{x}").Add("", parse(t, "/{y}/z"), "GET", 9)
		if !errors.As(err, &conflict) || conflict.Route != 1 {
			t.Fatalf("%v names route %d, want 1", err, conflict.Route)
		}
	}
}
