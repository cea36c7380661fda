package pdp_test

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/canonical"
)

// Every record of a request names the trusted proxies that it came by, from the
// nearest to the one that saw the client; without trust there are none.
func TestTrustedChain(t *testing.T) {
	for _, tt := range []struct{ trusted, chain string }{
		{"10.0.0.0/8", "[10.0.0.1 10.0.0.2 10.0.0.3]"}, {"10.0.0.1/32", "[10.0.0.1]"}, {"192.168.0.0/16", "[]"},
	} {
		r := newRig(t)
		reader, err := canonical.New(canonical.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix(tt.trusted)}})
		if err != nil {
			t.Fatal(err)
		}
		r.point.Swap(r.snapshot(configure(t, "", ""), user(`{"sub":"alice"}`)))
		read := func(path, authorization string) (*canonical.Request, *canonical.Rejection) {
			req := httptest.NewRequest("GET", path, nil)
			req.RemoteAddr = "10.0.0.1:4711"
			req.Header.Set("X-Forwarded-For", "203.0.113.9, 10.0.0.3, 10.0.0.2")
			if authorization != "" {
				req.Header.Set("Authorization", authorization)
			}
			return reader.Read(req)
		}
		for _, authorization := range []string{"Bearer x", ""} { // a decision and an authn_failure
			c, _ := read("/items/7", authorization)
			r.point.Begin().Request(t.Context(), c, nil, "proxy")
		}
		_, rejection := read("/items/7//", "")
		r.point.Begin().Reject(rejection, "proxy", nil)
		c, _ := read("/items/7", "")
		r.point.Answered(c, "proxy", "cors_preflight", 204)
		r.point.Closed(c, "proxy", "decision-1", "shutdown", 1001, 1)
		var kinds []record.Kind
		for _, e := range r.records() {
			if e.Kind == record.KindHeaderStripped { // of what nobody may say here
				continue
			}
			kinds = append(kinds, e.Kind)
			if got := fmt.Sprint(e.TrustedChain); got != tt.chain {
				t.Errorf("%s trusted: %s was recorded by %s, want %s", tt.trusted, e.Kind, got, tt.chain)
			}
		}
		if fmt.Sprint(kinds) != "[decision authn_failure request_rejected answered websocket_closed]" {
			t.Errorf("recorded %v", kinds)
		}
	}
}
