package canonical_test

import (
	"net/http"
	"net/netip"
	"reflect"
	"testing"

	"github.com/gwctl/gwctl/sidecar/canonical"
)

func original() canonical.Original {
	return canonical.Original{
		Method: "GET", Scheme: "https", Host: "App.Test:443", Target: "/a/%7euser?q=1", Peer: netip.MustParseAddr("::ffff:127.0.0.1"), ForwardedFor: "10.0.0.1, 203.0.113.9, 127.0.0.7",
		Header: http.Header{
			"Accept": {"*/*"}, "X-User-Id": {"root"}, "X-Request-Id": {"evil-0123456789"}, "X-Forwarded-For": {"10.0.0.1", "10.0.0.2"}, "X-Forwarded-Proto": {"http"},
			"Connection": {"X-Plan"}, "X-Plan": {"pro"},
		},
	}
}

// What the proxy says in its own words is believed, what it passed on is not.
func TestReadOriginal(t *testing.T) {
	r, err := canonical.New(canonical.Options{TrustedProxies: loopback, NewID: func() string { return "new" }})
	if err != nil {
		t.Fatal(err)
	}
	in := original()
	c, rejection := r.ReadOriginal(in)
	if rejection != nil {
		t.Fatalf("rejected: %+v", rejection)
	}
	if c.Method != "GET" || c.Scheme != "https" || c.Host != "app.test" || c.Path != "/a/~user" || c.RawQuery != "q=1" || c.ID != "new" {
		t.Errorf("read %+v", c)
	}
	if c.ClientIP.String() != "203.0.113.9" || c.Peer.String() != "127.0.0.1" || !c.Trusted {
		t.Errorf("client %s of %s, trusted %t", c.ClientIP, c.Peer, c.Trusted)
	}
	if want := (http.Header{"Accept": {"*/*"}}); !reflect.DeepEqual(c.Header, want) {
		t.Errorf("headers %v, want %v", c.Header, want)
	}
	if len(c.Dropped) != 5 || !reflect.DeepEqual(in, original()) {
		t.Errorf("dropped %v of %v", c.Dropped, in.Header)
	}
}

func TestReadOriginalRejects(t *testing.T) {
	r, err := canonical.New(canonical.Options{TrustedProxies: loopback, NewID: func() string { return "new" }})
	if err != nil {
		t.Fatal(err)
	}
	for rule, change := range map[string]func(*canonical.Original){
		canonical.RuleScheme:          func(o *canonical.Original) { o.Scheme = "ws" },
		canonical.RuleMethod:          func(o *canonical.Original) { o.Method = "" },
		canonical.RuleTargetForm:      func(o *canonical.Original) { o.Target = "" },
		canonical.RuleDotSegment:      func(o *canonical.Original) { o.Target = "/public/%2e%2e/admin" },
		canonical.RuleHost:            func(o *canonical.Original) { o.Host = "" },
		canonical.RuleConnectionAbuse: func(o *canonical.Original) { o.Header["Connection"] = []string{"Cookie"} },
		canonical.RuleHeaderLimit:     func(o *canonical.Original) { o.Header["X-H"] = make([]string, 100) },
		canonical.RuleTrailer:         func(o *canonical.Original) { o.Trailer = http.Header{"X-User-Id": nil} },
	} {
		o := original()
		change(&o)
		c, rejection := r.ReadOriginal(o)
		if c != nil || rejection == nil || rejection.Rule != rule {
			t.Errorf("%s: read %+v, %+v", rule, c, rejection)
			continue
		}
		if rejection.ID != "new" || rejection.ClientIP.String() != "203.0.113.9" || rejection.Peer.String() != "127.0.0.1" || len(rejection.TargetSHA256) != 64 {
			t.Errorf("%s: %+v", rule, rejection)
		}
	}
}
