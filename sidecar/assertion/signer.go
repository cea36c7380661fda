package assertion

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// Type is the `typ` of the statements, which no access token has.
const Type = "gwctl-assertion+jwt"

// MaxBytes bounds a statement, as headers are bounded.
const MaxBytes = 8 << 10

// ErrTooLarge is a statement that no header could carry.
var ErrTooLarge = errors.New("the assertion is too large for a header")

// Options are what a Signer is made of. All but Publish are required.
type Options struct {
	Key      []byte   // private P-256 key in PEM (PKCS #8 or SEC 1)
	Publish  [][]byte // further P-256 keys in PEM, private or public, that are published and do not sign
	Issuer   string
	Lifetime time.Duration
	Clock    func() time.Time
}

// Statement is what is said about one request.
type Statement struct {
	Audience  string   `json:"aud"`
	Subject   string   `json:"sub,omitempty"` // user id; "" for nobody
	Tenant    string   `json:"tenant,omitempty"`
	Roles     []string `json:"roles,omitempty"`
	Method    string   `json:"method"`
	Host      string   `json:"host"`
	Path      string   `json:"path"` // canonical, without the query
	RequestID string   `json:"request_id"`
	Decision  string   `json:"jti"` // id of the decision
}

// payload adds what every statement of a Signer says. Times are seconds.
type payload struct {
	Issuer  string `json:"iss"`
	Issued  int64  `json:"iat"`
	Expires int64  `json:"exp"`
	Statement
}

// Signer signs statements with one key. It may be used by any number of
// goroutines.
type Signer struct {
	o      Options
	signer jose.Signer
	own    jose.JSONWebKey
	others []jose.JSONWebKey
}

// New makes a Signer. The error never repeats what is in a key.
func New(o Options) (*Signer, error) {
	private, public, err := parse(o.Key)
	if err == nil && private == nil {
		err = errors.New("the key that signs is not a private one")
	}
	if err != nil {
		return nil, err
	}
	s := &Signer{o: o}
	if s.own, err = published(public); err != nil {
		return nil, err
	}
	for _, data := range o.Publish {
		_, public, err := parse(data)
		if err != nil {
			return nil, fmt.Errorf("a further key: %w", err)
		}
		k, err := published(public)
		if err != nil {
			return nil, err
		}
		if k.KeyID != s.own.KeyID {
			s.others = append(s.others, k)
		}
	}
	s.signer, err = jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: private, KeyID: s.own.KeyID}},
		(&jose.SignerOptions{}).WithType(Type))
	if err != nil {
		return nil, fmt.Errorf("making the signer: %w", err)
	}
	return s, nil
}

// Sign gives the statement as a compact JWS. The error may be ErrTooLarge.
func (s *Signer) Sign(st Statement) (string, error) {
	now := s.o.Clock().Unix()
	data, err := json.Marshal(payload{Issuer: s.o.Issuer, Issued: now, Expires: now + int64(s.o.Lifetime/time.Second), Statement: st})
	if err != nil {
		return "", fmt.Errorf("encoding the assertion: %w", err)
	}
	if len(data) > MaxBytes {
		return "", ErrTooLarge // and not worth a signature
	}
	signed, err := s.signer.Sign(data)
	if err != nil {
		return "", fmt.Errorf("signing the assertion: %w", err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("signing the assertion: %w", err)
	}
	if len(text) > MaxBytes {
		return "", ErrTooLarge
	}
	return text, nil
}

// published gives a key as it stands in the key set; its id is its thumbprint
// (RFC 7638).
func published(key *ecdsa.PublicKey) (jose.JSONWebKey, error) {
	k := jose.JSONWebKey{Key: key, Algorithm: string(jose.ES256), Use: "sig"}
	sum, err := k.Thumbprint(crypto.SHA256)
	if err != nil {
		return k, fmt.Errorf("naming the key: %w", err)
	}
	k.KeyID = base64.RawURLEncoding.EncodeToString(sum)
	return k, nil
}

// parse reads one P-256 key; private is nil for a public one.
func parse(data []byte) (private *ecdsa.PrivateKey, public *ecdsa.PublicKey, err error) {
	block, rest := pem.Decode(data)
	if block != nil && block.Type == "EC PARAMETERS" { // openssl ecparam writes it first
		block, rest = pem.Decode(rest)
	}
	if block == nil {
		return nil, nil, errors.New("there is no key in PEM")
	}
	if more, _ := pem.Decode(rest); more != nil {
		return nil, nil, errors.New("there is more than one key in PEM")
	}
	var key any
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	default:
		return nil, nil, fmt.Errorf("a block of type %q is no key", block.Type)
	}
	if err != nil {
		return nil, nil, errors.New("the key cannot be parsed")
	}
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		private, public = k, &k.PublicKey
	case *ecdsa.PublicKey:
		public = k
	}
	if public == nil || public.Curve != elliptic.P256() {
		return nil, nil, errors.New("the key is not one on the curve P-256")
	}
	return private, public, nil
}
