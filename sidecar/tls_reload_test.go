package sidecar_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar"
	"github.com/gwctl/gwctl/sidecar/reload"
)

func writeTo(t testing.TB, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// checkStart holds --check and a start to the same: good where says is empty,
// else refused with that text.
func checkStart(t testing.TB, dir, text, says string) {
	t.Helper()
	found, err := sidecar.Check(read(t, dir, text), noEnv)
	if err != nil || found.HasErrors() != (says != "") || says != "" && !strings.Contains(found[0].String(), says) {
		t.Errorf("Check: %v, %v, want %q", found, err, says)
	}
	var out buffer
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	car, err := sidecar.New(ctx, options(read(t, dir, text), &out))
	if says == "" {
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := car.Run(ctx); err != nil {
			t.Error(err)
		}
		return
	}
	var broken *reload.BuildError
	if !errors.As(err, &broken) || !strings.Contains(err.Error(), says) {
		t.Errorf("New: %v, want %q", err, says)
	}
}

// Certificates are followed like policies, no request fails meanwhile, and what
// is broken does not replace what works (ATTACKS A99).
func TestCertificateReload(t *testing.T) {
	ca := newAuthority(t, "servers")
	both := func() string {
		cert, key := ca.issue(24*time.Hour, "app.test")
		return cert + key
	}
	r := &secured{start(t, setup{proxy: ", tls: {cert: both.pem, key: both.pem}", files: map[string]string{"both.pem": both()}}), ca}
	serial := func() string {
		c, err := tls.Dial("tcp", r.car.Addr().String(), &tls.Config{RootCAs: ca.pool(), ServerName: "app.test"})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	user := bearer(r.user(`{"roles":["customer"]}`))
	var load sync.WaitGroup
	done := make(chan struct{})
	var asked, failed atomic.Int64
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		kept, _ := r.client(protocol)
		for range 2 {
			load.Go(func() {
				fresh, _ := r.client(protocol)
				fresh.Transport.(*http.Transport).DisableKeepAlives = true
				for {
					select {
					case <-done:
						return
					default:
					}
					for _, c := range []*http.Client{kept, fresh} {
						asked.Add(1)
						if status, body, _ := r.ask(c, "app.test", "/items/7", user); status != http.StatusOK {
							failed.Add(1)
							t.Errorf("%s: answer %d %s", protocol, status, body)
						}
					}
				}
			})
		}
	}
	was := serial()
	for range 5 {
		r.reload(record.Reload{}, func() { r.write("both.pem", both()) })
		now := serial()
		if now == was {
			t.Error("the old certificate is still shown")
		}
		was = now
	}
	for _, broken := range []string{"", "junk", ca.pem} {
		r.reload(record.Reload{Error: "not_compiled"}, func() {
			if broken == "" {
				r.remove("both.pem")
			} else {
				r.write("both.pem", broken)
			}
		})
		if now := serial(); now != was {
			t.Errorf("%.20q has replaced the certificate", broken)
		}
	}
	r.reload(record.Reload{}, func() { r.write("both.pem", both()) })
	r.reload(record.Reload{By: "signal"}, r.car.Reload)
	close(done)
	load.Wait()
	if asked.Load() < 20 || failed.Load() > 0 {
		t.Errorf("%d of %d requests failed", failed.Load(), asked.Load())
	}
	r.stopReloads()
}

// A client CA that goes takes with it the sessions, the connections and the
// handshakes that rest on it (ATTACKS A100). While it stays, all go on.
func TestClientCAReload(t *testing.T) {
	before, after := newAuthority(t, "before"), newAuthority(t, "after")
	r := startTLS(t, setup{files: map[string]string{"clients.pem": before.pem}})
	user := bearer(r.user(`{"roles":["customer"]}`))
	old, fresh := before.pair("cli"), after.pair("cli")
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		if version == tls.VersionTLS13 {
			r.reload(record.Reload{}, func() { r.write("clients.pem", before.pem) })
		}
		sessions := tls.NewLRUClientSessionCache(4)
		client := func(cert tls.Certificate, protocol string, keep bool) *http.Client {
			c, cfg := r.client(protocol)
			cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
			cfg.ClientSessionCache, cfg.MaxVersion = sessions, version
			c.Transport.(*http.Transport).DisableKeepAlives = !keep
			return c
		}
		ask := func(what string, c *http.Client, want int, resumed bool) {
			t.Helper()
			status, body, resp := r.ask(c, "app.test", "/items/7", user)
			if status != want || resp != nil && resp.TLS.DidResume != resumed {
				t.Errorf("%s: answer %d %s, want %d, resumed %v", what, status, body, want, resumed)
			}
		}
		kept1, kept2 := client(old, "HTTP/1.1", true), client(old, "HTTP/2.0", true)
		ask("HTTP/1.1", kept1, 200, false)
		ask("HTTP/2", kept2, 200, true)
		ask("resumed", client(old, "HTTP/1.1", false), 200, true)
		// The same files again are no change.
		r.reload(record.Reload{By: "signal"}, r.car.Reload)
		ask("resumed after a reload", client(old, "HTTP/1.1", false), 200, true)
		ask("kept after a reload", kept2, 200, true)

		r.reload(record.Reload{}, func() { r.write("clients.pem", after.pem) })
		r.untouched(func() {
			ask("kept", kept1, http.StatusMisdirectedRequest, false)
			ask("kept, HTTP/2", kept2, http.StatusMisdirectedRequest, true)
			ask("resumed without the CA", client(old, "HTTP/1.1", false), 0, false)
			ask("once more", kept1, 0, false)
			sessions = tls.NewLRUClientSessionCache(4)
			ask("a full handshake without the CA", client(old, "HTTP/1.1", false), 0, false)
		})
		ask("the new CA's", client(fresh, "HTTP/1.1", false), 200, false)
		// Without its CAs the listener would be open.
		for _, broken := range []string{"", "\n"} {
			r.reload(record.Reload{Error: "not_compiled"}, func() {
				if broken == "" {
					r.remove("clients.pem")
				} else {
					r.write("clients.pem", broken)
				}
			})
			ask("the CA's, kept", client(fresh, "HTTP/1.1", false), 200, true)
			bare, _ := r.client("HTTP/1.1")
			ask("no certificate", bare, 0, false)
		}
	}
	r.stopReloads()
}
