package sidecar_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// holder has a DPoP key and makes proofs with it.
type holder struct {
	testing.TB
	key   *ecdsa.PrivateKey
	made  int
	nonce string // that the next proofs have
}

func newHolder(t testing.TB) *holder { return &holder{TB: t, key: newKey(t)} }

func base64URL(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// jwk is the public key, in the form that RFC 7638 hashes.
func (h *holder) jwk() string {
	h.Helper()
	point, err := h.key.PublicKey.Bytes()
	if err != nil {
		h.Fatal(err)
	}
	return fmt.Sprintf(`{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`, base64URL(point[1:33]), base64URL(point[33:]))
}

// cnf binds a token to the key: a member of its claims.
func (h *holder) cnf() string {
	sum := sha256.Sum256([]byte(h.jwk()))
	return fmt.Sprintf(`"cnf":{"jkt":"%s"}`, base64URL(sum[:]))
}

// proof makes one for a request with a token. Pairs of claims and values change
// it.
func (h *holder) proof(token, method, uri string, changes ...any) string {
	h.Helper()
	h.made++
	hash := sha256.Sum256([]byte(token))
	claims := map[string]any{"jti": fmt.Sprint("proof-", h.made), "htm": method, "htu": uri, "iat": time.Now().Unix(), "ath": base64URL(hash[:])}
	if h.nonce != "" {
		claims["nonce"] = h.nonce
	}
	for i := 0; i+1 < len(changes); i += 2 {
		claims[changes[i].(string)] = changes[i+1]
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		h.Fatal(err)
	}
	input := base64URL([]byte(`{"typ":"dpop+jwt","alg":"ES256","jwk":`+h.jwk()+`}`)) + "." + base64URL(payload)
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, h.key, sum[:])
	if err != nil {
		h.Fatal(err)
	}
	return input + "." + base64URL(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// shows gives the two headers of a request.
func (h *holder) shows(token, method, uri string, changes ...any) []string {
	h.Helper()
	return []string{"Authorization: DPoP " + token, "DPoP: " + h.proof(token, method, uri, changes...)}
}
