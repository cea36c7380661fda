package canonical_test

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/pdp"
)

// keeping has routes that keep one thing each, one that keeps all, and some
// that keep nothing beside them.
const keeping = `apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: file}
spec:
  actions: {read: {}, write: {}}
  attributes:
    tenant: {type: string, optional: true, from: [path]}
    rest: {type: string, optional: true, from: [path]}
  routes:
    - {route: "GET /files/{rest...}", action: read, encoded_slash: keep}
    - {route: "POST /files/{rest...}", action: write}
    - {route: "GET,POST /files/admin/{rest...}", action: read}
    - {route: "GET /projects/{id}", action: read, encoded_slash: keep}
    - {route: "POST /projects/{id}/delete", action: write}
    - {route: "GET /mirror/{rest...}", action: read, empty_segments: keep}
    - {route: "GET /mirror/secret", action: read}
    - {route: "GET /java/{rest...}", action: read, path_params: keep}
    - {route: "GET /java/admin", action: read}
    - {route: "GET /beans/{id}", action: read, path_params: keep}
    - {route: "GET /t/{tenant}/f/{rest...}", action: read, encoded_slash: keep, empty_segments: keep, path_params: keep}
    - {route: "GET,OPTIONS /t/{tenant}/plain", action: read}
    - {route: "GET /t/{tenant}/f", action: read}
    - {route: "GET old.example.com/files/{rest...}", action: read}
`

func keepingSet(t testing.TB) *engine.Set {
	t.Helper()
	src, found := policy.Load([]policy.File{{Path: "set.yaml", Data: []byte(keeping)}})
	set, more := engine.Compile(src)
	if found = append(found, more...); found.HasErrors() {
		t.Fatal(found)
	}
	return set
}

// A route keeps what it says, for itself alone.
func TestRoutesKeep(t *testing.T) {
	s := newServer(t, canonical.Options{Routes: pdp.Routes(keepingSet(t))})
	for _, tt := range []struct {
		request  string // METHOD target
		lifted   string
		segments []string
	}{
		{"GET /files/a%2fb", "encoded_slash", []string{"files", "a/b"}},
		{"HEAD /files/a%2Fb%2Fc/", "encoded_slash", []string{"files", "a/b/c"}},
		{"GET /files/admin", "", []string{"files", "admin"}},
		{"GET /projects/shop%2Fapi", "encoded_slash", []string{"projects", "shop/api"}},
		{"GET /mirror//a", "empty_segment", []string{"mirror", "", "a"}},
		{"GET /mirror/http:///a//", "empty_segment", []string{"mirror", "http:", "", "", "a", ""}},
		{"GET /java/a;v=1/b", "path_params", []string{"java", "a;v=1", "b"}},
		{"GET /java/a%3bv=1", "path_params", []string{"java", "a;v=1"}},
		{"GET /t/acme/f/a%2F%2Fb;c//d", "encoded_slash,empty_segment,path_params", []string{"t", "acme", "f", "a//b;c", "", "d"}},
	} {
		method, target, _ := strings.Cut(tt.request, " ")
		o := s.send(message(method, target, "Host: app.test"))
		if o.request == nil {
			t.Errorf("%s: refused: %+v", tt.request, o.rejected)
			continue
		}
		if got := o.request.Lifted.String(); got != tt.lifted || !slices.Equal(o.request.Segments, tt.segments) {
			t.Errorf("%s: lifted %q, segments %q", tt.request, got, o.request.Segments)
		}
		if o.line() != method+" "+o.request.Path+" HTTP/1.1" {
			t.Errorf("%s: sent %q, decided %q", tt.request, o.line(), o.request.Path)
		}
	}
}

// No other request gets through with it, however it is read.
func TestRoutesKeepForThemselves(t *testing.T) {
	s := newServer(t, canonical.Options{Routes: pdp.Routes(keepingSet(t))})
	const slash, empty, params, dots = canonical.RuleEncodedSlash, canonical.RuleEmptySegment, canonical.RulePathParams, canonical.RuleDotSegment
	for _, tt := range []struct{ request, rule string }{
		// Another route, method, host, or none.
		{"GET /files%2Fa", slash}, {"GET /files%2F..%2Fadmin", slash}, {"GET /admin%2Fx", slash}, {"GET /%2F", slash},
		{"POST /files/a%2Fb", slash}, {"DELETE /files/a%2Fb", slash}, {"GET /mirror/a%2Fb", slash}, {"GET /java/a%2Fb", slash},
		{"GET //files/a", empty}, {"GET /files//a", empty}, {"GET //", empty}, {"GET ///mirror/a", empty}, {"GET /java//a", empty},
		{"GET /files/a;b", params}, {"GET /mirror/a;b", params}, {"GET /java;x/a", params}, {"GET /;/java/a", params},
		{"GET /files/a%2Fb;c", params}, {"GET /mirror//a%2Fb", slash}, {"GET /java/a;b//c", empty},
		// Another reading is another route.
		{"GET /files/admin%2Fx", slash}, {"GET /files/admin%2F", slash}, {"GET /projects/7%2Fdelete", slash}, {"GET /projects/7%2Fdelete%2F", slash},
		{"GET /mirror//secret", empty}, {"GET /mirror///secret/", empty}, {"GET /java/admin;x", params}, {"GET /java/admin;/", params}, {"GET /java/admin%3B", params},
		{"GET /t/acme/f/%2F%2F..", dots}, {"GET /t/a%2Fplain", slash}, {"GET /t/acme;/plain", params}, {"GET /t//plain", empty}, {"GET /t/acme/f/;x/y", params}, {"GET /t/acme/f/%3B/y", params},
		// Another reading has another value for a placeholder of one segment.
		{"GET /t/a%2Ff%2Fb/f/x", slash}, {"GET /t/acme;x/f/y", params}, {"GET /t/a;%2Ff%2Fb/f/x", params}, {"GET /beans/7;v=1", params},
		{"GET /t/a;b%2Ff/f/x", params}, {"GET /t//f/x", empty}, {"GET /t/%2Facme/f/x", slash},
		// Dot segments, in any reading.
		{"GET /files/a%2F..%2Fb", dots}, {"GET /files/..%2Fadmin", dots}, {"GET /files/..%2f..%2fetc", dots}, {"GET /files/%2e%2e%2fx", dots}, {"GET /files/.%2Fx", dots}, {"GET /projects/..%2Fx", dots},
		{"GET /projects/x%2F..", dots}, {"GET /java/..;/admin", dots}, {"GET /java/.;x/admin", dots}, {"GET /java/..;x=1", dots}, {"GET /java/%2e.%3bx/a", dots},
		{"GET /t/acme/f/a%2F..;x%2Fb", dots}, {"GET /t/acme/f/a%2F.%2e;/b", dots}, {"GET /t/acme/f/..;%2Fa", dots},
		// An empty segment that only the slash or the parameter makes.
		{"GET /files/%2Fa", slash}, {"GET /files/a%2F%2Fb", slash}, {"GET /files/a%2F/b", slash}, {"GET /projects/%2Fx", slash}, {"GET /java/;x/a", params},
		// What no route can keep stays refused, beside what one keeps.
		{"GET /files/a%2Fb%5Cc", slash}, {"GET /files/a%5Cc%2Fb", canonical.RuleEncodedBackslash}, {"GET /files/a%2Fb%00", slash}, {"GET /files/a%2Fb/../c", slash}, {"GET /files/a%2Fb?x=%zz", slash},
		{"GET /files/a%2Fb\\c", canonical.RuleBackslash},
	} {
		method, target, _ := strings.Cut(tt.request, " ")
		o := s.send(message(method, target, "Host: app.test"))
		if o.rejected == nil || o.rejected.Rule != tt.rule || o.rejected.Code != canonical.CodeNotCanonical || o.rejected.Status != http.StatusBadRequest {
			t.Errorf("%s: want %s, got %+v", tt.request, tt.rule, o.rejected)
		}
	}
	if o := s.send(message("GET", "/files/a%2Fb", "Host: old.example.com")); o.rejected == nil || o.rejected.Rule != slash {
		t.Errorf("a route of another host keeps for this one: %+v", o.rejected)
	}
	if o := s.send(message("GET", "/files/a%2Fb", "Host: app..test")); o.rejected == nil || o.rejected.Rule != slash {
		t.Errorf("a bad host beside it: %+v", o.rejected)
	}
	if o := newServer(t, canonical.Options{}).send(message("GET", "/files/a%2Fb", "Host: app.test")); o.rejected == nil || o.rejected.Rule != slash {
		t.Errorf("without routes: %+v", o.rejected)
	}
}

// A preflight is about the method that it names, as long as OPTIONS has no route
// of its own.
func TestPreflightKeeps(t *testing.T) {
	s := newServer(t, canonical.Options{Routes: pdp.Routes(keepingSet(t))})
	asks := func(target string, headers ...string) outcome {
		return s.send(message("OPTIONS", target, append(headers, "Host: app.test")...))
	}
	const origin = "Origin: https://app.example.com"
	if o := asks("/files/a%2Fb", origin, "Access-Control-Request-Method: GET"); o.request == nil || o.request.Lifted != canonical.AllowEncodedSlash {
		t.Errorf("refused: %+v", o.rejected)
	}
	for name, o := range map[string]outcome{
		"no origin":          asks("/files/a%2Fb", "Access-Control-Request-Method: GET"),
		"no method":          asks("/files/a%2Fb", origin),
		"two methods":        asks("/files/a%2Fb", origin, "Access-Control-Request-Method: GET", "Access-Control-Request-Method: GET"),
		"another method":     asks("/files/a%2Fb", origin, "Access-Control-Request-Method: POST"),
		"another route":      asks("/files/admin%2Fb", origin, "Access-Control-Request-Method: GET"),
		"a route of its own": asks("/t/a%2Fb/plain", origin, "Access-Control-Request-Method: GET"),
	} {
		if o.rejected == nil || o.rejected.Rule != canonical.RuleEncodedSlash {
			t.Errorf("%s: %+v", name, o.rejected)
		}
	}
}

// FuzzKeep: a service that decodes, strips or cleans a path that was let through
// finds the route that was decided, or none.
func FuzzKeep(f *testing.F) {
	for _, s := range []string{
		"/files/a%2Fb", "/files/admin%2Fx", "/files/..%2Fx", "/projects/7%2Fdelete", "/mirror//secret", "/mirror///a", "/java/admin;x", "/java/..;/a",
		"/t/a%2Ff%2Fb/f/x", "/t/acme/f/a%2F%2Fb;c//d", "/t/acme/f/;%2F..", "/t/a;%2Ff%2Fb/f/x", "/beans/7;v", "/t/acme/f/x;%2Fy%3B/z",
	} {
		f.Add(s)
	}
	set := keepingSet(f)
	r := newReader(f, canonical.Options{Routes: pdp.Routes(set)})
	f.Fuzz(func(t *testing.T, raw string) {
		c, refused := r.Read(incoming(raw))
		if refused != nil || c.Lifted == 0 {
			return
		}
		decided := set.Place(c.Method, c.Host, c.Path, c.Segments)
		if decided.Route == nil || c.OutURL(&url.URL{Scheme: "http", Host: "a"}).RequestURI() != c.Path+strings.TrimSuffix("?"+c.RawQuery, "?") {
			t.Fatalf("%q: accepted %q", raw, c.Path)
		}
		decoded, err := url.PathUnescape(c.Path)
		if err != nil {
			t.Fatal(err)
		}
		stripped := strip(decoded)
		for _, read := range []string{decoded, stripped, path.Clean(decoded), path.Clean(stripped), strip(c.Path), path.Clean(strip(c.Path)), strip(path.Clean(decoded))} {
			segments := strings.Split(strings.Trim(read, "/"), "/")
			if slices.Contains(segments, "..") || slices.Contains(segments, ".") {
				t.Fatalf("%q: read as %q", raw, read)
			}
			if strings.Contains(read, "%") {
				continue // a literal one, or a triplet of strip(c.Path): other readings have it
			}
			at := set.Place(c.Method, c.Host, read, segments)
			if at.ID != 0 && (at.ID != decided.ID || !slices.Equal(at.Fixed, decided.Fixed)) {
				t.Fatalf("%q: decided as %v, read as %q it is %v", raw, decided, read, at)
			}
		}
	})
}

func strip(p string) string {
	parts := strings.Split(p, "/")
	for i := range parts {
		parts[i], _, _ = strings.Cut(parts[i], ";")
	}
	return strings.Join(parts, "/")
}
