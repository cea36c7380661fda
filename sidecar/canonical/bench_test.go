package canonical_test

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/gwctl/gwctl/sidecar/canonical"
)

func BenchmarkRead(b *testing.B) {
	r, err := canonical.New(canonical.Options{
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	})
	if err != nil {
		b.Fatal(err)
	}
	plain := http.Header{
		"User-Agent":      {"curl/8.5.0"},
		"Accept":          {"*/*"},
		"Accept-Encoding": {"gzip"},
		"Authorization":   {"Bearer " + longToken},
	}
	browser := plain.Clone()
	browser["Connection"] = []string{"keep-alive"}
	browser["Cookie"] = []string{"a=1; b=2; c=3"}
	browser["X-User-Id"] = []string{"root"}
	proxied := plain.Clone()
	proxied["X-Forwarded-For"] = []string{"203.0.113.9, 10.1.1.1"}
	proxied["X-Forwarded-Proto"] = []string{"https"}
	proxied["X-Request-Id"] = []string{"0192f7a0-0000-7000-8000-000000000000"}

	for _, bb := range []struct {
		name, target, remote string
		header               http.Header
	}{
		{"plain", "/tenants/acme/orders/42", "192.0.2.1:4711", plain},
		{"query", "/tenants/acme/orders?limit=50&after=abc", "192.0.2.1:4711", plain},
		{"triplets", "/tenants/%61cme/caf%C3%A9/42", "192.0.2.1:4711", plain},
		{"managed headers", "/tenants/acme/orders/42", "192.0.2.1:4711", browser},
		{"trusted peer", "/tenants/acme/orders/42", "10.0.0.7:4711", proxied},
	} {
		b.Run(bb.name, func(b *testing.B) {
			req := &http.Request{Method: "GET", RequestURI: bb.target, Host: "app.test", Header: bb.header, RemoteAddr: bb.remote}
			b.ReportAllocs()
			for b.Loop() {
				if _, refused := r.Read(req); refused != nil {
					b.Fatal(refused.Err)
				}
			}
		})
	}
}
