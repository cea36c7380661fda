package canonical_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/sidecar/canonical"
)

// newCertificate makes a certificate that signs itself.
func newCertificate(t testing.TB, name string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// escaped is certificates in PEM as Envoy and nginx escape them.
func escaped(certs ...*x509.Certificate) string {
	var out strings.Builder
	for _, c := range certs {
		text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
		out.WriteString(strings.ReplaceAll(url.QueryEscape(text), "+", "%20"))
	}
	return out.String()
}

func hash(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

func sequence(c *x509.Certificate) string {
	return ":" + base64.StdEncoding.EncodeToString(c.Raw) + ":"
}

// Only a certificate that the listener has verified is the client's, and that
// of a trusted proxy is nobody's.
func TestCertificate(t *testing.T) {
	r := newReader(t, canonical.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	own, ca := &x509.Certificate{Raw: []byte("own")}, &x509.Certificate{Raw: []byte("ca")}
	verified := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{own}, VerifiedChains: [][]*x509.Certificate{{own, ca}}}
	for name, tt := range map[string]struct {
		state *tls.ConnectionState
		peer  string
		want  *x509.Certificate
	}{
		"verified":        {verified, "192.0.2.1:4711", own},
		"a trusted proxy": {verified, "10.0.0.1:4711", nil},
		"unverified":      {&tls.ConnectionState{PeerCertificates: []*x509.Certificate{own}}, "192.0.2.1:4711", nil},
		"none":            {&tls.ConnectionState{}, "192.0.2.1:4711", nil},
		"no TLS":          {nil, "192.0.2.1:4711", nil},
	} {
		req := httptest.NewRequest(http.MethodGet, "/", nil)
		req.TLS, req.RemoteAddr = tt.state, tt.peer
		c, rejection := r.Read(req)
		if rejection != nil || c.Certificate != tt.want || c.Forwarded || (len(c.Shown) > 0) != (tt.want != nil) {
			t.Errorf("%s: %v, %v", name, c, rejection)
		}
	}
}

// Who forwards a certificate, and in which form, decides whether it is read.
func TestForwardedCertificate(t *testing.T) {
	own, other := newCertificate(t, "own"), newCertificate(t, "other")
	xfcc, rfc := "X-Forwarded-Client-Cert: Cert="+escaped(own), "Client-Cert: "+sequence(own)
	trusted, stranger := "10.0.0.1:4711", "192.0.2.1:4711"
	for name, tt := range map[string]struct {
		form  canonical.CertificateForm
		peer  string
		lines []string
		want  string // name in the certificate, "" for none
	}{
		"xfcc":                     {canonical.FormXFCC, trusted, []string{xfcc}, "own"},
		"rfc9440":                  {canonical.FormRFC9440, trusted, []string{rfc}, "own"},
		"both are there, xfcc":     {canonical.FormXFCC, trusted, []string{xfcc, "Client-Cert: " + sequence(other)}, "own"},
		"both are there, rfc9440":  {canonical.FormRFC9440, trusted, []string{rfc, "X-Forwarded-Client-Cert: Cert=" + escaped(other)}, "own"},
		"only the other form":      {canonical.FormXFCC, trusted, []string{rfc}, ""},
		"only the other form, too": {canonical.FormRFC9440, trusted, []string{xfcc}, ""},
		"none":                     {canonical.FormXFCC, trusted, nil, ""},
		"no form":                  {"", trusted, []string{xfcc, rfc}, ""},
		"A46 a stranger":           {canonical.FormXFCC, stranger, []string{xfcc}, ""},
		"A46 a stranger, rfc9440":  {canonical.FormRFC9440, stranger, []string{rfc}, ""},
		"A46 an alias":             {canonical.FormXFCC, trusted, []string{"X_Forwarded_Client_Cert: Cert=" + escaped(own)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			good := true
			r := newReader(t, canonical.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Certificates: canonical.ForwardedCertificates{
				Form: tt.form, Verified: func(shown []*x509.Certificate) bool { return good && shown[0].Equal(own) },
			}})
			h := http.Header{}
			for _, line := range tt.lines {
				key, value, _ := strings.Cut(line, ": ")
				h[http.CanonicalHeaderKey(key)] = []string{value}
			}
			carrier := &http.Request{Method: "GET", RequestURI: "/", Host: "app.test", Header: h, RemoteAddr: tt.peer, ProtoMajor: 1, ProtoMinor: 1}
			// A listener that asks proxies for certificates changes nothing.
			carrier.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{other}, VerifiedChains: [][]*x509.Certificate{{other}}}
			ask := func() []*canonical.Request {
				c, rejection := r.Read(carrier)
				if rejection != nil {
					t.Fatalf("refused for %s: %v", rejection.Rule, rejection.Err)
				}
				out := []*canonical.Request{c}
				if tt.peer == trusted { // nobody else may ask at the other door
					c, rejection := r.ReadOriginal(canonical.Original{Method: "GET", Scheme: "https", Host: "app.test", Target: "/", Header: h, Peer: netip.MustParseAddr("10.0.0.1")})
					if rejection != nil {
						t.Fatalf("refused for %s: %v", rejection.Rule, rejection.Err)
					}
					out = append(out, c)
				}
				return out
			}
			for _, c := range ask() {
				got := ""
				if used := tt.peer == trusted && tt.form != ""; !used && len(tt.lines) > 0 && len(c.Dropped) != len(tt.lines) {
					t.Errorf("dropped %v of %d headers that nobody reads", c.Dropped, len(tt.lines))
				}
				if c.Forwarded {
					got = c.Shown[0].Subject.CommonName
				}
				if got != tt.want || len(c.Header) != 0 || tt.peer == trusted && (c.Certificate != nil) != (tt.want != "") || tt.peer == stranger && c.Certificate != other {
					t.Errorf("shown %q, certificate %v, header %v", got, c.Certificate, c.Header)
				}
			}
			good = false
			for _, c := range ask() {
				if c.Forwarded && (c.Certificate != nil || len(c.Shown) != 1) {
					t.Errorf("without a good end it is the client's: %v", c.Certificate)
				}
			}
		})
	}
	if _, err := canonical.New(canonical.Options{Certificates: canonical.ForwardedCertificates{Form: "both"}}); err == nil {
		t.Error("a form that is not known")
	}
}
