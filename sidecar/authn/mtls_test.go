package authn

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"net/url"
	pathpkg "path"
	"reflect"
	"strings"
	"testing"
	"time"
)

// certReason is the reason of a refusal, "" of an identity.
func certReason(t testing.TB, id *Identity, err error) string {
	t.Helper()
	if err == nil && id != nil {
		return ""
	}
	if u, ok := errors.AsType[*unclaimed](err); ok {
		return "not mine: " + u.why.Reason
	}
	r, ok := errors.AsType[*Refused](err)
	if !ok || id != nil {
		t.Fatalf("neither identity nor refusal: %v, %v", id, err)
	}
	return r.Reason
}

func show(certs ...*x509.Certificate) Credentials { return Credentials{Certificates: certs} }

// A certificate is as good as its CAs, its time and its use.
func TestMTLSVerifies(t *testing.T) {
	ca, stranger := newCA(t, "ca", nil), newCA(t, "stranger", nil)
	middle := newCA(t, "middle", ca)
	servers := newCAWith(t, "servers", ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
	id := uris("spiffe://td.test/a")
	with := func(more func(*x509.Certificate)) func(*x509.Certificate) {
		return func(c *x509.Certificate) { id(c); more(c) }
	}
	for name, tt := range map[string]struct {
		shown []*x509.Certificate
		want  string
	}{
		"good":                         {[]*x509.Certificate{ca.leaf(id)}, ""},
		"over another CA":              {[]*x509.Certificate{middle.leaf(id), middle.cert}, ""},
		"over a CA for servers":        {[]*x509.Certificate{servers.leaf(id), servers.cert}, ReasonCertificateUsage},
		"without the one between":      {[]*x509.Certificate{middle.leaf(id)}, "not mine: " + ReasonCertificateUntrusted},
		"another CA":                   {[]*x509.Certificate{stranger.leaf(id)}, "not mine: " + ReasonCertificateUntrusted},
		"another CA that comes along":  {[]*x509.Certificate{stranger.leaf(id), stranger.cert}, "not mine: " + ReasonCertificateUntrusted},
		"a good one behind a bad one":  {[]*x509.Certificate{stranger.leaf(id), ca.leaf(id)}, "not mine: " + ReasonCertificateUntrusted},
		"expired":                      {[]*x509.Certificate{ca.leaf(with(func(c *x509.Certificate) { c.NotAfter = certNow.Add(-time.Second) }))}, ReasonCertificateExpired},
		"its last second":              {[]*x509.Certificate{ca.leaf(with(func(c *x509.Certificate) { c.NotAfter = certNow }))}, ""},
		"its first second":             {[]*x509.Certificate{ca.leaf(with(func(c *x509.Certificate) { c.NotBefore = certNow }))}, ""},
		"not yet valid":                {[]*x509.Certificate{ca.leaf(with(func(c *x509.Certificate) { c.NotBefore = certNow.Add(time.Second) }))}, ReasonCertificateNotYetValid},
		"expired and a stranger's":     {[]*x509.Certificate{stranger.leaf(with(func(c *x509.Certificate) { c.NotAfter = certNow.Add(-time.Second) }))}, "not mine: " + ReasonCertificateUntrusted},
		"for servers":                  {[]*x509.Certificate{ca.leaf(with(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }))}, ReasonCertificateUsage},
		"for both":                     {[]*x509.Certificate{ca.leaf(with(func(c *x509.Certificate) { c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) }))}, ""},
		"for no use that is named":     {[]*x509.Certificate{ca.leaf(with(func(c *x509.Certificate) { c.ExtKeyUsage = nil }))}, ReasonCertificateUsage},
		"for any use":                  {[]*x509.Certificate{ca.leaf(with(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }))}, ReasonCertificateUsage},
		"of a CA":                      {[]*x509.Certificate{ca.leaf(with(func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }))}, ReasonCertificateUsage},
		"that signs certificates":      {[]*x509.Certificate{ca.leaf(with(func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCertSign }))}, ReasonCertificateUsage},
		"that signs lists":             {[]*x509.Certificate{ca.leaf(with(func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCRLSign }))}, ReasonCertificateUsage},
		"that only encrypts":           {[]*x509.Certificate{ca.leaf(with(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }))}, ReasonCertificateUsage},
		"the CA itself, with its name": {[]*x509.Certificate{ca.cert}, ReasonCertificateUsage},
	} {
		id, err := ca.method(IdentitySPIFFE).Authenticate(t.Context(), show(tt.shown...))
		if got := certReason(t, id, err); got != tt.want {
			t.Errorf("%s: %q, want %q (%v)", name, got, tt.want, err)
		}
	}
	if _, err := ca.method(IdentitySPIFFE).Authenticate(t.Context(), Credentials{}); !errors.Is(err, ErrNotMine) {
		t.Errorf("without a certificate: %v", err)
	}
}

// The name that counts is there once, in its one spelling (ATTACKS A101).
func TestMTLSNames(t *testing.T) {
	ca := newCA(t, "ca", nil)
	dns := func(names ...string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.DNSNames = names }
	}
	email := func(names ...string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.EmailAddresses = names }
	}
	cn := func(names ...any) func(*x509.Certificate) {
		return func(c *x509.Certificate) {
			c.Subject = pkix.Name{}
			for _, name := range names {
				c.Subject.ExtraNames = append(c.Subject.ExtraNames, pkix.AttributeTypeAndValue{Type: commonName, Value: name})
			}
		}
	}
	const bad = ReasonCertificateName
	unread := 0
	for _, tt := range []struct {
		identity string
		change   func(*x509.Certificate)
		user     string
		want     string
	}{
		{IdentitySPIFFE, uris("spiffe://td.test/ns/a/sa/b"), "spiffe://td.test/ns/a/sa/b", ""},
		{IdentitySPIFFE, uris("spiffe://other.test/ns/a"), "", ReasonTrustDomainMismatch},
		{IdentitySPIFFE, uris("spiffe://td.test.evil/a"), "", ReasonTrustDomainMismatch},
		{IdentitySPIFFE, uris("spiffe://sub.td.test/a"), "", ReasonTrustDomainMismatch},
		{IdentitySPIFFE, nil, "", bad},
		{IdentitySPIFFE, uris("spiffe://td.test/a", "spiffe://td.test/b"), "", bad},
		{IdentitySPIFFE, uris("spiffe://td.test/a", "https://td.test/b"), "", bad},
		{IdentitySPIFFE, uris("https://td.test/a"), "", bad},
		{IdentitySPIFFE, rawName(tagURI, "SPIFFE://td.test/a"), "", bad},
		{IdentitySPIFFE, rawName(tagURI, "spiffe://TD.test/a"), "", bad},
		{IdentitySPIFFE, rawName(tagURI, "spiffe://td.test"), "", bad},
		{IdentitySPIFFE, rawName(tagURI, "spiffe://td.test/"), "", bad},
		{IdentitySPIFFE, rawName(tagURI, "spiffe://td.test/a/"), "", bad},
		{IdentitySPIFFE, rawName(tagURI, "spiffe://td.test//a"), "", bad},
		{IdentitySPIFFE, rawName(tagURI, "spiffe://td.test/a/../b"), "", bad},
		{IdentitySPIFFE, rawName(tagURI, "spiffe://td.test/a?b"), "", bad},
		{IdentitySPIFFE, rawName(tagURI, "spiffe://td.test/a%00b"), "", bad},
		{IdentitySPIFFE, rawName(tagURI, "spiffe://td.test/%61"), "", bad},
		{IdentitySPIFFE, rawName(tagURI, "spiffe://td.test/a#b"), "", bad},
		{IdentitySPIFFE, rawName(tagURI, "spiffe://td.test:443/a"), "", bad},
		{IdentitySPIFFE, rawName(tagURI, "spiffe://u@td.test/a"), "", bad},
		{IdentitySPIFFE, rawName(tagURI, "spiffe://td.test/"+strings.Repeat("a", 2048)), "", bad},
		{IdentityURI, uris("urn:shop:billing"), "urn:shop:billing", ""},
		{IdentityURI, uris("https://shop.test/a", "https://shop.test/b"), "", bad},
		{IdentityURI, rawName(tagURI, "https://shop.test/%61"), "", bad},
		{IdentityURI, rawName(tagURI, "http://[fe80::1%25eth0]/a"), "", bad},
		{IdentityURI, rawName(tagURI, "HTTPS://shop.test/a"), "", bad},
		{IdentityDNS, dns("a.shop.test"), "a.shop.test", ""},
		{IdentityDNS, dns("a.shop.test", "b.shop.test"), "", bad},
		{IdentityDNS, dns(), "", bad},
		{IdentityDNS, dns("*.shop.test"), "", bad},
		{IdentityDNS, rawName(tagDNS, "A.shop.test"), "", bad},
		{IdentityDNS, rawName(tagDNS, "a.shop.test."), "", bad},
		{IdentityDNS, rawName(tagDNS, "a.shop.test\x00.evil"), "", bad},
		{IdentityEmail, email("alice@shop.test"), "alice@shop.test", ""},
		{IdentityEmail, email("alice@shop.test", "bob@shop.test"), "", bad},
		{IdentityEmail, rawName(tagEmail, "alice@evil@shop.test"), "", bad},
		{IdentityEmail, rawName(tagEmail, "alice@Shop.test"), "", bad},
		{IdentityEmail, rawName(tagEmail, "alice"), "", bad},
		{IdentityEmail, rawName(tagEmail, "alice\x00@shop.test"), "", bad},
		{IdentityCN, cn("Alice Example"), "Alice Example", ""},
		{IdentityCN, cn(), "", bad},
		{IdentityCN, cn("alice", "root"), "", bad},
		{IdentityCN, cn(" alice"), "", bad},
		{IdentityCN, cn("alice\x00"), "", bad},
		{IdentityCN, cn("alice\nroot"), "", bad},
		// A name with a NUL is not looked past, whatever counts.
		{IdentityCN, func(c *x509.Certificate) { rawName(tagDNS, "a\x00b")(c) }, "", bad},
		{IdentityCN, func(c *x509.Certificate) { c.Subject.Organization = []string{"a\x00b"} }, "", bad},
	} {
		leaf, err := ca.issue(tt.change)
		if err != nil {
			unread++ // crypto/x509 refuses it, so that a handshake does
			if tt.want == "" {
				t.Error(err)
			}
			continue
		}
		id, err := ca.method(tt.identity).Authenticate(t.Context(), show(leaf))
		if got := certReason(t, id, err); got != tt.want {
			t.Errorf("%s of %v %v %v %q: %q, want %q", tt.identity, leaf.URIs, leaf.DNSNames, leaf.EmailAddresses, leaf.Subject, got, tt.want)
		}
		if id == nil {
			continue
		}
		var claims struct{ Sub string }
		if err := json.Unmarshal(id.Claims, &claims); err != nil || claims.Sub != tt.user {
			t.Errorf("user %q, want %q (%v)", claims.Sub, tt.user, err)
		}
	}
	if unread > 8 {
		t.Errorf("%d of the certificates could not be made, so that they show nothing", unread)
	}
}

func TestMTLSIdentity(t *testing.T) {
	ca := newCA(t, "ca", nil)
	leaf := ca.leaf(func(c *x509.Certificate) {
		uris("spiffe://td.test/ns/shop/sa/billing")(c)
		c.DNSNames, c.EmailAddresses = []string{"b.shop.test", "*.shop.test"}, []string{"ops@shop.test"}
		c.Subject.Organization, c.Subject.OrganizationalUnit = []string{"Shop & Co"}, []string{"ops", "dev"}
	})
	id, err := ca.method(IdentitySPIFFE).Authenticate(t.Context(), show(leaf))
	if err != nil {
		t.Fatal(err)
	}
	print := CertificateSHA256(leaf)
	if id.Method != "mtls" || id.Name != "mtls" || id.Issuer != "spiffe://td.test" || id.Type != TypeService || id.Source != SourceCertificate || !id.Expires.Equal(leaf.NotAfter) ||
		id.CertificateSHA256 != print || len(print) != 64 || id.TokenFingerprint != "sha256:"+print[:12] {
		t.Errorf("identity %+v", id)
	}
	var got map[string]any
	if err := json.Unmarshal(id.Claims, &got); err != nil {
		t.Fatal(err)
	}
	list := func(of ...any) any { return of }
	want := map[string]any{
		"sub": "spiffe://td.test/ns/shop/sa/billing", "san_uri": list("spiffe://td.test/ns/shop/sa/billing"), "san_dns": list("b.shop.test", "*.shop.test"),
		"san_email": list("ops@shop.test"), "subject_cn": "alice", "subject_o": list("Shop & Co"), "subject_ou": list("dev", "ops"), "issuer_cn": "ca", "serial": "abc",
		"fingerprint_sha256": print, "not_before": float64(leaf.NotBefore.Unix()), "not_after": float64(leaf.NotAfter.Unix()),
		"spiffe_trust_domain": "td.test", "spiffe_path": list("ns", "shop", "sa", "billing"),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("claims %v\nwant   %v", got, want)
	}
	if _, err := id.Input(); err != nil {
		t.Error(err)
	}
}

// What is known of a certificate ends with its time, and with the chain's.
func TestMTLSTime(t *testing.T) {
	now := certNow
	ca := newCA(t, "ca", nil)
	middle := newCA(t, "middle", ca)
	leaf := middle.leaf(func(c *x509.Certificate) { uris("spiffe://td.test/a")(c); c.NotAfter = certNow.Add(48 * time.Hour) })
	m := ca.method(IdentitySPIFFE, func(c *MTLSConfig) { c.Clock = func() time.Time { return now } })
	ask := func(want string) *Identity {
		t.Helper()
		id, err := m.Authenticate(t.Context(), show(leaf, middle.cert))
		if got := certReason(t, id, err); got != want {
			t.Errorf("%s: %q, want %q", now, got, want)
		}
		return id
	}
	first := ask("")
	if !first.Expires.Equal(middle.cert.NotAfter) {
		t.Errorf("it ends at %s, its CA at %s", first.Expires, middle.cert.NotAfter)
	}
	if ask("") != first {
		t.Error("it is verified for each request")
	}
	now = middle.cert.NotAfter.Add(time.Second)
	ask("not mine: " + ReasonCertificateUntrusted)
	now = leaf.NotBefore.Add(-time.Second)
	ask(ReasonCertificateNotYetValid)
	now = certNow
	ask("")
	// The certificate of the same user under a method with other CAs is unknown.
	other, err := newCA(t, "other", nil).method(IdentitySPIFFE).Authenticate(t.Context(), show(leaf, middle.cert))
	if got := certReason(t, other, err); got != "not mine: "+ReasonCertificateUntrusted {
		t.Errorf("after a change of the CAs: %q", got)
	}
}

// Who forwards counts for the methods that say so, and the chain refuses what is
// nobody's.
func TestMTLSInChain(t *testing.T) {
	ca, other := newCA(t, "ca", nil), newCA(t, "other", nil)
	forwarded := func(c *MTLSConfig) { c.Forwarded = true }
	named := func(c *MTLSConfig) { c.Name = "second" }
	mine, theirs := ca.leaf(uris("spiffe://td.test/a")), other.leaf(uris("spiffe://td.test/b"))
	jwt := fixed{name: "jwt", id: &Identity{Name: "jwt", Source: SourceAuthorization}}
	absent := fixed{name: "jwt", err: ErrNotMine}
	why := fixed{name: "jwt", err: &unclaimed{&Refused{Reason: ReasonIssuerUnknown}}}
	both := func(c Credentials) Credentials { c.Authorization, c.HasAuthorization = "Bearer x", true; return c }
	via := func(c Credentials) Credentials { c.Forwarded = true; return c }
	for name, tt := range map[string]struct {
		cr      Credentials
		methods []Method
		want    string // name of the user, reason, or "none"
	}{
		"the user":                        {show(mine), []Method{ca.method(IdentitySPIFFE), absent}, "mtls"},
		"before a token":                  {both(show(mine)), []Method{ca.method(IdentitySPIFFE), jwt}, "mtls"},
		"after a token":                   {both(show(mine)), []Method{jwt, ca.method(IdentitySPIFFE)}, "jwt"},
		"of another CA":                   {show(theirs), []Method{ca.method(IdentitySPIFFE)}, ReasonCertificateUntrusted},
		"of another CA beside a token":    {both(show(theirs)), []Method{jwt, ca.method(IdentitySPIFFE)}, ReasonCertificateUntrusted},
		"of the second method":            {show(theirs), []Method{ca.method(IdentitySPIFFE), other.method(IdentitySPIFFE, named)}, "second"},
		"beside a token that is nobody's": {both(show(mine)), []Method{ca.method(IdentitySPIFFE), why}, ReasonIssuerUnknown},
		"both are nobody's":               {both(show(theirs)), []Method{ca.method(IdentitySPIFFE), why}, ReasonCertificateUntrusted},
		"where nobody asks":               {show(mine), []Method{absent}, "none"},
		"none":                            {Credentials{}, []Method{ca.method(IdentitySPIFFE)}, "none"},
		"forwarded":                       {via(show(mine)), []Method{ca.method(IdentitySPIFFE, forwarded)}, "mtls"},
		"forwarded to nobody":             {via(show(mine)), []Method{ca.method(IdentitySPIFFE)}, "none"},
		"direct where others forward":     {show(mine), []Method{ca.method(IdentitySPIFFE, forwarded)}, "mtls"},
		"a name that is wrong":            {show(ca.leaf(nil)), []Method{ca.method(IdentitySPIFFE), other.method(IdentitySPIFFE, named)}, ReasonCertificateName},
	} {
		id, err := NewChain(tt.methods...).Authenticate(t.Context(), tt.cr)
		got := "none"
		switch r, ok := errors.AsType[*Refused](err); {
		case ok:
			got = r.Reason
			if strings.HasPrefix(got, "certificate") && (r.Kind != KindMTLS || r.Method != "mtls") {
				t.Errorf("%s: refused by %q, %q", name, r.Kind, r.Method)
			}
		case err == nil:
			got = id.Name
		case !errors.Is(err, ErrNotMine):
			t.Errorf("%s: %v", name, err)
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	m := ca.method(IdentitySPIFFE, forwarded)
	if !m.Verified(show(mine).Certificates) || m.Verified(show(theirs).Certificates) || m.Verified(show(ca.leaf(nil)).Certificates) || m.Verified(nil) || ca.method(IdentitySPIFFE).Verified(show(mine).Certificates) {
		t.Error("verified is what the method takes, of what is forwarded to it")
	}
}

func TestNewMTLS(t *testing.T) {
	ca := newCA(t, "ca", nil)
	good := MTLSConfig{Name: "mtls", CAs: []*x509.Certificate{ca.cert}, Identity: IdentitySPIFFE, TrustDomain: "td.test"}
	if _, err := NewMTLS(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*MTLSConfig){
		"name":                      func(c *MTLSConfig) { c.Name = "" },
		"no CA":                     func(c *MTLSConfig) { c.CAs = nil },
		"identity":                  func(c *MTLSConfig) { c.Identity = "subject" },
		"no trust domain":           func(c *MTLSConfig) { c.TrustDomain = "" },
		"trust domain":              func(c *MTLSConfig) { c.TrustDomain = "TD" },
		"trust domain without need": func(c *MTLSConfig) { c.Identity = IdentityDNS },
		"type":                      func(c *MTLSConfig) { c.UserType = "robot" },
	} {
		cfg := good
		change(&cfg)
		if m, err := NewMTLS(cfg); err == nil || m != nil {
			t.Errorf("%s: made", name)
		}
	}
}

// FuzzSPIFFE: what is a SPIFFE ID is the text of its parts, and a URI to others.
func FuzzSPIFFE(f *testing.F) {
	for _, s := range []string{"spiffe://td.test/a", "spiffe://td.test", "spiffe://td.test/", "spiffe:///a", "SPIFFE://td/a", "spiffe://td/a/../b", "spiffe://td/a%00", "spiffe://td/a\x00b", "spiffe://td/a?b#c", "spiffe://u@td:1/a", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		domain, path, ok := parseSPIFFE(s)
		if !ok {
			return
		}
		u, err := url.Parse(s)
		if err != nil || u.Scheme != "spiffe" || u.Host != domain || u.Path != "/"+strings.Join(path, "/") || u.String() != s || u.RawPath != "" || len(path) == 0 {
			t.Fatalf("%q is read as %q and %q, as a URI %v", s, domain, path, u)
		}
		if clean := pathpkg.Clean(u.Path); clean != u.Path || !ValidTrustDomain(domain) {
			t.Fatalf("%q is not in its one spelling", s)
		}
	})
}

// BenchmarkMTLS is what a certificate costs that is known, and one that is not.
func BenchmarkMTLS(b *testing.B) {
	ca := newCA(b, "ca", nil)
	cr := show(ca.leaf(uris("spiffe://td.test/ns/shop/sa/billing")))
	for _, known := range []bool{true, false} {
		b.Run(map[bool]string{true: "known", false: "new"}[known], func(b *testing.B) {
			m := ca.method(IdentitySPIFFE)
			b.ReportAllocs()
			for b.Loop() {
				if !known {
					m.kept = newTable[*certified](1, maxCertifiedBytes)
				}
				if _, err := m.Authenticate(b.Context(), cr); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What a CA may not vouch for is nobody (ATTACKS A101).
func TestMTLSConstraints(t *testing.T) {
	ca := newCA(t, "ca", nil)
	below := func(change func(*x509.Certificate)) *certCA { return newCAWith(t, "below", ca, change) }
	only := below(func(c *x509.Certificate) {
		c.PermittedURIDomains, c.PermittedDNSDomains = []string{"td.test"}, []string{"shop.test"}
	})
	never := below(func(c *x509.Certificate) {
		c.ExcludedURIDomains, c.ExcludedDNSDomains = []string{"td.test"}, []string{"shop.test"}
	})
	for name, tt := range map[string]struct {
		from     *certCA
		identity string
		change   func(*x509.Certificate)
		want     string
	}{
		"inside":                {only, IdentitySPIFFE, uris("spiffe://td.test/a"), ""},
		"outside":               {only, IdentityURI, uris("spiffe://other.test/a"), "not mine: " + ReasonCertificateUntrusted},
		"excluded":              {never, IdentitySPIFFE, uris("spiffe://td.test/a"), "not mine: " + ReasonCertificateUntrusted},
		"not excluded":          {never, IdentityURI, uris("spiffe://other.test/a"), ""},
		"an address for a host": {never, IdentityURI, rawName(tagURI, "https://127.0.0.1/a"), "not mine: " + ReasonCertificateUntrusted},
		"an address in a zone":  {never, IdentityURI, rawName(tagURI, "https://[fe80::1%25td]/a"), "not mine: " + ReasonCertificateUntrusted},
		"a DNS name inside":     {only, IdentityDNS, func(c *x509.Certificate) { c.DNSNames = []string{"a.shop.test"} }, ""},
		"a wildcard of it":      {never, IdentityCN, func(c *x509.Certificate) { c.DNSNames = []string{"*.shop.test"} }, "not mine: " + ReasonCertificateUntrusted},
	} {
		id, err := ca.method(tt.identity).Authenticate(t.Context(), show(tt.from.leaf(tt.change), tt.from.cert))
		if got := certReason(t, id, err); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
