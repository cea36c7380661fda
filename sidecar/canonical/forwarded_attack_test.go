package canonical_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/sidecar/canonical"
)

// What a trusted peer says is believed; the same bytes from anyone else are not.
func TestForwardedTrust(t *testing.T) {
	const id = "a.Request_id-1"
	lines := []string{"X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", "X-Request-ID: " + id}
	raw := message("GET", "/", append([]string{"Host: app.test:443"}, lines...)...)

	o := newServer(t, canonical.Options{TrustedProxies: loopback}).accept(raw)
	if c := o.request; !c.Trusted || c.ClientIP.String() != "203.0.113.9" || c.Scheme != "https" || c.ID != id || c.Host != "app.test" {
		t.Errorf("A38 A40: trusted peer: trusted %t, client %s, scheme %s, id %s, host %s", c.Trusted, c.ClientIP, c.Scheme, c.ID, c.Host)
	}
	if len(o.request.Header) != 0 || len(o.request.Dropped) != 0 {
		t.Errorf("header %v, dropped %v; want neither: all three were used", o.request.Header, o.request.Dropped)
	}

	o = newServer(t, canonical.Options{}).accept(raw)
	if c := o.request; c.Trusted || c.ClientIP != c.Peer || c.Scheme != "http" || c.ID == id || c.Host != "app.test:443" {
		t.Errorf("A38 A40: other peer: trusted %t, client %s, scheme %s, id %s, host %s", c.Trusted, c.ClientIP, c.Scheme, c.ID, c.Host)
	}
	if len(o.request.Header) != 0 || len(o.request.Dropped) != 3 {
		t.Errorf("header %v, dropped %v; want none and three", o.request.Header, o.request.Dropped)
	}
}

func TestForwardedFor(t *testing.T) {
	s := newServer(t, canonical.Options{TrustedProxies: loopback})
	for _, tt := range []struct{ name, value, want string }{
		{"one hop", "203.0.113.9", "203.0.113.9"},
		{"A104 rightmost untrusted", "10.0.0.1, 203.0.113.9", "203.0.113.9"},
		{"trusted hops skipped", "203.0.113.9,127.0.0.7 ,\t127.0.0.8", "203.0.113.9"},
		{"all trusted", "127.0.0.7, 127.0.0.8", "127.0.0.7"},
		{"A41 quote", `10.0.0.1"`, "127.0.0.1"},
		{"A41 unknown", "unknown", "127.0.0.1"},
		{"A41 cut at the last trusted hop", "203.0.113.9, unknown, 127.0.0.7", "127.0.0.7"},
		{"A41 quoted comma", `"1.2.3.4, 203.0.113.9"`, "127.0.0.1"},
		{"A41 empty element", "203.0.113.9,,127.0.0.7", "127.0.0.7"},
		{"A41 octal", "010.0.0.1", "127.0.0.1"},
		{"A41 short", "10.1", "127.0.0.1"},
		{"A41 zone", "fe80::1%eth0", "127.0.0.1"},
		{"invalid left of the client is not read", "unknown, 203.0.113.9", "203.0.113.9"},
		{"IPv4 in IPv6", "::ffff:203.0.113.9", "203.0.113.9"},
		{"IPv6", "2001:DB8::9", "2001:db8::9"},
		{"IPv6 in brackets", "[2001:db8::9]", "2001:db8::9"},
		{"IPv6 and port", "[2001:db8::9]:4711", "2001:db8::9"},
		{"IPv4 and port", "203.0.113.9:4711", "203.0.113.9"},
		{"IPv4 in brackets", "[203.0.113.9]", "127.0.0.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &server{t: t, addr: s.addr, outcomes: s.outcomes}
			if got := s.accept(get("/", "X-Forwarded-For: "+tt.value)).request.ClientIP.String(); got != tt.want {
				t.Errorf("client = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestForwardedValuesNotUsed(t *testing.T) {
	s := newServer(t, canonical.Options{TrustedProxies: loopback})
	for _, tt := range []struct{ name, line, fold, reason string }{
		{"A41 quoted Forwarded", `Forwarded: for="1.2.3.4, 10.0.0.1"`, "forwarded", canonical.DropManaged},
		{"A39 prefix", "X-Forwarded-Prefix: /x", "x-forwarded-prefix", canonical.DropManaged},
		{"host", "X-Forwarded-Host: evil.test", "x-forwarded-host", canonical.DropManaged},
		{"A46 certificate", "X-Forwarded-Client-Cert: By=x", "x-forwarded-client-cert", canonical.DropManaged},
		{"other scheme", "X-Forwarded-Proto: gopher", "x-forwarded-proto", canonical.DropManaged},
		{"list of schemes", "X-Forwarded-Proto: https,http", "x-forwarded-proto", canonical.DropManaged},
		{"alias", "X_Forwarded_For: 203.0.113.9", "x-forwarded-for", canonical.DropManaged},
		{"alias of id", "X_Request_ID: aaaaaaaa", "x-request-id", canonical.DropIdentity},
		{"short id", "X-Request-ID: aaaaaaa", "x-request-id", canonical.DropIdentity},
		{"long id", "X-Request-ID: " + strings.Repeat("a", 65), "x-request-id", canonical.DropIdentity},
		{"id with other bytes", "X-Request-ID: aaaaaaaa,b", "x-request-id", canonical.DropIdentity},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &server{t: t, addr: s.addr, outcomes: s.outcomes}
			c := s.accept(get("/", tt.line)).request
			if c.Scheme != "http" || c.Host != "app.test" || c.ClientIP != c.Peer || strings.HasPrefix(c.ID, "aaaa") {
				t.Errorf("scheme %s, host %s, client %s, id %s: the value was used", c.Scheme, c.Host, c.ClientIP, c.ID)
			}
			if want := []canonical.Dropped{{Name: tt.fold, Reason: tt.reason}}; !slices.Equal(c.Dropped, want) {
				t.Errorf("dropped %v, want %v", c.Dropped, want)
			}
		})
	}
}

func TestForwardedRepeated(t *testing.T) {
	const not = canonical.CodeNotCanonical
	trusting := newServer(t, canonical.Options{TrustedProxies: loopback})
	trusting.refusals(t, []refusal{
		{"for", get("/", "X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 10.0.0.1"), not, canonical.RuleRepeatedHeader, get("/", "X-Forwarded-For: 203.0.113.9, 10.0.0.1")},
		{"proto", get("/", "X-Forwarded-Proto: http", "X-Forwarded-Proto: https"), not, canonical.RuleRepeatedHeader, get("/", "X-Forwarded-Proto: http")},
		{"unused", get("/", "X-Forwarded-Port: 80", "X-Forwarded-Port: 81"), not, canonical.RuleRepeatedHeader, get("/", "X-Forwarded-Port: 80")},
	})
	o := trusting.refuse(get("//", "X-Forwarded-For: 203.0.113.9", "X-Request-ID: abcdefgh"), not, canonical.RuleEmptySegment)
	if o.rejected.ClientIP.String() != "203.0.113.9" || o.rejected.ID != "abcdefgh" {
		t.Errorf("rejection has client %s and id %s, want those of the trusted peer", o.rejected.ClientIP, o.rejected.ID)
	}

	// From anyone else they are noise, dropped like one.
	c := newServer(t, canonical.Options{}).accept(get("/", "X-Forwarded-For: 1.2.3.4", "X-Forwarded-For: 5.6.7.8")).request
	if len(c.Header) != 0 || c.ClientIP != c.Peer {
		t.Errorf("header %v, client %s; want none and the peer", c.Header, c.ClientIP)
	}
}
