package canonical_test

import (
	"strings"
	"testing"

	"github.com/gwctl/gwctl/sidecar/canonical"
)

func TestFoldURI(t *testing.T) {
	for _, tc := range []struct{ raw, want string }{
		{"https://app.test/a/b", "https app.test /a/b"},
		{"HTTPS://App.Test.:443/a", "https app.test /a"},
		{"http://app.test:80", "http app.test /"},
		{"http://app.test:443/", "http app.test:443 /"},
		{"https://app.test:8443/a", "https app.test:8443 /a"},
		{"https://[2001:DB8::0:1]:443/a", "https [2001:db8::1] /a"},
		{"https://app.test?x=1", "https app.test /"},
		{"https://app.test/a?x=/../b#f", "https app.test /a"},
		{"https://app.test/a#?f", "https app.test /a"},
		{"https://app.test/%7eu/%c3%a9/%41", "https app.test /~u/%C3%A9/A"},
		{"https://app.test/a%2fb;x=1//c", "https app.test /a%2Fb;x=1//c"},
		{"https://app.test/%2561", "https app.test /%2561"},
		{"https://app.test/a/./b/../c", "https app.test /a/c"},
		{"https://app.test/a/%2e%2E/c", "https app.test /c"},
		{"https://app.test/a/..", "https app.test /"},
		{"https://app.test/a/b/.", "https app.test /a/b/"},
		{"https://app.test/../../a", "https app.test /a"},
		{"https://app.test/a/", "https app.test /a/"},
		{"https://app.test/.a/..b", "https app.test /.a/..b"},

		{"", ""}, {"/a", ""}, {"app.test/a", ""}, {"//app.test/a", ""}, {"ftp://app.test/a", ""}, {"wss://app.test/a", ""}, {"https:/app.test/a", ""},
		{"https://", ""}, {"https:///a", ""}, {"https://u@app.test/a", ""}, {"https://app.test:/a", ""}, {"https://app.test:99999/a", ""},
		{"https://app test/a", ""}, {"https://app.test/a b", ""}, {"https://app.test/\\a", ""}, {"https://app.test/a%2", ""}, {"https://app.test/é", ""},
		{"https://app.test/a%00", ""}, {" https://app.test/a", ""}, {"https://app.test/a\n", ""},
		{"https://app.test/" + strings.Repeat("a", canonical.MaxURIBytes), ""},
	} {
		scheme, host, path, ok := canonical.FoldURI(tc.raw)
		got := strings.Join([]string{scheme, host, path}, " ")
		if want := tc.want; !ok && got != "  " || ok && got != want || ok == (want == "") {
			t.Errorf("%.60q: %q, %v, want %q", tc.raw, got, ok, want)
		}
	}
}

// FuzzFoldURI: what is folded is a fixed point, and a request with that URI has
// the same parts.
func FuzzFoldURI(f *testing.F) {
	for _, s := range []string{"https://app.test/a/../b?x", "HTTP://[::1]:80", "https://a.b./%2e%2e/%41;x", "http://x:443/%2f", "https://a/..."} {
		f.Add(s)
	}
	r := newReader(f, canonical.Options{Routes: func(string, string, string, []string) canonical.Route {
		return canonical.Route{Place: 1, Method: true, Allows: canonical.AllowEncodedSlash | canonical.AllowEmptySegments | canonical.AllowPathParams}
	}})
	f.Fuzz(func(t *testing.T, raw string) {
		scheme, host, path, ok := canonical.FoldURI(raw)
		if !ok {
			return
		}
		s2, h2, p2, ok := canonical.FoldURI(scheme + "://" + host + path)
		if !ok || s2 != scheme || h2 != host || p2 != path {
			t.Fatalf("%q: %s %s %s becomes %s %s %s, %v", raw, scheme, host, path, s2, h2, p2, ok)
		}
		req := incoming(path)
		req.Host = host
		if c, refused := r.Read(req); refused == nil && (c.Path != path || c.Host != host && scheme == "http") {
			t.Fatalf("%q: a request has %s %s, not %s %s", raw, c.Host, c.Path, host, path)
		}
	})
}
