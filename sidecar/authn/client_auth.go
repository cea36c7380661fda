package authn

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Ways in which a client authenticates (OpenID Connect Core 1.0 section 9).
const (
	ClientSecretBasic = "client_secret_basic"
	ClientSecretPost  = "client_secret_post"
	PrivateKeyJWT     = "private_key_jwt"
)

// ClientAuth is how gwctl authenticates to an identity provider. It prints as a
// fixed text.
type ClientAuth struct {
	// Method is one of the constants above; "" means ClientSecretBasic.
	Method string
	// ID is the client id.
	ID string
	// Secret is the client secret, for the two methods that need one.
	Secret string
	// Key is the private key in PEM (PKCS #8, PKCS #1 or SEC 1), for
	// PrivateKeyJWT: RSA of 2048 bits or more, P-256 or Ed25519.
	Key string
	// KeyID is the kid that the provider knows the key by; "" for none.
	KeyID string
	// Audience is the aud of the assertion; "" means the URL that is called.
	Audience string
}

// Format prints a fixed text under every verb.
func (a ClientAuth) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedCredentials) }

const assertionLifetime = time.Minute

// clientAuth puts the client's credentials into a form request.
type clientAuth struct {
	cfg    ClientAuth
	signer jose.Signer
}

func newClientAuth(cfg ClientAuth) (*clientAuth, error) {
	if cfg.Method == "" {
		cfg.Method = ClientSecretBasic
	}
	a := &clientAuth{cfg: cfg}
	switch {
	case cfg.ID == "":
		return nil, errors.New("client id is missing")
	case cfg.Method == PrivateKeyJWT:
		if cfg.Secret != "" {
			return nil, errors.New("private_key_jwt takes a key and no secret")
		}
		var err error
		a.signer, err = assertionSigner(cfg)
		return a, err
	case cfg.Method != ClientSecretBasic && cfg.Method != ClientSecretPost:
		return nil, fmt.Errorf("client authentication %q is not known", cfg.Method)
	case cfg.Secret == "" || cfg.Key != "":
		return nil, errors.New(cfg.Method + " takes a secret and no key")
	}
	return a, nil
}

func assertionSigner(cfg ClientAuth) (jose.Signer, error) {
	block, rest := pem.Decode([]byte(cfg.Key))
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("the key is not one block of PEM")
	}
	key, err := parsePrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the key is no private key that can be used") // the cause may quote it
	}
	var alg jose.SignatureAlgorithm
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if weakRSA(&k.PublicKey) {
			return nil, errors.New("the key is too weak")
		}
		alg = jose.RS256
	case *ecdsa.PrivateKey:
		if k.Curve != elliptic.P256() {
			return nil, errors.New("the key is on another curve than P-256")
		}
		alg = jose.ES256
	case ed25519.PrivateKey:
		alg = jose.EdDSA
	default:
		return nil, errors.New("the key is of a kind that is not supported")
	}
	opts := (&jose.SignerOptions{}).WithType("JWT")
	if cfg.KeyID != "" {
		opts = opts.WithHeader("kid", cfg.KeyID)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, opts)
	if err != nil {
		return nil, errors.New("the key cannot sign")
	}
	return signer, nil
}

func parsePrivateKey(der []byte) (crypto.PrivateKey, error) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	return x509.ParseECPrivateKey(der)
}

// assertion is the payload of RFC 7523 section 3.
type assertion struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	ID       string `json:"jti"`
	Issued   int64  `json:"iat"`
	Expires  int64  `json:"exp"`
}

// apply adds the credentials to the form, or to the header of its request.
func (a *clientAuth) apply(form url.Values, header http.Header, endpoint string, now time.Time) error {
	switch a.cfg.Method {
	case ClientSecretBasic:
		// RFC 6749 section 2.3.1: encoded as a form before they are joined.
		pair := url.QueryEscape(a.cfg.ID) + ":" + url.QueryEscape(a.cfg.Secret)
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
		return nil
	case ClientSecretPost:
		form.Set("client_id", a.cfg.ID)
		form.Set("client_secret", a.cfg.Secret)
		return nil
	}
	audience := a.cfg.Audience
	if audience == "" {
		audience = endpoint
	}
	payload, err := json.Marshal(assertion{
		Issuer: a.cfg.ID, Subject: a.cfg.ID, Audience: audience, ID: rand.Text(),
		Issued: now.Unix(), Expires: now.Add(assertionLifetime).Unix(),
	})
	if err != nil {
		return fmt.Errorf("write the client assertion: %w", err)
	}
	jws, err := a.signer.Sign(payload)
	if err != nil {
		return fmt.Errorf("sign the client assertion: %w", err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		return fmt.Errorf("write the client assertion: %w", err)
	}
	form.Set("client_id", a.cfg.ID)
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", text)
	return nil
}
