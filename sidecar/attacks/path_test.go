package attacks_test

import (
	"strings"
	"testing"
)

// TestPath is section 2.1 of the corpus, "path, host, method", as far as a
// request is refused.
func TestPath(t *testing.T) { everywhere(t, setup{}, attackPath) }

func attackPath(t *testing.T, r *rig) {
	admin := r.as("admin")
	ours := func(target string) request { return get(target, admin) }
	badHost, badTarget, tooLarge := malformed("host"), malformed("target_form"), malformed("header_limit")
	r.refuse(t, []refusal{
		{"A01 literal dots", ours("/public/../admin/secrets"), malformed("dot_segment"), ours("/public/admin/secrets"), nil},
		{"A01 single dot", ours("/public/./x"), malformed("dot_segment"), ours("/public/.x"), nil},
		{"A02 encoded dots", get("/public/%2e%2e/admin"), malformed("dot_segment"), get("/public/%2e%2e%2e/admin"), nil},
		{"A02 one of two encoded", get("/public/.%2E/admin"), malformed("dot_segment"), get("/public/.%2Ea/admin"), nil},
		{"A04 lower-case slash", get("/public%2fadmin"), malformed("encoded_slash"), get("/public/admin"), nil},
		{"A04 upper-case slash", get("/public%2Fadmin"), malformed("encoded_slash"), get("/public/admin"), nil},
		{"A04 upper-case backslash", get("/public/a%5Cb"), malformed("encoded_backslash"), get("/public/a/b"), nil},
		{"A04 lower-case backslash", get("/public/a%5cb"), malformed("encoded_backslash"), get("/public/a/b"), nil},
		{"A05 dots in one segment", get("/public/..%2fadmin/secret.txt"), malformed("encoded_slash"), get("/public/admin/secret.txt"), nil},
		{"A06 two slashes", ours("//admin/dashboard"), malformed("empty_segment"), ours("/admin/dashboard"), nil},
		{"A06 three slashes", ours("///admin/x"), malformed("empty_segment"), ours("/admin/x"), nil},
		{"A06 authority and query", get("//public/people?a=1"), malformed("empty_segment"), get("/public/people?a=1"), nil},
		{"A06 inside", get("/public//x"), malformed("empty_segment"), get("/public/x"), nil},
		{"A09 parameter", ours("/admin;x"), malformed("path_params"), ours("/admin/x"), nil},
		{"A09 session id", ours("/admin/x;jsessionid=1"), malformed("path_params"), ours("/admin/x?jsessionid=1"), nil},
		{"A09 dots and parameter", get("/public/..;/admin"), malformed("path_params"), get("/public/..,/admin"), nil},
		{"A09 encoded", ours("/admin%3bx"), malformed("path_params"), ours("/admin/%3ax"), nil},
		{"A10 fragment", ours("/admin/x#y"), malformed("fragment"), ours("/admin/x%23y"), nil},
		{"A10 fragment before dots", get("/#/../admin"), malformed("fragment"), get("/public/%23/admin"), nil},
		{"A10 fragment in the query", get("/public/x?a=1#b"), malformed("fragment"), get("/public/x?a=1%23b"), nil},
		{"A11 public path in the query", get("/admin/x?x=/public/logo.png"), nobody, get("/public/logo.png?x=/admin/x"), nil},
		{"A11 the same for a user", get("/admin/x?x=/public/logo.png", r.as("user")), noRule, ours("/admin/x?x=/public/logo.png"), nil},
		{"A14 encoded twice", ours("/%2561dmin/export.csv"), noRoute, ours("/%61dmin/export.csv"), nil},
		{"A15 another case", ours("/ADMIN/x"), noRoute, ours("/admin/x"), nil},
		{"A15 another case, encoded", ours("/%41DMIN/x"), noRoute, ours("/%61dmin/x"), nil},
		{"A16 another host", get("/hosted").at("other.test"), noRoute, get("/hosted").at("APP.TEST"), nil},
		{"A18 host with a parameter", get("/public/x").at(`a";for=1.2.3.4`), unread(400, "http_syntax"), get("/public/x"), &badHost},
		{"A18 two hosts in one", get("/public/x").at("app.test,evil.test"), malformed("host"), get("/public/x"), nil},
		{"A19 user in host", get("/public/x").at("a@b"), unread(400, "http_syntax"), get("/public/x").at("a.b"), &badHost},
		{"A19 blank in host", get("/public/x").at("a b"), unread(400, "http_syntax"), get("/public/x").at("a-b"), &badHost},
		{"A19 path in host", get("/public/x").at("a/b"), unread(400, "http_syntax"), get("/public/x").at("a.b"), &badHost},
		{"A19 line end in host", get("/public/x").at("a\rb"), unread(400, "http_syntax"), get("/public/x").at("a.b"), nil},
		{"A19 no host", get("/public/x").at("-"), unread(400, "http_syntax"), get("/public/x"), nil},
		{"A19 empty host", get("/public/x").at(" "), malformed("host"), get("/public/x"), nil},
		{"A20 absolute form, another host", get("http://evil.test/admin/x", admin), malformed("absolute_form"), ours("/admin/x"), nil},
		{"A20 absolute form, the same host", get("http://app.test/public/x"), malformed("absolute_form"), get("/public/x"), nil},
		{"A20 asterisk of GET", get("*"), malformed("target_form"), get("/public/*"), nil},
		{"A21 no slash", get("public/x"), unread(400, "http_syntax"), get("/public/x"), &badTarget},
		{"A22 one segment is one", ours("/items/1/admin"), noRoute, ours("/items/1"), nil},
		{"A22 dot is a dot", ours("/itemsX1"), noRoute, ours("/items/.1"), nil},
		{"A24 asterisk", get("/open/admin/*"), byRule, get("/open/other/*"), nil},
		{"A24 asterisk inside", get("/open/admin/a*b"), byRule, get("/open/other/a*b"), nil},
		{"A24 sub-delims", get("/open/admin/!$&'()+,=:@~"), byRule, get("/open/other/!$&'()+,=:@~"), nil},
		{"A25 backslash", ours(`/public/a\..\admin`), malformed("backslash"), ours("/public/a/admin"), nil},
		{"A25 encoded backslash", ours("/public/private.%5cx"), malformed("encoded_backslash"), ours("/public/private.x"), nil},
		{"A25 final dot", ours("/admin./x"), noRoute, ours("/admin/x"), nil},
		{"A25 final blank", ours("/admin%20/x"), noRoute, ours("/admin/x"), nil},
		{"A26 many parameters", ours("/admin/x?" + strings.Repeat("a&", 256) + "admin=1"), malformed("query_params"), ours("/admin/x?" + strings.Repeat("a&", 255) + "admin=1"), nil},
		{"A26 endless parameters", ours("/admin/x?" + strings.Repeat("a&", 10_001) + "admin=1"), malformed("target_length"), ours("/admin/x?a&admin=1"), &tooLarge},
		{"A26 triplet that is none", ours("/admin/x?a=%zz&admin=1"), malformed("query_encoding"), ours("/admin/x?a=%7a&admin=1"), nil},
		{"A26 semicolon", ours("/admin/x?a=1;admin=1"), malformed("query_semicolon"), ours("/admin/x?a=1%3Badmin=1"), nil},
		{"A28 header", get("/items/1", "X-HTTP-Method-Override: GET").by("DELETE"), nobody, get("/items/1", "X-HTTP-Method-Override: DELETE"), nil},
		{"A28 parameter", get("/items/1?_method=GET").by("DELETE"), nobody, get("/items/1?_method=DELETE"), nil},
		{"A29 health and dots", ours("/healthz/../admin/x"), malformed("dot_segment"), ours("/admin/x"), nil},
		{"A29 health below admin", get("/admin/healthz"), nobody, ours("/admin/healthz"), nil},
		{"A29 health in the query", get("/admin/x?p=/healthz"), nobody, ours("/admin/x?p=/healthz"), nil},
		{"A29 probes are on another listener", get("/readyz"), noRoute, get("/public/readyz"), nil},
		{"A29 metrics are on another listener", get("/metrics"), noRoute, get("/public/metrics"), nil},
		{"A30 overlong dots", get("/public/%c0%ae%c0%ae/admin"), malformed("path_text"), get("/public/%c3%ae/admin"), nil},
		{"A30 byte that is no text", get("/public/%ff"), malformed("path_text"), get("/public/%c3%bf"), nil},
		{"A30 zero byte", get("/public/x%00"), malformed("encoded_control"), get("/public/x%20"), nil},
		{"A30 line end", get("/public/x%0d%0a"), malformed("encoded_control"), get("/public/x%2a"), nil},
		{"A95 CONNECT to a host", get("app.test:443").by("CONNECT"), noMethod, get("/public/x"), nil},
		{"A95 CONNECT to a path", get("/public/x").by("CONNECT"), noMethod, get("/public/x"), nil},
		{"A95 TRACE", get("/public/x").by("TRACE"), noMethod, get("/public/x"), nil},
		{"A95 unknown method", get("/public/x").by("FOO"), noMethod, get("/public/x"), nil},
		{"A95 method in small letters", get("/public/x").by("get"), noMethod, get("/public/x"), nil},
	})
}

// TestPathSent compares what was decided with what the service is asked for.
func TestPathSent(t *testing.T) {
	r := start(t, setup{})
	admin := r.as("admin")
	for _, tt := range []struct{ name, target, sent string }{
		{"A08 plain", "/public/x/y", "/public/x/y"},
		{"A10 encoded fragment stays encoded", "/public/secret%23/bar", "/public/secret%23/bar"},
		{"A12 query stays apart", "/admin/x?foo=bar", "/admin/x?foo=bar"},
		{"A12 encoded question mark stays encoded", "/admin/x%3ffoo=bar", "/admin/x%3Ffoo=bar"},
		{"A14 never decoded twice", "/public/%2561dmin/export.csv", "/public/%2561dmin/export.csv"},
		{"A14 dots encoded twice", "/public/%252e%252e/admin", "/public/%252e%252e/admin"},
		{"A15 unreserved decoded", "/%61dmin/x", "/admin/x"},
		{"A15 triplets in upper case", "/public/caf%c3%a9", "/public/caf%C3%A9"},
		{"A24 sub-delims", "/admin/!$&'()+,=:@~*", "/admin/!$&'()+,=:@~*"},
		{"A26 query byte by byte", "/public/x?a=%7e&b=[{|}]&&c", "/public/x?a=%7e&b=[{|}]&&c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := r.in(t)
			seen := r.pass(t, proxyDoor{r}, get(tt.target, admin))
			if line, _, _ := strings.Cut(seen, "\n"); line != "GET "+tt.sent+" HTTP/1.1" {
				t.Errorf("sent %q, want %s", line, tt.sent)
			}
		})
	}
	events := r.stop(t)
	for i, want := range []string{"/public/x/y", "/public/secret%23/bar", "/admin/x"} {
		if events[i].HTTP.Path != want {
			t.Errorf("recorded %q, decided %q", events[i].HTTP.Path, want)
		}
	}
}

// TestHostSent: a host has one spelling behind the door (A16).
func TestHostSent(t *testing.T) { everywhere(t, setup{}, attackHost) }

func attackHost(t *testing.T, r *rig) {
	var cases []harmless
	for name, host := range map[string]string{
		"A16 upper case": "APP.TEST", "A16 default port": "App.Test:80", "A16 final dot": "app.test.",
	} {
		cases = append(cases, harmless{name, get("/hosted").at(host), get("/hosted")})
	}
	r.strip(t, cases)
}

// TestHealthListener: only the probes' paths are there (A29, A114).
func TestHealthListener(t *testing.T) {
	r := start(t, setup{})
	for path, want := range map[string]int{
		"/livez": 200, "/readyz": 200, "/metrics": 200,
		"/admin/x": 404, "/": 404, "/readyz/x": 404, "/livez/../admin/x": 404, "/public/x": 404,
	} {
		if status, body := r.health(path); status != want {
			t.Errorf("A29 %s: %d %s, want %d", path, status, body, want)
		}
	}
	r.stop(t)
}
