package authn

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func pemOf(key any) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(key))}))
}

// RFC 6749 section 2.3.1: what Basic would take apart is encoded before.
func TestClientSecret(t *testing.T) {
	asking(t, func(c *IntrospectionConfig) { c.Auth = ClientAuth{ID: "g:w", Secret: "p% 1:ä"} }, func(t *testing.T, a *authorizer, m *Introspection) {
		wantOutcome(t, m, bearing("t"), "ok")
		if want := "Basic ZyUzQXc6cCUyNSsxJTNBJUMzJUE0"; a.auth != want || a.last.Has("client_secret") {
			t.Errorf("Authorization %q, form %v", a.auth, a.last)
		}
	})
	asking(t, func(c *IntrospectionConfig) {
		c.Auth = ClientAuth{Method: ClientSecretPost, ID: "g:w", Secret: "p% 1:ä"}
	}, func(t *testing.T, a *authorizer, m *Introspection) {
		wantOutcome(t, m, bearing("t"), "ok")
		if a.auth != "" || a.last.Get("client_id") != "g:w" || a.last.Get("client_secret") != "p% 1:ä" {
			t.Errorf("Authorization %q, form %v", a.auth, a.last)
		}
	})
}

// RFC 7523: each request has an assertion of its own.
func TestPrivateKeyJWT(t *testing.T) {
	keys := map[string]crypto.Signer{"RS256": rsaKey(), "ES256": ecKey(), "EdDSA": edKey()}
	for alg, key := range keys {
		asking(t, func(c *IntrospectionConfig) {
			c.Auth = ClientAuth{Method: PrivateKeyJWT, ID: "gw", Key: pemOf(key), KeyID: "k7"}
		}, func(t *testing.T, a *authorizer, m *Introspection) {
			ids := map[string]bool{}
			for i := range 2 {
				wantOutcome(t, m, bearing(fmt.Sprint("t-", i)), "ok")
				if a.auth != "" || a.last.Has("client_secret") || a.last.Get("client_id") != "gw" ||
					a.last.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
					t.Fatalf("%s: form %v", alg, a.last)
				}
				set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k7"}}}
				payload, err := VerifyCompact(a.last.Get("client_assertion"), set, []string{alg})
				if err != nil {
					t.Fatalf("%s: %v", alg, err)
				}
				o := must(parseObject(payload))
				iss, _, _ := o.text("iss")
				sub, _, _ := o.text("sub")
				aud, _, _ := o.text("aud")
				jti, _, _ := o.text("jti")
				exp, _, _ := o.integer("exp")
				if iss != "gw" || sub != "gw" || aud != endpoint || jti == "" || ids[jti] || exp != time.Now().Add(time.Minute).Unix() {
					t.Errorf("%s: assertion %s", alg, payload)
				}
				ids[jti] = true
			}
		})
	}
}

func TestClientAuthRefuses(t *testing.T) {
	good := pemOf(ecKey())
	for name, key := range map[string]string{
		"none": "", "no PEM": "s3cret", "two": good + good, "cut": strings.Replace(good, "M", "", 1),
		"another curve": pemOf(p521Key()),
		"a public key":  string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(ecKey().Public()))})),
	} {
		if _, err := newClientAuth(ClientAuth{Method: PrivateKeyJWT, ID: "gw", Key: key}); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"PKCS 8": good,
		"SEC 1":  string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: must(x509.MarshalECPrivateKey(ecKey()))})),
		"PKCS 1": string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey())})) + "\n",
	} {
		if _, err := newClientAuth(ClientAuth{Method: PrivateKeyJWT, ID: "gw", Key: text}); err != nil {
			t.Errorf("control: %s: %v", name, err)
		}
	}
}

// Over a real connection: A50, credentials do not follow a redirect; A89, a body
// without end is cut; A88, a body that comes slowly ends at the limit of time.
func TestIntrospectionOverTCP(t *testing.T) {
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("/good", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if id, secret, ok := r.BasicAuth(); !ok || id != "gw" || secret != "s3cret" || r.Method != http.MethodPost || r.FormValue("token") != "t" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = fmt.Fprint(w, activeAnswer().String())
	})
	mux.HandleFunc("/other", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/same", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/good", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for chunk := []byte(strings.Repeat(" ", 4<<10)); r.Context().Err() == nil; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"active":true,`))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	for path, want := range map[string]string{"/good": "ok", "/other": "broken", "/same": "broken", "/endless": "broken", "/slow": "broken"} {
		m := must(NewIntrospection(introspectionConfig(nil, func(c *IntrospectionConfig) {
			c.Endpoint, c.HTTP, c.Timeout = srv.URL+path, nil, 300*time.Millisecond
			if path == "/good" {
				c.Timeout = 10 * time.Second
			}
		})))
		began := time.Now()
		_, err := m.Authenticate(context.Background(), bearing("t"))
		_, broken := errors.AsType[*Broken](err)
		if (err == nil) != (want == "ok") || broken != (want == "broken") || path != "/good" && time.Since(began) > 5*time.Second {
			t.Errorf("%s: %v after %v", path, err, time.Since(began))
		}
		if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "Z3c6")) {
			t.Errorf("%s: the error repeats the credentials: %v", path, err)
		}
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("the other host was asked %d times", n)
	}
}

// Whatever a server answers, only JSON true makes a token pass, and what passes
// is one object with a user.
func FuzzIntrospectionAnswer(f *testing.F) {
	f.Add([]byte(`{"active":true,"sub":"alice","exp":4102444800}`))
	f.Add([]byte(`{"active":false}`))
	f.Add([]byte(`{"active":"true","sub":"alice"}`))
	f.Add([]byte(`{"active":true,"client_id":"shop","aud":["a","b"],"scope":"x"}`))
	f.Add([]byte(`{"active":true,"sub":"alice","cnf":{"jkt":"x"}}`))
	f.Add([]byte(`{"active":true,"sub":"alice","cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}`))
	f.Add([]byte(`[`))
	m := must(NewIntrospection(introspectionConfig(&authorizer{}, nil)))
	header := http.Header{"Content-Type": {"application/json"}}
	f.Fuzz(func(t *testing.T, body []byte) {
		now := time.Unix(1_800_000_000, 0)
		a, err := m.read(body, header, "t", now)
		if err != nil {
			return
		}
		if (a.refused == nil) == (a.id == nil) || a.until.Sub(now) > 60*time.Second {
			t.Fatalf("%+v", a)
		}
		if a.id == nil {
			return
		}
		o, err := parseObject(a.id.Claims)
		active, _ := o.get("active")
		sub, _, _ := o.text("sub")
		client, _, _ := o.text("client_id")
		_, bound := o.get("cnf")
		if err != nil || string(active) != "true" || sub+client == "" || bound != (a.claims.cnf.member != "") {
			t.Fatalf("passed: %s", body)
		}
	})
}
