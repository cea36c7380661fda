package canonical_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/sidecar/canonical"
)

// The hops are the trusted proxies between the peer and the client, whichever
// door the request came by, and whether it is refused or not.
func TestHops(t *testing.T) {
	r, err := canonical.New(canonical.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32")}})
	if err != nil {
		t.Fatal(err)
	}
	many := "203.0.113.9"
	for i := range 40 {
		many += fmt.Sprintf(", 10.0.0.%d", 40-i)
	}
	for _, tt := range []struct{ name, peer, forwarded, client, hops string }{
		{"none", "127.0.0.1", "", "127.0.0.1", "[]"},
		{"the peer alone", "127.0.0.1", "203.0.113.9", "203.0.113.9", "[]"},
		{"one more", "127.0.0.1", "203.0.113.9, 10.0.0.1", "203.0.113.9", "[10.0.0.1]"},
		{"nearest first", "127.0.0.1", "203.0.113.9, 10.0.0.2, ::ffff:10.0.0.1", "203.0.113.9", "[10.0.0.1 10.0.0.2]"},
		{"what stands left of the client is hearsay", "127.0.0.1", "10.0.0.3, 203.0.113.9, 10.0.0.1", "203.0.113.9", "[10.0.0.1]"},
		{"the last trusted one is the client", "127.0.0.1", "10.0.0.2, 10.0.0.1", "10.0.0.2", "[10.0.0.1]"},
		{"A41 cut", "127.0.0.1", "203.0.113.9, unknown, 10.0.0.2, 10.0.0.1", "10.0.0.2", "[10.0.0.1]"},
		{"A41 nothing good", "127.0.0.1", `10.0.0.1"`, "127.0.0.1", "[]"},
		{"A104 nobody trusted", "192.0.2.7", "203.0.113.9, 10.0.0.1", "192.0.2.7", "[]"},
		{"bounded", "127.0.0.1", many, "203.0.113.9", "[10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5 10.0.0.6 10.0.0.7 10.0.0.8 10.0.0.9 10.0.0.10 10.0.0.11 10.0.0.12 10.0.0.13 10.0.0.14 10.0.0.15]"},
	} {
		for _, target := range []string{"/x", "/x/../y"} {
			h := http.Header{}
			if tt.forwarded != "" {
				h.Set("X-Forwarded-For", tt.forwarded)
			}
			c, refused := r.Read(&http.Request{Method: "GET", RequestURI: target, Host: "app.test", Header: h, RemoteAddr: tt.peer + ":4711"})
			check := func(door string) {
				t.Helper()
				if c == nil && refused != nil {
					c = &canonical.Request{ClientIP: refused.ClientIP, Hops: refused.Hops, Trusted: refused.Trusted}
				}
				if c.ClientIP.String() != tt.client || fmt.Sprint(c.Hops) != tt.hops || c.Trusted != strings.HasPrefix(tt.peer, "127.") {
					t.Errorf("%s, %s, %s: client %s by %v, trusted %t; want %s by %s", tt.name, door, target, c.ClientIP, c.Hops, c.Trusted, tt.client, tt.hops)
				}
			}
			check("read")
			if tt.forwarded != "" && tt.peer == "127.0.0.1" {
				c, refused = r.ReadOriginal(canonical.Original{Method: "GET", Scheme: "http", Host: "app.test", Target: target, Header: http.Header{}, Peer: netip.MustParseAddr(tt.peer), ForwardedFor: tt.forwarded})
				check("original")
			}
		}
	}
}
