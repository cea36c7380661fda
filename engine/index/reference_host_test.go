package index

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// Hosts of the reference: what routes are bound to, and what requests name.
var (
	hostPatterns = []string{"", "", "a.x.com", "b.x.com", "x.com", "{n}.x.com", "{m}.x.com", "{n}.y.com", "{n}.com"}
	hostNames    = []string{"a.x.com", "a.x.com:8443", "c.x.com", "x.com", "b.a.x.com", "y.com", "a.y.com", "localhost", "[2001:db8::1]:80", "192.0.2.1", ".x.com"}
)

// fits is the meaning of a host pattern: none fits every host, a name itself,
// and a placeholder one label. A port counts for nothing.
func fits(pattern, host string) bool {
	if pattern == "" {
		return true
	}
	if i := strings.LastIndex(host, ":"); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	if strings.HasPrefix(pattern, "{") {
		_, domain, _ := strings.Cut(pattern, ".")
		label, rest, _ := strings.Cut(host, ".")
		return label != "" && rest == domain
	}
	return host == pattern
}

// meet tells whether some host fits both patterns. Every pattern but the
// hostless fits one of these names.
func meet(a, b string) bool {
	return slices.ContainsFunc([]string{"a.x.com", "b.x.com", "x.com", "a.y.com", "y.com"}, func(h string) bool { return fits(a, h) && fits(b, h) })
}

// rivals are two names for the label of one domain: nothing says which of
// them a request fills.
func rivals(a, b string) bool {
	return a != b && strings.HasPrefix(a, "{") && strings.HasPrefix(b, "{") && meet(a, b)
}

// rank orders hosts from general to specific.
func rank(host string) int {
	switch {
	case host == "":
		return 0
	case strings.HasPrefix(host, "{"):
		return 1
	}
	return 2
}

type hostRoute struct{ host, path string }

func TestMatchHost(t *testing.T) {
	r := &Routes{}
	for i, o := range []hostRoute{
		{"", "/orders/{id}"}, {"api.x.com", "/orders/{id}"}, {"{tenant}.x.com", "/orders/{id}"}, {"", "/orders/mine"},
		{"{tenant}.x.com", "/{rest...}"}, {"api.x.com", "/live"}, {"", "/status"},
	} {
		if err := r.Add(o.host, parse(t, o.path), "GET", i); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		host, path string
		route      int
		captures   []string
	}{
		{"elsewhere", "/orders/1", 0, []string{"1"}}, {"api.x.com", "/orders/1", 1, []string{"1"}}, {"api.x.com:443", "/orders/1", 1, []string{"1"}},
		{"acme.x.com", "/orders/1", 2, []string{"acme", "1"}},
		{"api.x.com", "/orders/mine", 3, nil}, {"acme.x.com", "/orders/mine", 3, nil}, // the path before the host
		{"acme.x.com", "/a/b", 4, []string{"acme", "a/b"}}, {"api.x.com", "/a/b", 4, []string{"api", "a/b"}},
		{"api.x.com", "/live", 5, nil}, {"acme.x.com", "/live", 4, []string{"acme", "live"}}, {"x.com", "/status", 6, nil},
		{"elsewhere", "/live", -1, nil}, {"a.b.x.com", "/live", -1, nil}, {".x.com", "/live", -1, nil},
	} {
		m := r.Match("GET", tt.host, tt.path, strings.Split(tt.path[1:], "/"))
		if m.Route != tt.route || !slices.Equal(m.Captures, tt.captures) || m.Foreign {
			t.Errorf("%s%s: %+v, want route %d with %v", tt.host, tt.path, m, tt.route, tt.captures)
		}
	}
	// The method is looked at last: it opens no other host's route.
	if m := r.Match("POST", "api.x.com", "/orders/1", []string{"orders", "1"}); m.Route != -1 || !m.Path {
		t.Errorf("another method: %+v", m)
	}
}

// TestForeign: a request is foreign when no pattern is left for its host,
// whatever its path.
func TestForeign(t *testing.T) {
	bound, open := &Routes{}, &Routes{}
	for _, err := range []error{
		bound.Add("api.x.com", parse(t, "/a"), "GET", 0), open.Add("api.x.com", parse(t, "/a"), "GET", 0), open.Add("", parse(t, "/b"), "GET", 1),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		routes  *Routes
		host    string
		path    string
		foreign bool
	}{
		{bound, "evil.com", "/a", true}, {bound, "evil.com", "/b", true}, {bound, "", "/a", true}, {bound, "api.x.com", "/b", false}, {bound, "api.x.com", "/a", false},
		{open, "evil.com", "/a", false}, {&Routes{}, "evil.com", "/a", false}, {bound, "api.x.com.evil.com", "/a", true}, {bound, "b.api.x.com", "/a", true},
	} {
		m := tt.routes.Match("GET", tt.host, tt.path, []string{tt.path[1:]})
		if m.Foreign != tt.foreign || tt.foreign && (m.Path || m.Route != -1) {
			t.Errorf("%s%s: %+v, want foreign: %t", tt.host, tt.path, m, tt.foreign)
		}
	}
}

// TestHostConflict: the verdict is the same in either order.
func TestHostConflict(t *testing.T) {
	for _, tt := range []struct {
		a, b     hostRoute
		conflict bool
	}{
		{hostRoute{"a.x.com", "/a"}, hostRoute{"a.x.com", "/a"}, true}, {hostRoute{"a.x.com", "/a"}, hostRoute{"b.x.com", "/a"}, false}, {hostRoute{"a.x.com", "/a"}, hostRoute{"", "/a"}, false},
		{hostRoute{"{n}.x.com", "/a"}, hostRoute{"a.x.com", "/a"}, false}, {hostRoute{"{n}.x.com", "/a"}, hostRoute{"", "/a"}, false},
		{hostRoute{"a.x.com", "/a/{x}"}, hostRoute{"b.x.com", "/{y}/b"}, false}, {hostRoute{"a.x.com", "/a/{x}"}, hostRoute{"", "/{y}/b"}, true},
		{hostRoute{"{n}.x.com", "/a/{x}"}, hostRoute{"a.x.com", "/{y}/b"}, true}, {hostRoute{"{n}.x.com", "/a/{x}"}, hostRoute{"x.com", "/{y}/b"}, false},
		{hostRoute{"{n}.x.com", "/a/{x}"}, hostRoute{"{n}.y.com", "/{y}/b"}, false}, {hostRoute{"{n}.x.com", "/a/{x}"}, hostRoute{"", "/{y}/b"}, true},
		{hostRoute{"{n}.x.com", "/a"}, hostRoute{"{m}.x.com", "/a"}, true}, {hostRoute{"{n}.x.com", "/a"}, hostRoute{"{m}.x.com", "/b"}, true}, {hostRoute{"{n}.x.com", "/a"}, hostRoute{"{n}.x.com", "/b"}, false},
		{hostRoute{"{n}.x.com", "/a"}, hostRoute{"{m}.y.com", "/a"}, false}, {hostRoute{"{n}.x.com", "/a"}, hostRoute{"{m}.com", "/a"}, false},
	} {
		for _, order := range [][2]hostRoute{{tt.a, tt.b}, {tt.b, tt.a}} {
			r := &Routes{}
			if err := r.Add(order[0].host, parse(t, order[0].path), "GET", 0); err != nil {
				t.Fatal(err)
			}
			var conflict *ConflictError
			err := r.Add(order[1].host, parse(t, order[1].path), "GET", 1)
			if errors.As(err, &conflict) != tt.conflict || (err != nil) != tt.conflict || conflict != nil && conflict.Route != 0 {
				t.Errorf("%v: %v, want a conflict: %t", order, err, tt.conflict)
			}
		}
	}
}
