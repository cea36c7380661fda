package sidecar_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/record"
)

// client gives a certificate of a client with a SPIFFE ID, changed as a test
// wants it.
func (a *authority) client(id string, change func(*x509.Certificate)) tls.Certificate {
	a.Helper()
	key := newKey(a)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "client"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if id != "" {
		u, err := url.Parse(id)
		if err != nil {
			a.Fatal(err)
		}
		template.URIs = []*url.URL{u}
	}
	if change != nil {
		change(template)
	}
	cert, _ := sign(a, template, a.cert, &key.PublicKey, a.key)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

func fingerprintOf(c tls.Certificate) string {
	sum := sha256.Sum256(c.Leaf.Raw)
	return hex.EncodeToString(sum[:])
}

// with gives a client that shows a certificate, and keeps its connection.
func (r *secured) with(protocol string, cert tls.Certificate) (*http.Client, *tls.Config) {
	r.Helper()
	c, cfg := r.client(protocol)
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
	return c, cfg
}

const (
	billing   = "spiffe://td.test/ns/shop/sa/billing"
	mtlsOwnCA = `    - mtls: {spiffe_trust_domain: td.test, client_ca: callers.pem, attributes: {tenant: "claims.spiffe_path[1]", roles: "['customer']"}}`
)

// The name in a client's certificate is the user, over both protocols, in new
// sessions and in resumed ones. What the listener lets in and the method does
// not is refused for its reason.
func TestMTLS(t *testing.T) {
	callers, others := newAuthority(t, "callers"), newAuthority(t, "others")
	r := startTLS(t, setup{anonymous: "deny", authn: mtlsOwnCA, files: map[string]string{"clients.pem": callers.pem + others.pem, "callers.pem": callers.pem}})
	strangers := newAuthority(t, "strangers")
	soon := func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }
	over := func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }
	server := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }
	unused := func(c *x509.Certificate) { c.ExtKeyUsage = nil }
	twice := func(c *x509.Certificate) { c.URIs = append(c.URIs, &url.URL{Scheme: "https", Host: "td.test"}) }
	var wanted []record.Event
	for _, tt := range []struct {
		name   string
		cert   tls.Certificate
		status int // 0: no connection
		reason string
	}{
		{"right", callers.client(billing, nil), 200, ""},
		{"another trust domain", callers.client("spiffe://other.test/ns/shop", nil), 401, "trust_domain_mismatch"},
		{"no SPIFFE ID", callers.client("", nil), 401, "certificate_name_invalid"},
		{"two URIs", callers.client(billing, twice), 401, "certificate_name_invalid"},
		{"no use that is named", callers.client(billing, unused), 401, "certificate_usage"},
		{"a CA of the listener only", others.client(billing, nil), 401, "certificate_untrusted"},
		{"a stranger's", strangers.client(billing, nil), 0, ""},
		{"expired", callers.client(billing, over), 0, ""},
		{"not yet valid", callers.client(billing, soon), 0, ""},
		{"a server's", callers.client(billing, server), 0, ""},
	} {
		for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
			sessions := tls.NewLRUClientSessionCache(4)
			for _, resumed := range []bool{false, true} {
				c, cfg := r.with(protocol, tt.cert)
				cfg.ClientSessionCache = sessions
				c.Transport.(*http.Transport).DisableKeepAlives = true
				act := func() {
					status, body, resp := r.ask(c, "app.test", "/items/7", "X-User-ID: root", "X-Forwarded-Client-Cert: Subject=root")
					if status != tt.status || resp != nil && (resp.TLS.DidResume != resumed || resp.Proto != protocol) {
						t.Errorf("%s, %s: answer %d %s, want %d, resumed %v", tt.name, protocol, status, body, tt.status, resumed)
					}
				}
				if tt.status == http.StatusOK {
					if seen := r.forwarded(act); !strings.Contains(seen, "\r\nX-User-Id: "+billing+"\r\n") || !strings.Contains(seen, "\r\nX-Tenant-Id: shop\r\n") || !strings.Contains(seen, "\r\nX-User-Roles: customer\r\n") || strings.Contains(seen, "root") {
						t.Errorf("%s: the upstream saw %s", protocol, seen)
					}
				} else {
					r.untouched(act)
				}
				if tt.status != 0 {
					wanted = append(wanted, record.Event{Reason: tt.reason, CertificateSHA256: fingerprintOf(tt.cert), Status: tt.status})
				}
			}
		}
	}
	if got := r.metric(`gwctl_certificate_expiry_seconds{use="mtls_ca"}`); got == "" {
		t.Error("no metric of the method's CAs")
	}
	if got := r.metric(`gwctl_authn_total{method="mtls",result="ok"}`); got != "4" {
		t.Errorf("%q users are counted", got)
	}
	events := slices.DeleteFunc(r.stop(), func(e *record.Event) bool { return e.Kind == record.KindConfigReload })
	if len(events) != len(wanted) {
		t.Fatalf("%d records, want %d", len(events), len(wanted))
	}
	for i, e := range events {
		w := wanted[i]
		if e.Method != "mtls" || e.CertificateSHA256 != w.CertificateSHA256 || e.Status != w.Status || e.Reason != w.Reason || w.Status == 200 && (e.Subject != billing || e.Issuer != "spiffe://td.test") {
			t.Errorf("record %d: %s, want %+v", i, e.AppendJSON(nil), w)
		}
	}
}

// A change of the CAs takes the users with it that rest on them: those of
// connections that are open, and of sessions that are resumed (ATTACKS A100).
func TestMTLSReload(t *testing.T) {
	before, after := newAuthority(t, "before"), newAuthority(t, "after")
	for name, authn := range map[string]string{"own": mtlsOwnCA, "listener": "    - mtls: {spiffe_trust_domain: td.test}"} {
		t.Run(name, func(t *testing.T) {
			file, other := "callers.pem", "clients.pem"
			gone := http.StatusUnauthorized
			if name == "listener" {
				file, other, gone = other, file, http.StatusMisdirectedRequest
			}
			r := startTLS(t, setup{anonymous: "deny", authn: authn, files: map[string]string{file: before.pem, other: before.pem + after.pem}})
			sessions := tls.NewLRUClientSessionCache(4)
			old, fresh := before.client(billing, nil), after.client(billing, nil)
			client := func(cert tls.Certificate, protocol string, keep bool) *http.Client {
				c, cfg := r.with(protocol, cert)
				cfg.ClientSessionCache = sessions
				c.Transport.(*http.Transport).DisableKeepAlives = !keep
				return c
			}
			ask := func(what string, c *http.Client, want int) {
				t.Helper()
				if status, body, _ := r.ask(c, "app.test", "/items/7"); status != want {
					t.Errorf("%s: answer %d %s, want %d", what, status, body, want)
				}
			}
			kept1, kept2 := client(old, "HTTP/1.1", true), client(old, "HTTP/2.0", true)
			ask("HTTP/1.1", kept1, 200)
			ask("HTTP/2", kept2, 200)
			ask("resumed", client(old, "HTTP/1.1", false), 200)
			r.reload(record.Reload{}, func() { r.write(file, after.pem) })
			r.untouched(func() {
				ask("kept", kept2, gone)
				ask("kept, HTTP/1.1", kept1, gone)
				resumed := gone
				if name == "listener" {
					resumed = 0
				}
				ask("resumed without the CA", client(old, "HTTP/1.1", false), resumed)
			})
			sessions = tls.NewLRUClientSessionCache(4)
			ask("the new CA's", client(fresh, "HTTP/2.0", false), 200)
			// Without its CAs a method would let in nobody, or everybody.
			for _, broken := range []string{"", "junk"} {
				r.reload(record.Reload{Error: "not_compiled"}, func() {
					if broken == "" {
						r.remove(file)
					} else {
						r.write(file, broken)
					}
				})
				ask("the CA's of before", client(fresh, "HTTP/1.1", false), 200)
			}
			r.stopReloads()
		})
	}
}

// A certificate that ends while its connection is open ends its user.
func TestMTLSExpiry(t *testing.T) {
	t.Parallel() // it mostly waits
	callers := newAuthority(t, "callers")
	r := startTLS(t, setup{anonymous: "deny", authn: mtlsOwnCA, files: map[string]string{"clients.pem": callers.pem, "callers.pem": callers.pem}})
	c, _ := r.with("HTTP/1.1", callers.client(billing, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(2 * time.Second) }))
	status, body, resp := r.ask(c, "app.test", "/items/7")
	if status != http.StatusOK {
		t.Fatalf("answer %d %s", status, body)
	}
	first := resp.TLS
	until(t, "the certificate to end", func() bool {
		status, body, resp = r.ask(c, "app.test", "/items/7")
		return status != http.StatusOK
	})
	if status != http.StatusMisdirectedRequest || !strings.Contains(body, "misdirected_request") || resp.TLS.PeerCertificates[0] != first.PeerCertificates[0] {
		t.Errorf("answer %d %s", status, body)
	}
	r.stop()
}
