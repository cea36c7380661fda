package canonical_test

import (
	"crypto/tls"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/sidecar/canonical"
)

// incoming is a request as net/http's server would give it, for what cannot be
// sent over HTTP/1.1.
func incoming(target string) *http.Request {
	return &http.Request{
		Method: "GET", RequestURI: target, Host: "app.test", RemoteAddr: "192.0.2.1:4711",
		Header: http.Header{"User-Agent": {"test"}},
	}
}

func TestNewRefuses(t *testing.T) {
	prefix := netip.MustParsePrefix
	for _, tt := range []struct {
		name      string
		bad, good canonical.Options
	}{
		{"TRACE", canonical.Options{Methods: []string{"GET", "TRACE"}}, canonical.Options{Methods: []string{"GET", "PROPFIND"}}},
		{"CONNECT", canonical.Options{Methods: []string{"CONNECT"}}, canonical.Options{Methods: []string{"GET"}}},
		{"lower-case method", canonical.Options{Methods: []string{"get"}}, canonical.Options{Methods: []string{"GET"}}},
		{"long method", canonical.Options{Methods: []string{strings.Repeat("A", 21)}}, canonical.Options{Methods: []string{strings.Repeat("A", 20)}}},
		{"empty method", canonical.Options{Methods: []string{""}}, canonical.Options{Methods: []string{}}},
		{"all of IPv4", canonical.Options{TrustedProxies: []netip.Prefix{prefix("0.0.0.0/0")}}, canonical.Options{TrustedProxies: []netip.Prefix{prefix("10.0.0.0/8")}}},
		{"all of IPv6", canonical.Options{TrustedProxies: []netip.Prefix{prefix("::/0")}}, canonical.Options{TrustedProxies: []netip.Prefix{prefix("fd00::/8")}}},
		{"no prefix", canonical.Options{TrustedProxies: []netip.Prefix{{}}}, canonical.Options{TrustedProxies: []netip.Prefix{prefix("10.0.0.1/32")}}},
		{"IPv4 in IPv6", canonical.Options{TrustedProxies: []netip.Prefix{prefix("::ffff:10.0.0.0/104")}}, canonical.Options{TrustedProxies: []netip.Prefix{prefix("10.0.0.0/8")}}},
		{"identity is no name", canonical.Options{Identity: []string{"X Plan"}}, canonical.Options{Identity: []string{"X-Plan"}}},
		{"identity is empty", canonical.Options{Identity: []string{""}}, canonical.Options{Identity: []string{"X"}}},
		{"identity is long", canonical.Options{Identity: []string{strings.Repeat("x", 65)}}, canonical.Options{Identity: []string{strings.Repeat("x", 64)}}},
		{"identity carries credentials", canonical.Options{Identity: []string{"authorization"}}, canonical.Options{Identity: []string{"X-Authorization"}}},
		{"identity frames", canonical.Options{Identity: []string{"Transfer_Encoding"}}, canonical.Options{Identity: []string{"X-Forwarded-User"}}},
		{"allowed is managed", canonical.Options{AllowedNames: []string{"X_User_ID"}}, canonical.Options{AllowedNames: []string{"X_User_Name"}}},
		{"allowed is configured identity", canonical.Options{Identity: []string{"X-Plan"}, AllowedNames: []string{"X_Plan"}}, canonical.Options{AllowedNames: []string{"X_Plan"}}},
		{"allowed is forwarded", canonical.Options{AllowedNames: []string{"X_Forwarded_Foo"}}, canonical.Options{AllowedNames: []string{"X_Forwarder"}}},
		{"allowed is a singleton", canonical.Options{AllowedNames: []string{"Content_Length"}}, canonical.Options{AllowedNames: []string{"Content_Size"}}},
		{"allowed is hop-by-hop", canonical.Options{AllowedNames: []string{"keep.alive"}}, canonical.Options{AllowedNames: []string{"keep.me"}}},
		{"allowed needs no permission", canonical.Options{AllowedNames: []string{"X-Plan"}}, canonical.Options{AllowedNames: []string{"X.Plan"}}},
		{"allowed is no name", canonical.Options{AllowedNames: []string{"X_Plan:"}}, canonical.Options{AllowedNames: []string{"X_Plan"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := canonical.New(tt.bad); err == nil {
				t.Errorf("New accepts %+v", tt.bad)
			}
			if _, err := canonical.New(tt.good); err != nil {
				t.Errorf("New refuses %+v: %v", tt.good, err)
			}
		})
	}
}

func TestFoldAndManaged(t *testing.T) {
	longest := strings.Repeat("x", 64)
	r := newReader(t, canonical.Options{Identity: []string{"X-Plan", longest}})
	for _, tt := range []struct {
		name, fold string
		managed    bool
	}{
		{"X-User-ID", "x-user-id", true},
		{"x_USER.id", "x-user-id", true},
		{"X_Plan", "x-plan", true},
		{"X-Plans", "x-plans", false},
		{"X-Forwarded", "x-forwarded", true},
		{"X.Forwarded_Anything", "x-forwarded-anything", true},
		{"X-Http-Methods", "x-http-methods", true},
		{"X-Ssl-" + strings.Repeat("A", 80), "x-ssl-" + strings.Repeat("a", 80), true},
		{"X-User-Id" + strings.Repeat("a", 80), "x-user-id" + strings.Repeat("a", 80), false},
		{longest, longest, true},
		{longest + "x", longest + "x", false},
		{"Authorization", "authorization", false},
		{"Host", "host", false},
		{"", "", false},
		{"Kelvin-\u212a", "kelvin-\u212a", false},
	} {
		if got := canonical.Fold(tt.name); got != tt.fold {
			t.Errorf("Fold(%q) = %q, want %q", tt.name, got, tt.fold)
		}
		if got := r.Managed(tt.name); got != tt.managed {
			t.Errorf("Managed(%q) = %t, want %t", tt.name, got, tt.managed)
		}
	}
	if got, want := r.Allow(), "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"; got != want {
		t.Errorf("Allow() = %q, want %q", got, want)
	}
}

// Faults that net/http keeps away over HTTP/1.1, but not on every other way.
func TestReadRefuses(t *testing.T) {
	r := newReader(t, canonical.Options{})
	for _, tt := range []struct {
		name, rule string
		spoil      func(*http.Request)
	}{
		{"A21 no slash", canonical.RuleTargetForm, func(q *http.Request) { q.RequestURI = "admin/x" }},
		{"no target", canonical.RuleTargetForm, func(q *http.Request) { q.RequestURI = "" }},
		{"only a query", canonical.RuleTargetForm, func(q *http.Request) { q.RequestURI = "?a=1" }},
		{"asterisk and query", canonical.RuleTargetForm, func(q *http.Request) { q.Method, q.RequestURI = "OPTIONS", "*?a=1" }},
		{"cut triplet", canonical.RulePercentEncoding, func(q *http.Request) { q.RequestURI = "/a%2" }},
		{"lone percent", canonical.RulePercentEncoding, func(q *http.Request) { q.RequestURI = "/a%" }},
		{"bad triplet", canonical.RulePercentEncoding, func(q *http.Request) { q.RequestURI = "/a%zzb" }},
		{"raw space", canonical.RuleTargetByte, func(q *http.Request) { q.RequestURI = "/a b" }},
		{"raw NUL", canonical.RuleTargetByte, func(q *http.Request) { q.RequestURI = "/a\x00b" }},
		{"raw line end in query", canonical.RuleTargetByte, func(q *http.Request) { q.RequestURI = "/a?b\r\n" }},
		{"A18 quote in host", canonical.RuleHost, func(q *http.Request) { q.Host = `a";for=1.2.3.4` }},
		{"A19 line end in host", canonical.RuleHost, func(q *http.Request) { q.Host = "app.test\r\nX-A: b" }},
		{"A19 user in host", canonical.RuleHost, func(q *http.Request) { q.Host = "a@app.test" }},
		{"A19 slash in host", canonical.RuleHost, func(q *http.Request) { q.Host = "app.test/a" }},
		{"A20 host header of HTTP/2 differs", canonical.RuleHostMismatch, func(q *http.Request) { q.Header["Host"] = []string{"evil.test"} }},
		{"A20 host header of HTTP/2 is broken", canonical.RuleHostMismatch, func(q *http.Request) { q.Header["Host"] = []string{""} }},
		{"A20 host header of HTTP/2 twice", canonical.RuleRepeatedHeader, func(q *http.Request) { q.Header["Host"] = []string{"app.test", "app.test"} }},
		{"A34 name not canonical", canonical.RuleHeaderName, func(q *http.Request) { q.Header["x-plan"] = []string{"pro"} }},
		{"name is no token", canonical.RuleHeaderName, func(q *http.Request) { q.Header["X Plan"] = []string{"pro"} }},
		{"name is empty", canonical.RuleHeaderName, func(q *http.Request) { q.Header[""] = []string{"pro"} }},
		{"value with line end", canonical.RuleHeaderValue, func(q *http.Request) { q.Header["X-A"] = []string{"b\r\nX-User-Id: root"} }},
		{"two lengths", canonical.RuleRepeatedHeader, func(q *http.Request) { q.Header["Content-Length"] = []string{"1", "1"} }},
		{"trailer is no token", canonical.RuleTrailer, func(q *http.Request) { q.Trailer = http.Header{"X A": nil} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := incoming("/a?b=1")
			if _, refused := r.Read(req); refused != nil {
				t.Fatalf("without the fault: refused by rule %s: %v", refused.Rule, refused.Err)
			}
			tt.spoil(req)
			c, refused := r.Read(req)
			if refused == nil || c != nil {
				t.Fatalf("accepted, want a rejection by rule %s", tt.rule)
			}
			checkRejection(t, refused, canonical.CodeNotCanonical, tt.rule)
		})
	}
}

func TestHostHeaderOfHTTP2(t *testing.T) {
	r := newReader(t, canonical.Options{})
	req := incoming("/")
	req.TLS = &tls.ConnectionState{}
	req.Host, req.Header["Host"] = "App.test:443", []string{"app.test."}
	c, refused := r.Read(req)
	if refused != nil {
		t.Fatalf("refused by rule %s: %v", refused.Rule, refused.Err)
	}
	if _, kept := c.Header["Host"]; kept || c.Host != "app.test" || c.Scheme != "https" {
		t.Errorf("host %q, scheme %q, header %v; want app.test, https and no Host header", c.Host, c.Scheme, c.Header)
	}
}

func TestPeer(t *testing.T) {
	r := newReader(t, canonical.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	for _, tt := range []struct {
		name, remote, peer, client string
	}{
		{"untrusted", "192.0.2.1:4711", "192.0.2.1", "192.0.2.1"},
		{"trusted", "10.1.2.3:4711", "10.1.2.3", "203.0.113.9"},
		{"trusted on a dual-stack listener", "[::ffff:10.1.2.3]:4711", "10.1.2.3", "203.0.113.9"},
		{"zone", "[fe80::1%eth0]:4711", "fe80::1", "fe80::1"},
		{"Unix socket", "@", "invalid IP", "invalid IP"},
		{"nothing", "", "invalid IP", "invalid IP"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := incoming("/")
			req.RemoteAddr = tt.remote
			req.Header["X-Forwarded-For"] = []string{"203.0.113.9"}
			c, refused := r.Read(req)
			if refused != nil {
				t.Fatalf("refused by rule %s: %v", refused.Rule, refused.Err)
			}
			if c.Peer.String() != tt.peer || c.ClientIP.String() != tt.client {
				t.Errorf("peer %s, client %s; want %s, %s", c.Peer, c.ClientIP, tt.peer, tt.client)
			}
		})
	}
}

func TestReadLeavesRequestAlone(t *testing.T) {
	r := newReader(t, canonical.Options{})
	req := incoming("/")
	req.Header["X-User-Id"] = []string{"root"}
	req.Header["Connection"] = []string{"x-plan"}
	req.Header["X-Plan"] = []string{"pro"}
	before := req.Header.Clone()
	if _, refused := r.Read(req); refused != nil {
		t.Fatalf("refused by rule %s: %v", refused.Rule, refused.Err)
	}
	if !maps.EqualFunc(req.Header, before, slices.Equal) {
		t.Errorf("request has header %v, want %v", req.Header, before)
	}
}

func TestDroppedIsSorted(t *testing.T) {
	r := newReader(t, canonical.Options{})
	req := incoming("/")
	for _, name := range []string{"X_d", "X_b", "X.b", "Forwarded", "X-User-Id", "X-Real-Ip", "X_" + strings.Repeat("z", 100)} {
		req.Header[name] = []string{"1"}
	}
	want := []canonical.Dropped{
		{Name: "forwarded", Reason: canonical.DropManaged},
		{Name: "x-b", Reason: canonical.DropUnderscore},
		{Name: "x-b", Reason: canonical.DropUnderscore},
		{Name: "x-d", Reason: canonical.DropUnderscore},
		{Name: "x-real-ip", Reason: canonical.DropManaged},
		{Name: "x-user-id", Reason: canonical.DropIdentity},
		{Name: "x-" + strings.Repeat("z", 62), Reason: canonical.DropUnderscore},
	}
	for range 20 {
		c, refused := r.Read(req)
		if refused != nil {
			t.Fatalf("refused by rule %s: %v", refused.Rule, refused.Err)
		}
		if !slices.Equal(c.Dropped, want) {
			t.Fatalf("dropped %v, want %v", c.Dropped, want)
		}
	}
}

// Of several faults always the same one is reported, though headers are a map.
func TestRejectionIsStable(t *testing.T) {
	r := newReader(t, canonical.Options{})
	for range 50 {
		req := incoming("/")
		req.Header["X-B"] = []string{"\xff"}
		req.Header["Upgrade"] = []string{"h2c"}
		req.Header["Authorization"] = []string{"a", "b"}
		_, refused := r.Read(req)
		if refused == nil {
			t.Fatal("accepted")
		}
		if refused.Rule != canonical.RuleRepeatedHeader {
			t.Fatalf("refused by rule %s, want %s of Authorization", refused.Rule, canonical.RuleRepeatedHeader)
		}
	}
}

func TestErrorsHoldNoValues(t *testing.T) {
	const secret = "s3cr3t"
	r := newReader(t, canonical.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	for name, header := range map[string]http.Header{
		"repeated":  {"Authorization": {secret, secret}},
		"value":     {"Cookie": {secret + "\xff"}},
		"limit":     {"Cookie": {strings.Repeat(secret, 2000)}},
		"upgrade":   {"Upgrade": {secret}},
		"forwarded": {"X-Forwarded-For": {secret, secret}},
		"cookies":   {"Cookie": {strings.Repeat(secret+";", 101)}},
	} {
		t.Run(name, func(t *testing.T) {
			req := incoming("/")
			req.Header = header
			_, refused := r.Read(req)
			if refused == nil {
				t.Fatal("accepted")
			}
			if text := refused.Err.Error(); strings.Contains(text, secret) {
				t.Errorf("error %q holds a value", text)
			}
		})
	}
}

func TestOutURL(t *testing.T) {
	r := newReader(t, canonical.Options{})
	upstream := &url.URL{Scheme: "https", Host: "up.test:9000", Path: "/ignored", RawQuery: "x=1", User: url.User("ignored")}
	c, refused := r.Read(incoming("/a%2a%20'b?c=%7e&d"))
	if refused != nil {
		t.Fatalf("refused by rule %s: %v", refused.Rule, refused.Err)
	}
	if got, want := c.OutURL(upstream).String(), "https://up.test:9000/a%2A%20'b?c=%7e&d"; got != want {
		t.Errorf("OutURL = %s, want %s", got, want)
	}
}

func TestQuery(t *testing.T) {
	r := newReader(t, canonical.Options{})
	for _, tt := range []struct {
		name, raw string
		want      map[string][]string
	}{
		{"none", "", nil},
		{"order kept", "a=2&b=x&a=1", map[string][]string{"a": {"2", "1"}, "b": {"x"}}},
		{"neighbours apart", "a=1&b=2&a=3&b=4", map[string][]string{"a": {"1", "3"}, "b": {"2", "4"}}},
		{"names decoded", "%61=1&a=2", map[string][]string{"a": {"1", "2"}}},
		{"plus is a space", "q=a+b%2Bc", map[string][]string{"q": {"a b+c"}}},
		{"no value", "a&b=", map[string][]string{"a": {""}, "b": {""}}},
		{"empty pieces", "&&a=1&", map[string][]string{"a": {"1"}}},
		{"equals in value", "a=b=c", map[string][]string{"a": {"b=c"}}},
		{"decoded once", "a=%2561", map[string][]string{"a": {"%61"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, refused := r.Read(incoming("/?" + tt.raw))
			if refused != nil {
				t.Fatalf("refused by rule %s: %v", refused.Rule, refused.Err)
			}
			if !maps.EqualFunc(c.Query, tt.want, slices.Equal) {
				t.Errorf("query = %v, want %v", c.Query, tt.want)
			}
		})
	}
}

func TestNewID(t *testing.T) {
	r := newReader(t, canonical.Options{NewID: func() string { return "fixed" }})
	if c, _ := r.Read(incoming("/")); c == nil || c.ID != "fixed" {
		t.Errorf("accepted request: %+v, want id fixed", c)
	}
	if _, refused := r.Read(incoming("//")); refused == nil || refused.ID != "fixed" {
		t.Errorf("rejection: %+v, want id fixed", refused)
	}
}
