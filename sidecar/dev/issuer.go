// Package dev holds the counterparts that `gwctl serve --dev` brings along: an
// OpenID issuer in memory and an upstream that answers with what it received.
//
// Make an [Issuer] with [NewIssuer], open a listener, tell the issuer its
// address with [Issuer.SetURL], and serve [Issuer.Handler]. The sidecar then
// uses it like any other issuer, through discovery and the published key.
// [Echo] is the upstream.
//
// Nothing here is for production: whoever reaches the issuer gets a token for
// any of its users without proving anything. It therefore answers only to a
// loopback Host or to the one of its own URL, so that no web page can reach it
// through a name of its own. The key is made at start and never stored.
package dev

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const maxName = 128 // bytes of a user's name in a path

// ErrNoURL is returned before SetURL: a token needs its issuer.
var ErrNoURL = errors.New("the issuer has no URL yet")

// Issuer signs tokens with one ES256 key and publishes what is needed to check
// them. Its methods may be called from any goroutine.
type Issuer struct {
	now    func() time.Time
	users  func(name string) (TokenSpec, bool)
	signer jose.Signer
	keys   []byte // the JWK set
	url    atomic.Pointer[url.URL]
}

// NewIssuer makes a key and an issuer that uses it. users gives the token to
// mint for GET /token/{name}; it may be nil for none. It returns an error only
// if the key cannot be made.
func NewIssuer(clock func() time.Time, users func(name string) (TokenSpec, bool)) (*Issuer, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the key of the dev issuer: %w", err)
	}
	public := jose.JSONWebKey{Key: private.Public(), Algorithm: string(jose.ES256), Use: "sig"}
	thumb, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("name the key of the dev issuer: %w", err)
	}
	public.KeyID = base64.RawURLEncoding.EncodeToString(thumb)
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public}})
	if err != nil {
		return nil, fmt.Errorf("publish the key of the dev issuer: %w", err)
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: private, KeyID: public.KeyID}},
		new(jose.SignerOptions).WithType("at+jwt"))
	if err != nil {
		return nil, fmt.Errorf("use the key of the dev issuer: %w", err)
	}
	if users == nil {
		users = func(string) (TokenSpec, bool) { return TokenSpec{}, false }
	}
	return &Issuer{now: clock, users: users, signer: signer, keys: keys}, nil
}

// SetURL tells the issuer where it is served: "http://127.0.0.1:PORT", without
// a path, query or trailing slash. It is the `iss` of every token.
func (i *Issuer) SetURL(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil {
		return fmt.Errorf("set the URL of the dev issuer: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.Scheme+"://"+u.Host != issuer {
		return fmt.Errorf("set the URL of the dev issuer: %q is not of the form http://HOST:PORT", issuer)
	}
	i.url.Store(u)
	return nil
}

// Handler serves, for GET and HEAD:
//
//	/.well-known/openid-configuration  discovery (OpenID Connect Discovery 1.0, section 4)
//	/jwks                              the public key (RFC 7517)
//	/token/{name}                      a fresh token of a named user, as text
//
// It answers 503 before SetURL and 421 to a Host that is neither loopback nor
// that of the URL.
func (i *Issuer) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.discovery)
	mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, _ *http.Request) { replyJSON(w, i.keys) })
	mux.HandleFunc("GET /token/{name}", i.token)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		u := i.url.Load()
		switch {
		case u == nil:
			http.Error(w, ErrNoURL.Error(), http.StatusServiceUnavailable)
		case r.Host != u.Host && !isLoopback(r.Host):
			http.Error(w, "the dev issuer answers to loopback names only", http.StatusMisdirectedRequest)
		default:
			mux.ServeHTTP(w, r)
		}
	})
}

// discovery announces no authorization endpoint, as there is none.
func (i *Issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	issuer := i.url.Load().String()
	text, err := json.Marshal(struct {
		Issuer        string   `json:"issuer"`
		JWKS          string   `json:"jwks_uri"`
		ResponseTypes []string `json:"response_types_supported"`
		GrantTypes    []string `json:"grant_types_supported"`
		SubjectTypes  []string `json:"subject_types_supported"`
		Algorithms    []string `json:"id_token_signing_alg_values_supported"`
	}{issuer, issuer + "/jwks", []string{}, []string{}, []string{"public"}, []string{string(jose.ES256)}})
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	replyJSON(w, text)
}

func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	var spec TokenSpec
	known := false
	if len(name) <= maxName {
		spec, known = i.users(name)
	}
	if !known {
		http.Error(w, "no such user", http.StatusNotFound)
		return
	}
	token, err := i.Token(spec)
	if err != nil {
		// Its reader is the developer who wrote the user's claims.
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, token+"\n")
}

func replyJSON(w http.ResponseWriter, text []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Write(text)
}

func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.Unmap().IsLoopback()
}
