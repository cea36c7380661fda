package e2e

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const pages = `apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: page}
spec:
  actions: {read: {}}
  attributes: {tenant: {type: string, from: [path]}}
  routes: [{route: "GET /pages/{tenant}", action: read}]
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: pages}
spec:
  resources: [page]
  rules: [{id: own, effect: allow, actions: [read], when: has(user.tenant) && user.tenant == resource.tenant}]
`

// client gives a certificate of a workload of a tenant.
func (a *authority) client(id string, life time.Duration) *tls.Certificate {
	a.Helper()
	u, err := url.Parse(id)
	if err != nil {
		a.Fatal(err)
	}
	key, template := a.newKey(), a.template()
	template.URIs, template.DNSNames, template.ExtKeyUsage = []*url.URL{u}, nil, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	template.NotAfter = time.Now().Add(life)
	cert, _ := a.sign(template, a.cert, &key.PublicKey)
	return &tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

// TestForwardedCertificates has real proxies end TLS and pass on the certificate
// of the client, as docs/authentication.md says. They ask for one and judge none:
// that is gwctl's to do. The examples of examples/forward-auth are what is
// edited.
func TestForwardedCertificates(t *testing.T) {
	for _, tt := range []struct {
		proxy, form string
		edits       func(dir string) [][2]string
	}{
		{"nginx", "xfcc", func(dir string) [][2]string {
			return [][2]string{
				{"    upstream gwctl {", "    map $ssl_client_escaped_cert $client_cert {\n        \"\" \"\";\n        default 'Cert=\"$ssl_client_escaped_cert\"';\n    }\n    upstream gwctl {"},
				{"        listen 127.0.0.1:", "        ssl_certificate " + dir + "/server.pem;\n        ssl_certificate_key " + dir + "/server.pem;\n        ssl_verify_client optional_no_ca;\n        listen 127.0.0.1:"},
				{";\n\n        # The defaults, which must stay", " ssl;\n\n        # The defaults, which must stay"},
				{"            proxy_set_header X-Original-URL $", "            proxy_set_header X-Forwarded-Client-Cert $client_cert;\n            proxy_set_header X-Original-URL $"},
				{`            proxy_set_header Forwarded "";`, "            proxy_set_header Forwarded \"\";\n            proxy_set_header X-Forwarded-Client-Cert \"\";\n            proxy_set_header Client-Cert \"\";"},
			}
		}},
		{"haproxy", "rfc9440", func(dir string) [][2]string {
			return [][2]string{
				{"\n\n    # What a client says", " ssl crt " + dir + "/server.pem ca-file " + dir + "/clients.pem verify optional crt-ignore-err all ca-ignore-err all\n\n    # What a client says"},
				{"    http-request del-header Connection\n", "    http-request del-header Connection\n    http-request del-header Client-Cert\n    http-request del-header Client-Cert-Chain\n    http-request set-header Client-Cert :%[ssl_c_der,base64]: if { ssl_c_used }\n"},
				{"    http-request del-header Authorization", "    http-request del-header Client-Cert\n    http-request del-header Authorization"},
			}
		}},
	} {
		t.Run(tt.proxy, func(t *testing.T) {
			t.Parallel() // it mostly waits
			servers, clients, strangers := newAuthority(t), newAuthority(t), newAuthority(t)
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "server.pem"), servers.issue())
			writeFile(t, filepath.Join(dir, "clients.pem"), clients.pem)
			if err := os.Mkdir(filepath.Join(dir, "policies"), 0o755); err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(dir, "policies", "pages.yaml"), pages)
			gwctl := startSidecar(t, setup{dir: dir, whole: func(door, health string) string {
				return fmt.Sprintf(`apiVersion: gwctl.dev/v1
kind: Sidecar
metadata: {name: e2e}
spec:
  policies: {dir: ./policies}
  listeners:
    forward_auth: {address: %s, dialect: %s, trusted_proxies: [127.0.0.1/32]}
    health: {address: %s}
  authn:
    - mtls: {spiffe_trust_domain: shop.test, client_ca: clients.pem, forwarded: %s, attributes: {tenant: "claims.spiffe_path[1]"}}
  audit: {sinks: [stdout]}
  drain: {delay: 0s, timeout: 10s}
`, door, tt.proxy, health, tt.form)
			}})
			service := startRecorder(t)
			front := startFront(t, tt.proxy, gwctl.proxy, service.address, tt.edits(dir)...)
			const acme, globex = "spiffe://shop.test/tenant/acme", "spiffe://shop.test/tenant/globex"
			mine, theirs := clients.client(acme, time.Hour), clients.client(globex, time.Hour)
			for _, c := range []struct {
				name   string
				cert   *tls.Certificate
				path   string
				spoof  *tls.Certificate
				status int
				logged []string // in the record
			}{
				{"right", mine, "/pages/acme", nil, 200, []string{`"subject":"` + acme + `"`, `"authn_method":"mtls"`, `"cert_sha256":"` + fingerprint(mine)}},
				{"right, and says that it is another", mine, "/pages/acme", theirs, 200, []string{`"subject":"` + acme + `"`}},
				{"says that it is another", mine, "/pages/globex", theirs, 403, []string{`"subject":"` + acme + `"`, `"reason":"no_matching_rule"`}},
				{"none, and says that it is another", nil, "/pages/globex", theirs, 401, []string{`"reason":"unauthenticated"`}},
				{"none", nil, "/pages/acme", nil, 401, []string{`"reason":"unauthenticated"`}},
				{"a stranger's", strangers.client(acme, time.Hour), "/pages/acme", nil, 401, []string{`"reason":"certificate_untrusted"`}},
				{"expired", clients.client(acme, -time.Minute), "/pages/acme", nil, 401, []string{`"reason":"certificate_expired"`}},
				{"another trust domain", clients.client("spiffe://evil.test/tenant/acme", time.Hour), "/pages/acme", nil, 401, []string{`"reason":"trust_domain_mismatch"`}},
			} {
				before := len(gwctl.stdout.from(0))
				var status int
				seen := service.during(func() { status = shows(t, front, servers.pool, c.cert, c.path, c.spoof) })
				if tt.proxy == "nginx" && c.name == "expired" { // which it judges itself
					c.status, c.logged = http.StatusBadRequest, nil
				}
				if status != c.status || (seen != "") != (c.status == 200) {
					t.Errorf("%s: answer %d, want %d, the service saw %q", c.name, status, c.status, seen)
				}
				if strings.Contains(strings.ToLower(seen), "client-cert") || c.status == 200 && !strings.Contains(strings.ToLower(seen), "\r\nx-user-id: "+acme+"\r\n") {
					t.Errorf("%s: the service saw %q", c.name, seen)
				}
				if c.logged != nil {
					gwctl.stdout.await(t, 5*time.Second, before, append(c.logged, `"door":"forward_auth"`)...)
				}
			}
		})
	}
}

func fingerprint(c *tls.Certificate) string {
	sum := sha256.Sum256(c.Leaf.Raw)
	return hex.EncodeToString(sum[:])
}

// shows sends a request on a connection of its own with a certificate, and what
// the client would like the proxy to say about it.
func shows(t testing.TB, f *front, roots *x509.CertPool, cert *tls.Certificate, path string, spoof *tls.Certificate) int {
	t.Helper()
	cfg := &tls.Config{RootCAs: roots, ServerName: "localhost"}
	if cert != nil {
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
	}
	transport := &http.Transport{TLSClientConfig: cfg, DisableKeepAlives: true}
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	req, err := http.NewRequest(http.MethodGet, "https://"+f.address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "localhost"
	if spoof != nil {
		text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: spoof.Leaf.Raw}))
		req.Header.Set("X-Forwarded-Client-Cert", `Cert="`+url.PathEscape(text)+`"`)
		req.Header.Set("X_Forwarded_Client_Cert", `Cert="`+url.PathEscape(text)+`"`)
		req.Header.Set("Client-Cert", ":"+base64.StdEncoding.EncodeToString(spoof.Leaf.Raw)+":")
		req.Header.Set("Client_Cert", ":"+base64.StdEncoding.EncodeToString(spoof.Leaf.Raw)+":")
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatalf("%s: %v\n%s", f.name, err, f.stderr.tail(20))
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)); err != nil {
		t.Error(err)
	}
	return resp.StatusCode
}
