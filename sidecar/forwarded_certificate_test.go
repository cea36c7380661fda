package sidecar_test

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
)

// xfcc is what Envoy says of a certificate, rfc9440 what others do.
func xfcc(c tls.Certificate) string {
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Leaf.Raw}))
	return "X-Forwarded-Client-Cert: Hash=" + fingerprintOf(c) + `;Cert="` + strings.ReplaceAll(url.QueryEscape(text), "+", "%20") + `";URI=` + c.Leaf.URIs[0].String()
}

func rfc9440(c tls.Certificate) string {
	return "Client-Cert: :" + base64.StdEncoding.EncodeToString(c.Leaf.Raw) + ":"
}

// from sends a request to the proxy door, or asks about it at the other one, as
// the peer with an address.
func (r *rig) from(peer string, door net.Addr, line string, headers ...string) answer {
	r.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(peer)}}
	conn, err := d.Dial("tcp", door.String())
	if err != nil {
		r.Fatal(err)
	}
	c := r.wireOf(conn)
	defer c.Close()
	method, target, _ := strings.Cut(line, " ")
	o := original{method: method, target: target, host: "app.test", headers: headers}
	if door.String() == r.car.Addr().String() {
		c.write(o.sent())
	} else {
		c.write(o.carried("traefik"))
	}
	return c.read(false)
}

// A certificate in a header is its client's only if a trusted proxy says so, in
// the one form that is configured, delivers it, and it is good (ATTACKS A46).
func TestForwardedCertificates(t *testing.T) {
	callers, others := newAuthority(t, "callers"), newAuthority(t, "others")
	good, stranger, foreign := callers.client(billing, nil), others.client(billing, nil), callers.client("spiffe://other.test/a", nil)
	const proxy, client = "127.0.0.2", "127.0.0.1"
	forms := map[string]func(tls.Certificate) string{"xfcc": xfcc, "rfc9440": rfc9440}
	for form, write := range forms {
		other := forms["xfcc"]
		if form == "xfcc" {
			other = forms["rfc9440"]
		}
		malformed, _, _ := strings.Cut(write(good), " ")
		t.Run(form, func(t *testing.T) {
			r := start(t, setup{
				anonymous: "deny", proxy: ", trusted_proxies: [127.0.0.2/32]",
				listeners: `    forward_auth: {address: "127.0.0.1:0", dialect: traefik, trusted_proxies: [127.0.0.2/32]}`,
				authn:     fmt.Sprintf("    - mtls: {spiffe_trust_domain: td.test, client_ca: callers.pem, forwarded: %s, id_prefix: 'cert:'}", form),
				files:     map[string]string{"callers.pem": callers.pem},
			})
			user := bearer(r.user(`{"roles":["customer"]}`))
			var wanted []record.Event
			for _, tt := range []struct {
				name    string
				peer    string
				headers []string
				status  int
				reason  string
				detail  string
			}{
				{"good", proxy, []string{write(good)}, 200, "", ""},
				{"good, and the other form says something else", proxy, []string{write(good), other(stranger)}, 200, "", ""},
				{"the other form", proxy, []string{other(good)}, 401, "unauthenticated", ""},
				{"none", proxy, nil, 401, "unauthenticated", ""},
				{"of another CA", proxy, []string{write(stranger)}, 401, "certificate_untrusted", ""},
				{"of another CA beside a token", proxy, []string{write(stranger), user}, 401, "certificate_untrusted", ""},
				{"of another trust domain", proxy, []string{write(foreign)}, 401, "trust_domain_mismatch", ""},
				{"malformed", proxy, []string{malformed + " junk"}, 400, "request_not_canonical", "client_certificate_header"},
				{"twice", proxy, []string{write(good), write(good)}, 400, "request_not_canonical", "client_certificate_header"},
				{"under another spelling", proxy, []string{strings.ReplaceAll(malformed, "-", "_") + write(good)[len(malformed):]}, 401, "unauthenticated", ""},
				{"from a client", client, []string{write(good)}, 401, "unauthenticated", ""},
				{"junk from a client", client, []string{malformed + " junk"}, 401, "unauthenticated", ""},
			} {
				for _, door := range []net.Addr{r.car.Addr(), r.car.ForwardAuthAddr()} {
					w := record.Event{Reason: tt.reason, Detail: tt.detail, Status: tt.status}
					if tt.peer == client && door == r.car.ForwardAuthAddr() {
						w = record.Event{Reason: "untrusted_peer", Detail: "peer", Status: 403}
					}
					var got answer
					act := func() { got = r.from(tt.peer, door, "GET /items/7", tt.headers...) }
					seen := ""
					if w.Status == 200 {
						seen = r.forwarded(act)
					} else {
						r.untouched(act)
					}
					if got.status != w.Status || w.Status == 200 && !strings.Contains(strings.ToLower(seen+got.raw), "x-user-id: cert:"+billing+"\r\n") || strings.Contains(strings.ToLower(seen), "cert=") || strings.Contains(strings.ToLower(seen), "client-cert") {
						t.Errorf("%s at %s: answer %s, the upstream saw %s", tt.name, door, got.raw, seen)
					}
					wanted = append(wanted, w)
				}
			}
			if form == "xfcc" {
				for _, names := range []string{"Hash=" + fingerprintOf(good), "URI=" + billing, `Subject="CN=client";URI=` + billing} {
					for _, door := range []net.Addr{r.car.Addr(), r.car.ForwardAuthAddr()} {
						if got := r.from(proxy, door, "GET /items/7", "X-Forwarded-Client-Cert: "+names); got.status != http.StatusBadRequest {
							t.Errorf("%s: answer %s", names, got.raw)
						}
						wanted = append(wanted, record.Event{Reason: "request_not_canonical", Detail: "certificate_not_delivered", Status: 400})
					}
				}
			}
			events := slices.DeleteFunc(r.stop(), func(e *record.Event) bool { return e.Kind == record.KindConfigReload })
			if len(events) != len(wanted) {
				t.Fatalf("%d records, want %d", len(events), len(wanted))
			}
			for i, e := range events {
				w := wanted[i]
				if e.Status != w.Status || e.Reason != w.Reason || w.Detail != "" && e.Detail != w.Detail || w.Status == 200 && (e.Method != "mtls" || e.CertificateSHA256 != fingerprintOf(good)) {
					t.Errorf("record %d: %s, want %+v", i, e.AppendJSON(nil), w)
				}
			}
		})
	}
}

// A trusted proxy that shows a certificate itself does not lend it to clients.
func TestCertificateOfProxy(t *testing.T) {
	callers := newAuthority(t, "callers")
	edge, good := callers.client("spiffe://td.test/edge", nil), callers.client(billing, nil)
	for _, form := range []string{"", ", forwarded: xfcc"} {
		r := startTLS(t, setup{
			anonymous: "deny", proxy: ", trusted_proxies: [127.0.0.1/32]", authn: "    - mtls: {spiffe_trust_domain: td.test" + form + "}", files: map[string]string{"clients.pem": callers.pem},
		})
		for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
			c, _ := r.with(protocol, edge)
			r.untouched(func() {
				if status, body, _ := r.ask(c, "app.test", "/items/7"); status != http.StatusUnauthorized {
					t.Errorf("%q, %s: the proxy's own: answer %d %s", form, protocol, status, body)
				}
			})
			name, value, _ := strings.Cut(xfcc(good), ": ")
			want := http.StatusUnauthorized
			if form != "" {
				want = http.StatusOK
			}
			seen := r.forwarded(func() {
				if status, body, _ := r.ask(c, "app.test", "/items/7", name+": "+value); status != want {
					t.Errorf("%q, %s: the client's: answer %d %s", form, protocol, status, body)
				}
			})
			if strings.Contains(seen, "X-User-Id: "+billing+"\r\n") != (form != "") || strings.Contains(seen, "edge") {
				t.Errorf("%q, %s: the upstream saw %s", form, protocol, seen)
			}
		}
		r.stop()
	}
}

// A token that is bound to a certificate is good with the one that a trusted
// proxy forwards, and with no other (ATTACKS A74).
func TestBoundToForwardedCertificate(t *testing.T) {
	callers := newAuthority(t, "callers")
	mine, other := callers.client(billing, nil), callers.client(billing, nil)
	r := start(t, setup{
		anonymous: "deny", proxy: ", trusted_proxies: [127.0.0.2/32]",
		listeners: `    forward_auth: {address: "127.0.0.1:0", dialect: traefik, trusted_proxies: [127.0.0.2/32]}`,
		authn:     "    - mtls: {spiffe_trust_domain: td.test, client_ca: callers.pem, forwarded: rfc9440}",
		files:     map[string]string{"callers.pem": callers.pem},
	})
	sum := sha256.Sum256(mine.Leaf.Raw)
	bound := bearer(r.user(fmt.Sprintf(`{"roles":["customer"],"cnf":{"x5t#S256":"%s"}}`, base64.RawURLEncoding.EncodeToString(sum[:]))))
	var wanted []string
	for _, tt := range []struct {
		peer    string
		headers []string
		reason  string // "" lets in
	}{
		{"127.0.0.2", []string{bound, rfc9440(mine)}, ""},
		{"127.0.0.2", []string{bound, rfc9440(other)}, "certificate_mismatch"},
		{"127.0.0.2", []string{bound}, "certificate_required"},
		{"127.0.0.2", []string{bound, xfcc(mine)}, "certificate_required"},
		{"127.0.0.1", []string{bound, rfc9440(mine)}, "certificate_required"},
	} {
		for _, door := range []net.Addr{r.car.Addr(), r.car.ForwardAuthAddr()} {
			if tt.peer == "127.0.0.1" && door == r.car.ForwardAuthAddr() {
				continue // may not ask
			}
			want := http.StatusUnauthorized
			if tt.reason == "" {
				want = http.StatusOK
			}
			if got := r.from(tt.peer, door, "GET /items/7", tt.headers...); got.status != want {
				t.Errorf("%s with %d headers: answer %s, want %d", tt.peer, len(tt.headers), got.raw, want)
			}
			wanted = append(wanted, tt.reason)
		}
	}
	for i, e := range slices.DeleteFunc(r.stop(), func(e *record.Event) bool { return e.Kind == record.KindConfigReload }) {
		if e.Reason != wanted[i] || wanted[i] == "" && (e.Subject != "alice" || e.Method != "jwt") {
			t.Errorf("record %d: %s, want %q", i, e.AppendJSON(nil), wanted[i])
		}
	}
}
