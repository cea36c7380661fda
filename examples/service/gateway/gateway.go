// Package gateway shows how a service checks what gwctl says about a request:
// the assertion, a JWT that gwctl has signed for this one request.
//
// Make one [Verifier] with [New] and wrap the service's handler with
// [Verifier.Require]; a handler finds who asks with [From]. Copy it, or do the
// same with any JOSE library. It believes no header but the assertion, so it
// stays right when a request comes past gwctl.
package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

const (
	header    = "X-Gwctl-Assertion"
	kind      = "gwctl-assertion+jwt"
	leeway    = 30 * time.Second
	refetch   = 10 * time.Second // the shortest time between two fetches of keys
	maxHeader = 8 << 10
	maxKeys   = 64 << 10
)

// Identity is who asks, and what was decided.
type Identity struct {
	Subject   string   `json:"sub"` // "" for nobody: the request is anonymous and allowed
	Tenant    string   `json:"tenant"`
	Roles     []string `json:"roles"`
	RequestID string   `json:"request_id"`
	Decision  string   `json:"jti"`
}

// statement is the whole assertion.
type statement struct {
	Identity
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	Issued   int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	Method   string `json:"method"`
	Host     string `json:"host"`
	Path     string `json:"path"`
}

// Verifier checks assertions. It may be used by any number of goroutines.
type Verifier struct {
	url, issuer, audience string
	client                *http.Client
	clock                 func() time.Time

	mu      sync.Mutex
	keys    jose.JSONWebKeySet
	fetched time.Time
}

// New makes a Verifier. The keys are those of gwctl's health listener, as in
// http://127.0.0.1:9900/.well-known/gwctl-jwks.json; the client needs a
// timeout. Issuer and audience are exactly those of gwctl's configuration.
func New(keysURL, issuer, audience string, client *http.Client, clock func() time.Time) *Verifier {
	return &Verifier{url: keysURL, issuer: issuer, audience: audience, client: client, clock: clock}
}

// Check gives the identity in a request's assertion, or why it is not believed.
func (v *Verifier) Check(r *http.Request) (*Identity, error) {
	values := r.Header.Values(header)
	if len(values) != 1 || len(values[0]) > maxHeader {
		return nil, errors.New("there is not exactly one assertion")
	}
	token, err := jose.ParseSignedCompact(values[0], []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return nil, fmt.Errorf("reading the assertion: %w", err)
	}
	protected := token.Signatures[0].Protected
	if protected.ExtraHeaders[jose.HeaderType] != kind {
		return nil, errors.New("it is a token of another kind")
	}
	key, err := v.key(r.Context(), protected.KeyID)
	if err != nil {
		return nil, err
	}
	payload, err := token.Verify(key)
	if err != nil {
		return nil, fmt.Errorf("checking the signature: %w", err)
	}
	var s statement
	if err := json.Unmarshal(payload, &s); err != nil {
		return nil, fmt.Errorf("reading the assertion: %w", err)
	}
	now := v.clock()
	switch {
	case s.Issuer != v.issuer || s.Audience != v.audience:
		return nil, errors.New("it is from or for somebody else")
	case now.After(time.Unix(s.Expires, 0).Add(leeway)), now.Before(time.Unix(s.Issued, 0).Add(-leeway)):
		return nil, errors.New("it is not of this moment")
	case s.Method != r.Method, s.Host != r.Host, s.Path != r.URL.EscapedPath():
		return nil, errors.New("it is about another request")
	}
	return &s.Identity, nil
}

// key gives the key of an id. An id that is not known has the keys fetched
// again, but not for everybody who sends one.
func (v *Verifier) key(ctx context.Context, id string) (*jose.JSONWebKey, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if found := v.keys.Key(id); len(found) == 1 && v.clock().Sub(v.fetched) < 5*time.Minute {
		return &found[0], nil
	}
	if v.fetched.IsZero() || v.clock().Sub(v.fetched) >= refetch {
		if err := v.fetch(ctx); err != nil {
			return nil, err
		}
	}
	if found := v.keys.Key(id); len(found) == 1 {
		return &found[0], nil
	}
	return nil, errors.New("nobody knows its key")
}

func (v *Verifier) fetch(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.url, nil)
	if err != nil {
		return fmt.Errorf("fetching the keys: %w", err)
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return fmt.Errorf("fetching the keys: %w", err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxKeys))
	if err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("fetching the keys: status %d, %w", resp.StatusCode, err)
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(data, &keys); err != nil {
		return fmt.Errorf("reading the keys: %w", err)
	}
	v.keys, v.fetched = keys, v.clock()
	return nil
}

type identityKey struct{}

// Require refuses what no assertion vouches for.
func (v *Verifier) Require(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		identity, err := v.Check(r)
		if err != nil {
			http.Error(w, "this request did not come through the gateway", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), identityKey{}, identity)))
	})
}

// From gives the identity of a request that Require let through.
func From(r *http.Request) *Identity {
	identity, _ := r.Context().Value(identityKey{}).(*Identity)
	return identity
}
