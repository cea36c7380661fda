package forwardauth

import (
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/config"
)

// What Traefik's own tests say that it sends, beside the family: the port, an
// empty User-Agent, proxy credentials, and the client's method if it is told to
// keep that.
func TestTraefikCarrier(t *testing.T) {
	r := serve(t, "traefik")
	extra := []string{"X-Forwarded-Port: 80", "X-Forwarded-Server: edge", "User-Agent:", "Proxy-Authenticate: x", "Proxy-Authorization: Basic eDp5", "X-CustomHeader: CustomHeader", "Accept-Encoding: gzip"}
	for _, line := range []string{"GET /", "POST /", "DELETE /"} {
		allowed(t, line, r.send(carrier(line, append(extra, asked{line: "GET /public/x?q=1"}.family(r.dialect)...)...)), nil)
		if a := r.send(carrier(line, append(extra, asked{line: "GET /admin/x?q=1"}.family(r.dialect)...)...)); a.StatusCode != 401 {
			t.Errorf("%s: answer %s", line, a.Status)
		}
	}
	// With an empty Host Traefik sends no X-Forwarded-Host.
	hostless := slices.DeleteFunc(asked{line: "GET /public/x"}.family(r.dialect), func(h string) bool { return strings.HasPrefix(h, "X-Forwarded-Host") })
	if a := r.send(carrier("GET /", append(extra, hostless...)...)); a.StatusCode != 400 || a.code() != "forwarding_incomplete" {
		t.Errorf("answer %s %s", a.Status, a.text)
	}
}

func TestDialects(t *testing.T) {
	for _, name := range config.Dialects() {
		d, err := dialectOf(name)
		if err != nil || !slices.Contains(d.family, "X-Forwarded-For") || d.narrow != (name == "nginx") {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
		for _, header := range d.family {
			if http.CanonicalHeaderKey(header) != header {
				t.Errorf("%s: %s could never be found", name, header)
			}
		}
	}
}

// FuzzDescribe: whatever a proxy writes, what is decided is what it wrote, in
// one piece, and the two families say the same of it.
func FuzzDescribe(f *testing.F) {
	for _, s := range []string{
		"http://app.test/public/x?q=1", "https://[::1]:8443/", "http://app.test", "http:///x", "ftp://a/b", "//a/b", "http://a//b", "http://a/%2e%2e/b", "http://a/../b", "http://a?x/y",
		"http://a\\b/c", "http://a@b/c", "http://a/b#c", "http://ahttp://b/c", "http://a/b c", "HTTP://a/b", "http://a\u00e9/b", "://a/b", "",
	} {
		f.Add("GET", s, "198.51.100.7")
	}
	reader, err := canonical.New(canonical.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	if err != nil {
		f.Fatal(err)
	}
	read := func(name string, h http.Header) (canonical.Original, *canonical.Request, *canonical.Rejection) {
		d, err := dialectOf(name)
		if err != nil {
			f.Fatal(err)
		}
		o, rejection := d.describe(&http.Request{Header: h})
		if rejection != nil {
			return o, nil, rejection
		}
		o.Peer = netip.MustParseAddr("127.0.0.1")
		c, rejection := reader.ReadOriginal(o)
		return o, c, rejection
	}
	f.Fuzz(func(t *testing.T, method, url, from string) {
		before := http.Header{originalMethod: {method}, originalURL: {url}, forwardedFor: {from}, "Accept": {"*/*"}}
		o, c, rejection := read("nginx", before)
		if (c == nil) == (rejection == nil) {
			t.Fatalf("read %v and %v of %v", c, rejection, before)
		}
		if c == nil {
			return
		}
		if o.Scheme+"://"+o.Host+o.Target != url || c.TargetSHA256 != sha(o.Target) || !strings.HasPrefix(o.Target, "/") || strings.ContainsAny(o.Host, "/?#@\\") {
			t.Fatalf("%q is read as %+v", url, o)
		}
		if len(c.Header) != 1 || slices.Contains(c.Segments, "..") || c.Method != method {
			t.Fatalf("%q is read as %+v", url, c)
		}
		_, other, rejection := read("generic", http.Header{forwardedMethod: {method}, forwardedProto: {o.Scheme}, forwardedHost: {o.Host}, forwardedURI: {o.Target}, forwardedFor: {from}})
		if rejection != nil || other.Path != c.Path || other.RawQuery != c.RawQuery || other.Host != c.Host || other.Scheme != c.Scheme || other.ClientIP != c.ClientIP {
			t.Fatalf("%q is read as %+v and as %+v, %v", url, c, other, rejection)
		}
	})
}

// BenchmarkAsk is one allowed question of a user, without the wire.
func BenchmarkAsk(b *testing.B) {
	for _, dialect := range []string{"nginx", "generic"} {
		b.Run(dialect, func(b *testing.B) {
			r := serve(b, dialect)
			h := http.Header{"Authorization": {"Bearer user"}, "User-Agent": {"bench"}, "Accept": {"*/*"}}
			for _, line := range (asked{line: "GET /public/x?q=1"}).family(dialect) {
				name, value, _ := strings.Cut(line, ": ")
				h.Set(name, value)
			}
			b.ReportAllocs()
			for b.Loop() {
				req := &http.Request{Method: "GET", Header: maps.Clone(h), RemoteAddr: "127.0.0.1:4711", RequestURI: "/"}
				w := &discard{header: http.Header{}}
				if r.door.ServeHTTP(w, req); w.status != http.StatusOK {
					b.Fatalf("answer %d", w.status)
				}
			}
		})
	}
}

// discard is an http.ResponseWriter that keeps the status.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }
