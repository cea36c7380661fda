package canonical_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/sidecar/canonical"
)

// Rows of the attack corpus about the host, identity headers and forwarded
// headers.

func TestHostAttacksRefused(t *testing.T) {
	const not = canonical.CodeNotCanonical
	host := func(h string) string { return message("GET", "/", "Host: "+h) }
	newServer(t, canonical.Options{}).refusals(t, []refusal{
		{"A18 two hosts in one", host("app.test,evil.test"), not, canonical.RuleHost, host("app.test")},
		{"A19 user info", host("app.test%40evil"), not, canonical.RuleHost, host("app.test")},
		{"empty", host(""), not, canonical.RuleHost, host("a")},
		{"HTTP/1.0 without host", "GET / HTTP/1.0\r\n\r\n", not, canonical.RuleHost, "GET / HTTP/1.0\r\nHost: app.test\r\n\r\n"},
		{"empty port", host("app.test:"), not, canonical.RuleHost, host("app.test:8080")},
		{"port with leading zero", host("app.test:080"), not, canonical.RuleHost, host("app.test:80")},
		{"port too large", host("app.test:65536"), not, canonical.RuleHost, host("app.test:65535")},
		{"two trailing dots", host("app.test.."), not, canonical.RuleHost, host("app.test.")},
		{"empty label", host("app..test"), not, canonical.RuleHost, host("app.test")},
		{"underscore", host("app_1.test"), not, canonical.RuleHost, host("app-1.test")},
		{"IPv6 without brackets", host("::1"), not, canonical.RuleHost, host("[::1]")},
		{"IPv6 with zone", host("[fe80::1%25eth0]"), not, canonical.RuleHost, host("[fe80::1]")},
		{"IPv4 in brackets", host("[127.0.0.1]"), not, canonical.RuleHost, host("127.0.0.1")},
		{"open bracket", host("[::1"), not, canonical.RuleHost, host("[::1]:80")},
	})
}

func TestHostFolding(t *testing.T) {
	s := newServer(t, canonical.Options{})
	for _, tt := range []struct{ name, host, want string }{
		{"A16 upper case", "APP.TEST", "app.test"},
		{"A16 mixed case and default port", "App.Test:80", "app.test"},
		{"trailing dot", "app.test.", "app.test"},
		{"trailing dot before port", "app.test.:8080", "app.test:8080"},
		{"port of the other scheme", "app.test:443", "app.test:443"},
		{"IPv6", "[2001:DB8:0::1]:80", "[2001:db8::1]"},
		{"IPv6 and port", "[::1]:8080", "[::1]:8080"},
		{"IPv4", "127.0.0.1:9000", "127.0.0.1:9000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &server{t: t, addr: s.addr, outcomes: s.outcomes}
			if got := s.accept(message("GET", "/", "Host: "+tt.host)).request.Host; got != tt.want {
				t.Errorf("host = %q, want %q", got, tt.want)
			}
		})
	}
}

// Identity headers never come through, however they are written.
func TestIdentitySpellings(t *testing.T) {
	s := newServer(t, canonical.Options{Identity: []string{"X-Plan-Tier"}, AllowedNames: []string{"X_Free"}})
	for _, tt := range []struct{ name, header, fold string }{
		{"A31 as documented", "X-User-ID", "x-user-id"},
		{"A32 underscores", "X_User_ID", "x-user-id"},
		{"A32 one underscore", "X-User_Id", "x-user-id"},
		{"A32 dots", "X.User.Id", "x-user-id"},
		{"A32 mixed", "x_user.ID", "x-user-id"},
		{"A32 tenant", "x_tenant_id", "x-tenant-id"},
		{"A34 lower case", "x-user-id", "x-user-id"},
		{"A34 upper case", "X-USER-ID", "x-user-id"},
		{"A34 odd case", "X-USER-id", "x-user-id"},
		{"roles", "X-User-Roles", "x-user-roles"},
		{"claims", "x-auth_claims", "x-auth-claims"},
		{"request id", "X-Request-ID", "x-request-id"},
		{"request id, underscores", "x_request_id", "x-request-id"},
		{"configured", "x-plan-tier", "x-plan-tier"},
		{"configured, underscores", "X_PLAN_TIER", "x-plan-tier"},
	} {
		for _, lines := range [][]string{
			{tt.header + ": evil-evil"},
			{tt.header + ": evil-evil", strings.ToUpper(tt.header) + ": evil-evil"},
		} {
			if len(lines) == 2 && tt.header == "X-Request-ID" {
				continue // a singleton: see TestHeaderAttacksRefused
			}
			t.Run(tt.name, func(t *testing.T) {
				s := &server{t: t, addr: s.addr, outcomes: s.outcomes}
				o := s.accept(get("/", append(lines, "X-Kept: yes", "X_Free: yes")...))
				want := []canonical.Dropped{{Name: tt.fold, Reason: canonical.DropIdentity}}
				if !slices.Equal(o.request.Dropped, want) {
					t.Errorf("dropped %v, want %v", o.request.Dropped, want)
				}
				if strings.Contains(string(o.sent), "evil") || o.request.ID == "evil-evil" {
					t.Errorf("the value came through: id %q, sent %q", o.request.ID, o.sent)
				}
				if want := (http.Header{"X-Kept": {"yes"}, "X_free": {"yes"}}); !maps.EqualFunc(o.request.Header, want, slices.Equal) {
					t.Errorf("header = %v, want %v", o.request.Header, want)
				}
			})
		}
	}
}

func TestManagedHeadersDropped(t *testing.T) {
	s := newServer(t, canonical.Options{})
	for _, tt := range []struct{ name, header string }{
		{"A28 method override", "X-HTTP-Method-Override"},
		{"A28 method", "X-HTTP-Method"},
		{"A28 short", "X-Method-Override"},
		{"A38 proto", "X-Forwarded-Proto"},
		{"A38 port", "X-Forwarded-Port"},
		{"A39 prefix", "X-Forwarded-Prefix"},
		{"A39 underscores", "X_Forwarded_Proto"},
		{"A40 forwarded", "Forwarded"},
		{"A40 for", "X-Forwarded-For"},
		{"A44 envoy", "x-envoy-original-path"},
		{"A44 original url", "X-Original-URL"},
		{"A44 rewrite url", "X-Rewrite-URL"},
		{"A44 original uri", "X-Original-URI"},
		{"A44 real ip", "X-Real-IP"},
		{"A46 subject", "X-SSL-Client-CN"},
		{"A46 envoy certificate", "X-Forwarded-Client-Cert"},
		{"A46 RFC 9440", "Client-Cert"},
		{"A46 RFC 9440 chain", "Client-Cert-Chain"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &server{t: t, addr: s.addr, outcomes: s.outcomes}
			o := s.accept(get("/", tt.header+": https", "X-Kept: yes"))
			want := []canonical.Dropped{{Name: canonical.Fold(tt.header), Reason: canonical.DropManaged}}
			if !slices.Equal(o.request.Dropped, want) {
				t.Errorf("dropped %v, want %v", o.request.Dropped, want)
			}
			if strings.Contains(string(o.sent), "https") || !strings.Contains(string(o.sent), "X-Kept: yes") {
				t.Errorf("sent %q, want only X-Kept", o.sent)
			}
			if o.request.Scheme != "http" || o.request.ClientIP != o.request.Peer {
				t.Errorf("scheme %s, client %s: an untrusted peer was believed", o.request.Scheme, o.request.ClientIP)
			}
		})
	}
}

func TestHeaderAttacksRefused(t *testing.T) {
	const (
		not   = canonical.CodeNotCanonical
		abuse = canonical.CodeHopByHopAbuse
	)
	connection := func(v string, more ...string) string { return get("/", append(more, "Connection: "+v)...) }
	many := func(n int, line string, more ...string) string {
		return get("/", append(slices.Repeat([]string{line}, n), more...)...)
	}
	newServer(t, canonical.Options{AllowedNames: []string{"X_Plan"}}).refusals(t, []refusal{
		{"A35 identity headers", connection("close, x-user-id, X-Request-ID"), abuse, canonical.RuleConnectionAbuse, connection("close, x-plan")},
		{"A35 alias", connection("X_User.Id"), abuse, canonical.RuleConnectionAbuse, connection("X_Plan")},
		{"A35 forwarded", connection("X-Forwarded-Host"), abuse, canonical.RuleConnectionAbuse, connection("X-Forwarder")},
		{"A35 authorization", connection("authorization", "Authorization: Bearer x"), abuse, canonical.RuleConnectionAbuse, connection("close", "Authorization: Bearer x")},
		{"A35 cookie", connection("Cookie", "Cookie: a=b"), abuse, canonical.RuleConnectionAbuse, connection("close", "Cookie: a=b")},
		{"A35 host", connection("host"), abuse, canonical.RuleConnectionAbuse, connection("keep-alive")},
		{"A35 second line", connection("X-Tenant-ID", "Connection: close"), abuse, canonical.RuleConnectionAbuse, connection("close", "Connection: close")},
		{"connection is no token", connection(`"close"`), not, canonical.RuleConnection, connection(", close,")},
		{"connection is long", connection(strings.Repeat("a,", 17)), not, canonical.RuleConnection, connection(strings.Repeat("a,", 16))},
		{"upgrade to h2c", connection("Upgrade", "Upgrade: h2c"), not, canonical.RuleUpgrade, connection("Upgrade")},

		{"A42 authorization twice", get("/", "Authorization: Bearer a", "Authorization: Bearer b"), not, canonical.RuleRepeatedHeader, get("/", "Authorization: Bearer a")},
		{"A42 API key twice", get("/", "X-API-Key: a", "x-api-key: a"), not, canonical.RuleRepeatedHeader, get("/", "X-API-Key: a")},
		{"A42 DPoP twice", get("/", "DPoP: a", "DPoP: b"), not, canonical.RuleRepeatedHeader, get("/", "DPoP: a")},
		{"A42 content type twice", get("/", "Content-Type: a/b", "Content-Type: a/c"), not, canonical.RuleRepeatedHeader, get("/", "Content-Type: a/b")},
		{"A42 request id twice", get("/", "X-Request-ID: aaaaaaaa", "X-Request-ID: aaaaaaaa"), not, canonical.RuleRepeatedHeader, get("/", "X-Request-ID: aaaaaaaa")},
		{"A42 two spellings", get("/", "X_Plan: pro", "X-Plan: free"), not, canonical.RuleHeaderAlias, get("/", "X_Plan: pro", "X-Plans: free")},

		{"A115 value not UTF-8", get("/", "X-A: caf\xe9"), not, canonical.RuleHeaderValue, get("/", "X-A: caf\u00e9")},
		{"A115 C1 control character", get("/", "X-A: a\u009bb"), not, canonical.RuleHeaderValue, get("/", "X-A: a\u00a0b")},
		{"A115 after a tab", get("/", "X-A: a\tb\xff"), not, canonical.RuleHeaderValue, get("/", "X-A: a\tb")},
		{"A115 in a dropped header", get("/", "X_A: caf\xe9"), not, canonical.RuleHeaderValue, get("/", "X_A: caf")},

		{"101 headers", many(101, "X-A: b"), not, canonical.RuleHeaderLimit, many(100, "X-A: b")},
		{"large header", get("/", "X-A: "+strings.Repeat("b", 8190)), not, canonical.RuleHeaderLimit, get("/", "X-A: "+strings.Repeat("b", 8189))},
		{"large headers", many(4, "X-A: "+strings.Repeat("b", 8189), "B:"), not, canonical.RuleHeaderLimit, many(4, "X-A: "+strings.Repeat("b", 8189))},
		{"101 cookies", get("/", "Cookie: "+strings.Repeat("a=b;", 100)+"a=b"), not, canonical.RuleCookieLimit, get("/", "Cookie: "+strings.Repeat("a=b;", 99)+"a=b")},
		{"101 cookies in two lines", get("/", "Cookie: "+strings.Repeat("a=b;", 50), "Cookie: "+strings.Repeat("a=b;", 49)), not, canonical.RuleCookieLimit, get("/", "Cookie: "+strings.Repeat("a=b;", 49), "Cookie: "+strings.Repeat("a=b;", 49))},

		{"managed trailer", chunked("Trailer: X-User-Id"), not, canonical.RuleTrailer, chunked("Trailer: X-Checksum")},
		{"managed trailer, alias", chunked("Trailer: X-Checksum, x_tenant_id"), not, canonical.RuleTrailer, chunked("Trailer: X-Checksum, X-Size")},
		{"credential as trailer", chunked("Trailer: Authorization"), not, canonical.RuleTrailer, chunked("Trailer: X-Checksum")},
	})
}

func chunked(lines ...string) string {
	lines = append([]string{"Host: app.test", "Transfer-Encoding: chunked"}, lines...)
	return message("POST", "/", lines...) + "0\r\n\r\n"
}

// Policy and upstream see the same headers: those that survive the hop.
func TestHopByHopRemoved(t *testing.T) {
	s := newServer(t, canonical.Options{})
	o := s.accept(get("/",
		"Connection: close, X-Plan", "Connection: keep-alive", "X-Plan: pro", "Keep-Alive: timeout=5",
		"Proxy-Connection: close", "TE: trailers", "Proxy-Authorization: Basic x", "Proxy-Authenticate: Basic",
		"X-Kept: a", "X-Kept: b", "X.Dotted: c"))
	if want := (http.Header{"X-Kept": {"a", "b"}}); !maps.EqualFunc(o.request.Header, want, slices.Equal) {
		t.Errorf("A36: header = %v, want %v", o.request.Header, want)
	}
	want := []canonical.Dropped{{Name: "x-dotted", Reason: canonical.DropUnderscore}, {Name: "x-plan", Reason: canonical.DropConnection}}
	if !slices.Equal(o.request.Dropped, want) {
		t.Errorf("dropped %v, want %v", o.request.Dropped, want)
	}

	o = s.accept(get("/", "X-Plan: pro", "X-Role: user", "X-Role: admin"))
	if want := (http.Header{"X-Plan": {"pro"}, "X-Role": {"user", "admin"}}); !maps.EqualFunc(o.request.Header, want, slices.Equal) {
		t.Errorf("A42: header = %v, want %v", o.request.Header, want)
	}
	if len(o.request.Dropped) != 0 {
		t.Errorf("dropped %v, want nothing", o.request.Dropped)
	}
}

// Over HTTP/2 names arrive in lower case and the scheme is that of TLS.
func TestHTTP2(t *testing.T) {
	s := &server{t: t, outcomes: make(chan outcome, 1)}
	hs := httptest.NewUnstartedServer(s.handler(newReader(t, canonical.Options{})))
	hs.EnableHTTP2 = true
	hs.StartTLS()
	defer hs.Close()

	req, err := http.NewRequest("GET", hs.URL+"/%61dmin", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header["x-user-id"] = []string{"evil"}
	req.Header["x_user_id"] = []string{"evil"}
	req.Header.Set("X-Kept", "yes")
	res, err := hs.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	o := <-s.outcomes
	if o.rejected != nil {
		t.Fatalf("refused by rule %s: %v", o.rejected.Rule, o.rejected.Err)
	}
	if res.ProtoMajor != 2 || o.request.Scheme != "https" || o.request.Path != "/admin" {
		t.Errorf("HTTP/%d, scheme %s, path %s; want HTTP/2, https, /admin", res.ProtoMajor, o.request.Scheme, o.request.Path)
	}
	if strings.Contains(string(o.sent), "evil") || !strings.Contains(string(o.sent), "X-Kept: yes") {
		t.Errorf("A34: sent %q, want X-Kept and no identity header", o.sent)
	}
}
