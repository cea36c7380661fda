package canonical_test

import (
	"bufio"
	"bytes"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/gwctl/gwctl/sidecar/canonical"
)

// FuzzTarget: for every accepted target, what is authorised is what is sent,
// and reading what was sent gives the same request again.
func FuzzTarget(f *testing.F) {
	for _, s := range []string{
		"/", "/a/b/", "/a//b", "/public/../admin", "/public/%2e%2e/admin", "/public/..%2fadmin", "//admin/x", "///",
		"/admin;x=1", "/public/..;/admin", "/a%5c..%5cadmin", "/%2561dmin", "/%252e%252e/x", "/admin%00", "/admin%0a",
		"/%c0%ae%c0%ae/admin", "/caf%C3%a9", "/%c2%85", "*", "/*", "/admin#frag", "/a%23b", "/a%3fb?c", `/a\b`, "/é",
		"admin", "/a%2", "/a%", "/a%zz", "http://app.test/admin", "/!$&'()+,=:@~", "/a[0]", `/"<>^{|}` + "`", "/a?",
		"/a??b", "/a?b=1;c=2", "/a?b=%zz", "/a?b=%00", "/a?b=%ff", "/a?%41=+&A=%2b", "/?[]{}|^\"<>`\\", "/:80/x", "/a:b@c",
	} {
		f.Add(s)
	}
	r := newReader(f, canonical.Options{})
	upstream := &url.URL{Scheme: "http", Host: "app.test"}
	f.Fuzz(func(t *testing.T, raw string) {
		c, refused := r.Read(incoming(raw))
		if refused != nil {
			if c != nil || refused.Code != canonical.CodeNotCanonical || refused.Rule == "" || refused.Err == nil {
				t.Fatalf("%q: incomplete rejection %+v", raw, refused)
			}
			return
		}
		checkPath(t, c)
		checkAgainstGo(t, raw, c)

		want := c.Path
		if c.RawQuery != "" {
			want += "?" + c.RawQuery
		}
		var wire bytes.Buffer
		if err := (&http.Request{Method: c.Method, URL: c.OutURL(upstream), Host: c.Host, Header: c.Header}).Write(&wire); err != nil {
			t.Fatalf("%q: cannot be sent: %v", raw, err)
		}
		if line, _, _ := strings.Cut(wire.String(), "\r\n"); line != "GET "+want+" HTTP/1.1" {
			t.Fatalf("%q: sent %q, authorised %q", raw, line, want)
		}
		again, err := http.ReadRequest(bufio.NewReader(&wire))
		if err != nil {
			t.Fatalf("%q: what was sent cannot be read: %v", raw, err)
		}
		twice, refused := r.Read(again)
		if refused != nil {
			t.Fatalf("%q: what was sent is refused by rule %s", raw, refused.Rule)
		}
		if twice.Path != c.Path || twice.RawQuery != c.RawQuery || !slices.Equal(twice.Segments, c.Segments) || !maps.EqualFunc(twice.Query, c.Query, slices.Equal) {
			t.Fatalf("%q: read %+v, then %+v", raw, c, twice)
		}
	})
}

// checkPath states what no accepted path may have, without the package's own
// tables.
func checkPath(t *testing.T, c *canonical.Request) {
	t.Helper()
	lower := strings.ToLower(c.Path)
	for _, bad := range []string{"//", ";", `\`, "#", "?", "%2f", "%5c", "%3b", "%00", "%0a", "%0d", "%1f", "%7f", "%2e", "%41", "%61"} {
		if strings.Contains(lower, bad) {
			t.Fatalf("path %q has %q", c.Path, bad)
		}
	}
	decoded, err := url.PathUnescape(c.Path)
	if err != nil {
		t.Fatalf("path %q: %v", c.Path, err)
	}
	if !utf8.ValidString(decoded) || strings.IndexFunc(decoded, unicode.IsControl) >= 0 {
		t.Fatalf("path %q decodes to %q", c.Path, decoded)
	}
	trimmed := strings.TrimSuffix(decoded, "/")
	if trimmed != "" && path.Clean(decoded) != trimmed {
		t.Fatalf("path %q decodes to %q, which is cleaned to %q", c.Path, decoded, path.Clean(decoded))
	}
	var segments []string
	if trimmed != "" {
		segments = strings.Split(trimmed[1:], "/")
	}
	if !slices.Equal(c.Segments, segments) {
		t.Fatalf("path %q has segments %q, want %q", c.Path, c.Segments, segments)
	}
}

// checkAgainstGo compares the meaning of a target with net/url's, which most
// Go upstreams use.
func checkAgainstGo(t *testing.T, raw string, c *canonical.Request) {
	t.Helper()
	u, err := url.ParseRequestURI(raw)
	if err != nil {
		t.Fatalf("%q is accepted, net/url says %v", raw, err)
	}
	if decoded, err := url.PathUnescape(c.Path); err != nil || decoded != u.Path {
		t.Fatalf("%q: path means %q here and %q to net/url", raw, decoded, u.Path)
	}
	query, err := url.ParseQuery(c.RawQuery)
	if err != nil || !maps.EqualFunc(query, c.Query, slices.Equal) {
		t.Fatalf("%q: query means %q here and %q to net/url (%v)", raw, c.Query, query, err)
	}
}

// FuzzHost: an accepted host is in its final form and can stand in a Host
// header as it is.
func FuzzHost(f *testing.F) {
	for _, s := range []string{
		"app.test", "APP.test.", "app.test:80", "app.test:443", "app.test:", "app.test:080", "[::1]", "[::1]:8080", "[::FFFF:1.2.3.4]",
		"[fe80::1%25eth0]", "a,b", "a b", "a@b", "a/b", "", ".", "..", "a..b", "[", "]", "[]", "a]:80", "[::1]x", `a";for=1.2.3.4`, "é",
	} {
		f.Add(s)
	}
	r := newReader(f, canonical.Options{})
	f.Fuzz(func(t *testing.T, host string) {
		req := incoming("/")
		req.Host = host
		c, refused := r.Read(req)
		if refused != nil {
			return
		}
		if c.Host == "" || c.Host != strings.ToLower(c.Host) || strings.HasSuffix(c.Host, ".") || strings.ContainsAny(c.Host, " ,;/@\\\"'%?#\r\n\t\x00") {
			t.Fatalf("host %q becomes %q", host, c.Host)
		}
		if u, err := url.Parse("http://" + c.Host + "/"); err != nil || u.Host != c.Host {
			t.Fatalf("host %q becomes %q, which net/url cannot take: %v", host, c.Host, err)
		}
		req.Host = c.Host
		if twice, refused := r.Read(req); refused != nil || twice.Host != c.Host {
			t.Fatalf("host %q becomes %q, and that changes again", host, c.Host)
		}
	})
}

// FuzzForwardedFor: whatever a trusted peer passes on, there is a client
// address, and a client outside the trusted networks stands in the header.
func FuzzForwardedFor(f *testing.F) {
	for _, s := range []string{"203.0.113.9", "203.0.113.9, 10.0.0.1", "unknown", `"1.2.3.4, 10.0.0.1"`, "", ",", "[::1]:80", "1.2.3.4:5", "fe80::1%eth0", "::ffff:10.0.0.1"} {
		f.Add(s)
	}
	trusted := netip.MustParsePrefix("10.0.0.0/8")
	r := newReader(f, canonical.Options{TrustedProxies: []netip.Prefix{trusted}})
	f.Fuzz(func(t *testing.T, value string) {
		req := incoming("/")
		req.RemoteAddr = "10.9.9.9:4711"
		req.Header["X-Forwarded-For"] = []string{value}
		var client netip.Addr
		if c, refused := r.Read(req); refused != nil {
			client = refused.ClientIP
		} else {
			client = c.ClientIP
			if c.Header.Get("X-Forwarded-For") != "" {
				t.Fatalf("%q is passed on", value)
			}
		}
		if !client.IsValid() || client.Is4In6() || client.Zone() != "" {
			t.Fatalf("%q: client %s", value, client)
		}
		// The client is trusted, or the first address from the right that is not.
		elements := strings.Split(value, ",")
		for i := len(elements) - 1; i >= 0 && !trusted.Contains(client); i-- {
			addr, ok := looseAddr(strings.Trim(elements[i], " \t"))
			if addr == client {
				return
			}
			if !ok || !trusted.Contains(addr) {
				t.Fatalf("%q: client %s, but %q stands right of it", value, client, elements[i])
			}
		}
		if !trusted.Contains(client) {
			t.Fatalf("%q: client %s stands nowhere", value, client)
		}
	})
}

// looseAddr reads an address with or without brackets and port.
func looseAddr(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap(), true
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return addr.Unmap(), err == nil
}

// FuzzHeader: a name and a value that come through are harmless, whatever
// Connection says.
func FuzzHeader(f *testing.F) {
	for _, s := range [][3]string{
		{"X-Plan", "pro", "close"}, {"X-User-Id", "root", "close"}, {"X_user_id", "root", "x_user_id"}, {"X.user.id", "root", ""},
		{"X-Plan", "a\r\nX-User-Id: root", "close"}, {"X-Plan", "caf\xe9", "X-Plan"}, {"Upgrade", "h2c", "upgrade"}, {"Te", "trailers", "te"},
		{"Cookie", "a=b;c=d", "cookie"}, {"", "", ",,"}, {"X Plan", "", "X Plan"}, {"x-plan", "", "x-plan"}, {"X_free", "1", "\"close\""},
	} {
		f.Add(s[0], s[1], s[2])
	}
	r := newReader(f, canonical.Options{AllowedNames: []string{"X_Free"}})
	f.Fuzz(func(t *testing.T, name, value, connection string) {
		req := incoming("/")
		req.Header[name] = []string{value}
		req.Header["Connection"] = []string{connection}
		c, refused := r.Read(req)
		if refused != nil {
			return
		}
		for kept, values := range c.Header {
			fold := canonical.Fold(kept)
			switch {
			case r.Managed(kept), fold == "connection", fold == "upgrade", fold == "te", fold == "transfer-encoding", fold == "host":
				t.Fatalf("%q came through", kept)
			case strings.ContainsAny(kept, "_. \r\n:") && kept != "X_free":
				t.Fatalf("%q came through", kept)
			case kept != http.CanonicalHeaderKey(kept):
				t.Fatalf("%q is not canonical", kept)
			}
			for _, v := range values {
				if !utf8.ValidString(v) || strings.ContainsAny(v, "\r\n\x00\x7f") {
					t.Fatalf("%s: %q came through", kept, v)
				}
			}
			for option := range strings.SplitSeq(connection, ",") {
				if strings.EqualFold(strings.Trim(option, " \t"), kept) {
					t.Fatalf("%q came through, though Connection is %q", kept, connection)
				}
			}
		}
	})
}
