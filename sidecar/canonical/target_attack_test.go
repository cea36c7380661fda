package canonical_test

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/sidecar/canonical"
)

// Rows of the attack corpus about path, host and method. A row that says how
// policy decides is tested here for its half: what policy is shown.

func TestTargetAttacksRefused(t *testing.T) {
	const not = canonical.CodeNotCanonical
	long := strings.Repeat("a", canonical.MaxTargetBytes)
	newServer(t, canonical.Options{}).refusals(t, []refusal{
		{"A01 literal dots", get("/public/../admin/secrets"), not, canonical.RuleDotSegment, get("/public/admin/secrets")},
		{"A01 single dot", get("/public/./admin"), not, canonical.RuleDotSegment, get("/public/.well-known/admin")},
		{"A01 final dots", get("/public/.."), not, canonical.RuleDotSegment, get("/public/...")},
		{"A02 encoded dots", get("/public/%2e%2e/admin"), not, canonical.RuleDotSegment, get("/public/%2e%2e%2e/admin")},
		{"A02 mixed dots", get("/public/.%2E/admin"), not, canonical.RuleDotSegment, get("/public/.%2Ea/admin")},
		{"A04 upper-case slash", get("/public%2Fadmin"), not, canonical.RuleEncodedSlash, get("/public/admin")},
		{"A04 lower-case slash", get("/public%2fadmin"), not, canonical.RuleEncodedSlash, get("/public/admin")},
		{"A04 upper-case backslash", get("/a%5Cb"), not, canonical.RuleEncodedBackslash, get("/a/b")},
		{"A04 lower-case backslash", get("/a%5cb"), not, canonical.RuleEncodedBackslash, get("/a/b")},
		{"A05 dots and encoded slash", get("/public/..%2fadmin/secret.txt"), not, canonical.RuleEncodedSlash, get("/public/admin/secret.txt")},
		{"A06 two slashes", get("//admin/dashboard"), not, canonical.RuleEmptySegment, get("/admin/dashboard")},
		{"A06 three slashes", get("///admin"), not, canonical.RuleEmptySegment, get("/admin")},
		{"A06 two slashes and query", get("//x/people?a=1"), not, canonical.RuleEmptySegment, get("/x/people?a=1")},
		{"A06 inner", get("/x//people"), not, canonical.RuleEmptySegment, get("/x/people")},
		{"A06 final", get("/x/people//"), not, canonical.RuleEmptySegment, get("/x/people/")},
		{"A06 only slashes", get("//"), not, canonical.RuleEmptySegment, get("/")},
		{"A08 dots", get("/app/%2e%2e%2fadmin"), not, canonical.RuleEncodedSlash, get("/app/admin")},
		{"A08 slash", get("/app/x%2fy"), not, canonical.RuleEncodedSlash, get("/app/x/y")},
		{"A09 parameter", get("/admin;x"), not, canonical.RulePathParams, get("/admin,x")},
		{"A09 session id", get("/admin;jsessionid=1"), not, canonical.RulePathParams, get("/admin?jsessionid=1")},
		{"A09 dots and parameter", get("/public/..;/admin"), not, canonical.RulePathParams, get("/public/..a/admin")},
		{"A09 encoded", get("/admin%3bx"), not, canonical.RulePathParams, get("/admin%3Ax")},
		{"A10 fragment", get("/admin#x"), not, canonical.RuleFragment, get("/admin%23x")},
		{"A10 fragment before dots", get("/#/../admin"), not, canonical.RuleFragment, get("/%23/admin")},
		{"A10 fragment in query", get("/a?b=1#x"), not, canonical.RuleFragment, get("/a?b=1%23x")},
		{"A20 absolute-form, other host", get("http://evil.test/admin"), not, canonical.RuleAbsoluteForm, get("/admin")},
		{"A20 absolute-form, same host", get("http://app.test/admin"), not, canonical.RuleAbsoluteForm, get("/admin")},
		{"A25 raw backslash", get(`/a\..\admin`), not, canonical.RuleBackslash, get("/a/admin")},
		{"A25 encoded backslash", get("/private.%5cx"), not, canonical.RuleEncodedBackslash, get("/private.x")},
		{"A26 many parameters", get("/a?" + strings.Repeat("x&", 10000) + "admin=1"), not, canonical.RuleTargetLength, get("/a?x&admin=1")},
		{"A26 257 parameters", get("/a?" + strings.Repeat("x=1&", 256) + "admin=1"), not, canonical.RuleQueryParams, get("/a?" + strings.Repeat("x=1&", 255) + "admin=1")},
		{"A26 bad triplet", get("/x?a=%zz&admin=1"), not, canonical.RuleQueryEncoding, get("/x?a=%7a&admin=1")},
		{"A26 cut triplet", get("/x?a=%4"), not, canonical.RuleQueryEncoding, get("/x?a=%41")},
		{"A26 bad triplet in a name", get("/x?%g0=1"), not, canonical.RuleQueryEncoding, get("/x?%40=1")},
		{"A26 semicolon", get("/x?a=1;admin=1"), not, canonical.RuleQuerySemicolon, get("/x?a=1%3Badmin=1")},
		{"A26 long target", get("/" + long), not, canonical.RuleTargetLength, get("/" + long[1:])},
		{"A26 NUL in query", get("/x?a=%00"), not, canonical.RuleQueryText, get("/x?a=%20")},
		{"A26 line end in query", get("/x?a=1%0d%0ab"), not, canonical.RuleQueryText, get("/x?a=1%20b")},
		{"A26 query not UTF-8", get("/x?a=%ff"), not, canonical.RuleQueryText, get("/x?a=%c3%bf")},
		{"A29 health and dots", get("/healthz/../admin"), not, canonical.RuleDotSegment, get("/admin/healthz")},
		{"A30 overlong dots", get("/%c0%ae%c0%ae/admin"), not, canonical.RulePathText, get("/%c3%ae/admin")},
		{"A30 lone byte", get("/%ff"), not, canonical.RulePathText, get("/%c3%bf")},
		{"A30 surrogate", get("/%ed%a0%80"), not, canonical.RulePathText, get("/%ee%80%80")},
		{"control character", get("/admin%00"), not, canonical.RuleEncodedControl, get("/admin%20")},
		{"line feed", get("/admin%0a"), not, canonical.RuleEncodedControl, get("/admin%2a")},
		{"unit separator", get("/admin%1f"), not, canonical.RuleEncodedControl, get("/admin%21")},
		{"delete", get("/admin%7F"), not, canonical.RuleEncodedControl, get("/admin%7E")},
		{"C1 control character", get("/admin%c2%85"), not, canonical.RuleEncodedControl, get("/admin%c2%a5")},
		{"raw UTF-8", get("/é"), not, canonical.RuleTargetByte, get("/%c3%a9")},
		{"raw quote", get(`/a"b`), not, canonical.RulePathByte, get("/a%22b")},
		{"raw angle", get("/a<b"), not, canonical.RulePathByte, get("/a%3cb")},
		{"raw caret", get("/a^b"), not, canonical.RulePathByte, get("/a%5eb")},
		{"raw grave", get("/a`b"), not, canonical.RulePathByte, get("/a%60b")},
		{"raw brace", get("/{b}"), not, canonical.RulePathByte, get("/%7bb%7d")},
		{"raw bar", get("/a|b"), not, canonical.RulePathByte, get("/a%7cb")},
		{"raw bracket", get("/a[0]"), not, canonical.RulePathByte, get("/a%5b0%5d")},
		{"asterisk of GET", get("*"), not, canonical.RuleTargetForm, message("OPTIONS", "*", "Host: app.test")},

		{"TRACE", message("TRACE", "/", "Host: app.test"), canonical.CodeMethodNotAllowed, canonical.RuleMethod, get("/")},
		{"CONNECT", message("CONNECT", "/", "Host: app.test"), canonical.CodeMethodNotAllowed, canonical.RuleMethod, get("/")},
		{"A95 CONNECT to a host", message("CONNECT", "app.test:443", "Host: app.test:443"), canonical.CodeMethodNotAllowed, canonical.RuleMethod, get("/")},
		{"lower-case method", message("get", "/", "Host: app.test"), canonical.CodeMethodNotAllowed, canonical.RuleMethod, get("/")},
		{"unknown method", message("FOO", "/", "Host: app.test"), canonical.CodeMethodNotAllowed, canonical.RuleMethod, get("/")},
	})
}

func TestTargetAttacksAccepted(t *testing.T) {
	s := newServer(t, canonical.Options{})
	for _, tt := range []struct {
		name, target, path, query string
		segments                  []string
	}{
		{"root", "/", "/", "", nil},
		{"trailing slash", "/a/b/", "/a/b/", "", []string{"a", "b"}},
		{"A10 encoded fragment", "/foo/secret%23/bar", "/foo/secret%23/bar", "", []string{"foo", "secret#", "bar"}},
		{"A11 path in query", "/admin?x=/public/logo.png", "/admin", "x=/public/logo.png", []string{"admin"}},
		{"A12 query apart", "/admin?foo=bar", "/admin", "foo=bar", []string{"admin"}},
		{"A12 encoded question mark", "/admin%3ffoo=bar", "/admin%3Ffoo=bar", "", []string{"admin?foo=bar"}},
		{"A14 double encoding", "/%2561dmin/export.csv", "/%2561dmin/export.csv", "", []string{"%61dmin", "export.csv"}},
		{"A14 double encoded dots", "/%252e%252e/x", "/%252e%252e/x", "", []string{"%2e%2e", "x"}},
		{"A14 double encoded slash", "/a%252fb", "/a%252fb", "", []string{"a%2fb"}},
		{"A15 unreserved", "/%61dmin", "/admin", "", []string{"admin"}},
		{"A15 unreserved, upper case", "/%41DMIN", "/ADMIN", "", []string{"ADMIN"}},
		{"A15 case kept", "/ADMIN", "/ADMIN", "", []string{"ADMIN"}},
		{"A15 all unreserved marks", "/%2d%2e%5f%7e", "/-._~", "", []string{"-._~"}},
		{"A22 one more segment", "/items/1/admin", "/items/1/admin", "", []string{"items", "1", "admin"}},
		{"A24 asterisk", "/admin/*", "/admin/*", "", []string{"admin", "*"}},
		{"A24 inner asterisk", "/admin/a*b", "/admin/a*b", "", []string{"admin", "a*b"}},
		{"A24 sub-delims", "/admin/!$&'()+,=:@~", "/admin/!$&'()+,=:@~", "", []string{"admin", "!$&'()+,=:@~"}},
		{"A24 encoded sub-delims stay", "/admin/%2a%2C", "/admin/%2A%2C", "", []string{"admin", "*,"}},
		{"A25 final dot", "/admin.", "/admin.", "", []string{"admin."}},
		{"A25 final space", "/admin%20", "/admin%20", "", []string{"admin "}},
		{"A28 method in query", "/x?_method=DELETE", "/x", "_method=DELETE", []string{"x"}},
		{"A29 health in query", "/x?p=/healthz", "/x", "p=/healthz", []string{"x"}},
		{"upper-case triplets", "/caf%c3%a9", "/caf%C3%A9", "", []string{"café"}},
		{"lone question mark", "/a?", "/a", "", []string{"a"}},
		{"question mark in query", "/a?b?c", "/a", "b?c", []string{"a"}},
		{"query bytes kept", "/a?f[0]={%7e|%c3%a9}", "/a", "f[0]={%7e|%c3%a9}", []string{"a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &server{t: t, addr: s.addr, outcomes: s.outcomes}
			o := s.accept(get(tt.target))
			if o.request.Path != tt.path || o.request.RawQuery != tt.query || !slices.Equal(o.request.Segments, tt.segments) {
				t.Errorf("path %q, query %q, segments %q; want %q, %q, %q", o.request.Path, o.request.RawQuery, o.request.Segments, tt.path, tt.query, tt.segments)
			}
			want := "GET " + tt.path + " HTTP/1.1"
			if tt.query != "" {
				want = "GET " + tt.path + "?" + tt.query + " HTTP/1.1"
			}
			if got := o.line(); got != want {
				t.Errorf("sent upstream %q, want %q", got, want)
			}
			sum := sha256.Sum256([]byte(tt.target))
			if got, want := o.request.TargetSHA256, hex.EncodeToString(sum[:]); got != want {
				t.Errorf("target digest %s, want %s", got, want)
			}
		})
	}
}

func TestAsteriskForm(t *testing.T) {
	o := newServer(t, canonical.Options{}).accept(message("OPTIONS", "*", "Host: app.test"))
	if o.request.Path != "*" || len(o.request.Segments) != 0 {
		t.Errorf("path %q, segments %q; want * and none", o.request.Path, o.request.Segments)
	}
	if got, want := o.line(), "OPTIONS * HTTP/1.1"; got != want {
		t.Errorf("sent upstream %q, want %q", got, want)
	}
}

// What net/http refuses by itself must stay refused: Read relies on it.
func TestServerRefuses(t *testing.T) {
	s := newServer(t, canonical.Options{})
	for _, tt := range []struct{ name, bad, good string }{
		{"A18 quote in host", message("GET", "/", `Host: a";for=1.2.3.4`), get("/")},
		{"A21 no slash", get("admin"), get("/admin")},
		{"A32 space before colon", get("/", "X-User-Id : evil"), get("/", "X-User-Id: evil")},
		{"A96 two lengths", get("/", "Content-Length: 0", "Content-Length: 1"), get("/", "Content-Length: 0")},
		{"cut triplet in path", get("/a%2"), get("/a%20")},
		{"two hosts", message("GET", "/", "Host: app.test", "Host: app.test"), get("/")},
		{"space in target", get("/a b"), get("/a%20b")},
		{"NUL in value", get("/", "X-A: a\x00b"), get("/", "X-A: ab")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &server{t: t, addr: s.addr, outcomes: s.outcomes}
			if o := s.send(tt.bad); o.status != 400 || o.request != nil {
				t.Errorf("%q: status %d, accepted %t; want 400", tt.bad, o.status, o.request != nil)
			}
			s.accept(tt.good)
		})
	}
}

// A rejection names the method only when it is a configured one.
func TestRejectionMethod(t *testing.T) {
	s := newServer(t, canonical.Options{Methods: []string{"GET"}})
	if o := s.refuse(get("//"), canonical.CodeNotCanonical, canonical.RuleEmptySegment); o.rejected.Method != "GET" {
		t.Errorf("method = %q, want GET", o.rejected.Method)
	}
	if o := s.refuse(message("POST", "/", "Host: app.test"), canonical.CodeMethodNotAllowed, canonical.RuleMethod); o.rejected.Method != "" {
		t.Errorf("method = %q, want none", o.rejected.Method)
	}
}
