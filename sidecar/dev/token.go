package dev

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	strict "github.com/go-jose/go-jose/v4/json"
)

const (
	defaultLifetime = time.Hour
	maxLifetime     = 24 * time.Hour
	maxToken        = 8 << 10 // bytes; the sidecar takes no longer one
	clientID        = "gwctl-dev"
)

// TokenSpec says what a token claims.
type TokenSpec struct {
	Subject  string // sub; required
	Audience string // aud; required

	// Claims is a JSON object of further claims, or empty. It cannot set sub,
	// aud, iss, iat, exp or jti, and in no object a name may appear twice.
	Claims json.RawMessage

	Lifetime time.Duration // whole seconds up to 24 h; 0 is 1 h
}

// Token mints an access token (RFC 9068, `typ` at+jwt) with sub, iss, aud,
// client_id, iat, exp, a random jti and the claims of spec. It returns ErrNoURL
// before SetURL.
func (i *Issuer) Token(spec TokenSpec) (string, error) {
	u := i.url.Load()
	if u == nil {
		return "", ErrNoURL
	}
	payload, err := spec.payload(u.String(), i.now())
	if err != nil {
		return "", fmt.Errorf("mint token: %w", err)
	}
	signed, err := i.signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("mint token: %w", err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("mint token: %w", err)
	}
	if len(token) > maxToken {
		return "", fmt.Errorf("mint token: %d bytes, the sidecar takes %d at most", len(token), maxToken)
	}
	return token, nil
}

func (s TokenSpec) payload(issuer string, now time.Time) ([]byte, error) {
	lifetime := s.Lifetime
	if lifetime == 0 {
		lifetime = defaultLifetime
	}
	switch {
	case s.Subject == "":
		return nil, errors.New("the subject is empty")
	case s.Audience == "":
		return nil, errors.New("the audience is empty")
	case lifetime < time.Second || lifetime > maxLifetime:
		return nil, fmt.Errorf("a lifetime of %v is not between 1s and %v", lifetime, maxLifetime)
	}
	all := map[string]any{
		"sub": s.Subject, "iss": issuer, "aud": s.Audience,
		"iat": now.Unix(), "exp": now.Unix() + int64(lifetime/time.Second), "jti": rand.Text(),
	}
	claims, err := s.claims()
	if err != nil {
		return nil, fmt.Errorf("read the claims: %w", err)
	}
	for name, value := range claims {
		if _, taken := all[name]; taken {
			return nil, fmt.Errorf("the claims set %s, which is the issuer's", name)
		}
		all[name] = value
	}
	if _, set := all["client_id"]; !set {
		all["client_id"] = clientID
	}
	return json.Marshal(all)
}

func (s TokenSpec) claims() (claims map[string]json.RawMessage, err error) {
	if len(s.Claims) == 0 {
		return nil, nil
	}
	if len(s.Claims) > maxToken {
		return nil, fmt.Errorf("%d bytes do not fit into a token", len(s.Claims))
	}
	// This decoder refuses a name that appears twice, at any depth it reads.
	var tree any
	if err := strict.Unmarshal(s.Claims, &tree); err != nil {
		return nil, err
	}
	if _, ok := tree.(map[string]any); !ok {
		return nil, errors.New("not an object")
	}
	err = json.Unmarshal(s.Claims, &claims) // as text, so that numbers keep theirs
	return claims, err
}
