package authn

import (
	"bytes"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

const (
	defaultMaxToken = 8 << 10
	hardMaxToken    = 16 << 10
	maxHeader       = 2 << 10
	maxKeyID        = 256
)

// VerifyCompact checks one JWS in compact serialization (RFC 7515 section 7.1)
// and gives its payload, which need not be JSON. The header must name one of the
// algorithms; the key is the one with the header's kid or, without a kid, the
// only one in the set that fits the algorithm. A secret ([]byte key) serves HS256,
// HS384 and HS512, must be as long as the hash, and cannot share a set with
// public keys.
//
// The error is a [*Refused]. Tokens over 16 KiB are refused unread.
func VerifyCompact(token string, keys jose.JSONWebKeySet, algorithms []string) ([]byte, error) {
	c, err := parseCompact(token, hardMaxToken)
	if err != nil {
		return nil, err
	}
	if err := c.readHeader(); err != nil {
		return nil, err
	}
	if !slices.Contains(algorithms, c.alg) {
		return nil, refuse(ReasonAlgorithmNotAllowed, "alg is not in the list")
	}
	return c.verifyWith(keys)
}

// verifyWith checks the signature with the one key of a set that is meant.
func (c *compact) verifyWith(keys jose.JSONWebKeySet) ([]byte, error) {
	ring, _ := newKeyring(keys.Keys)
	key, found := ring.pick(c.keyID, c.hasKeyID, c.alg)
	switch found {
	case keyUnfit:
		return nil, refuse(ReasonAlgorithmNotAllowed, "the key is not for this alg")
	case keyFound:
		return c.verify(key)
	}
	return nil, refuse(ReasonKeyUnknown, "no single key for this kid and alg")
}

// compact is a token taken apart. Nothing in it is verified until verify has
// returned.
type compact struct {
	token   string
	header  []byte
	payload []byte

	// Set by readHeader.
	params   object // the header
	alg      string
	typ      string // lower case, without "application/"
	keyID    string
	hasKeyID bool
	ignored  []string
}

// parseCompact takes a token apart if it is the one canonical spelling of its
// bytes. The size comes first: nothing is allocated for a token over the limit.
func parseCompact(token string, limit int) (*compact, error) {
	if len(token) > limit {
		return nil, refuse(ReasonTokenTooLarge, "token is over the limit")
	}
	// The decoder skips line breaks even in strict mode, so the alphabet is
	// checked apart from it.
	dots := 0
	for i := range len(token) {
		switch c := token[i]; {
		case c == '.':
			dots++
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return nil, refuse(ReasonTokenMalformed, "token has a byte outside base64url")
		}
	}
	if dots != 2 {
		return nil, refuse(ReasonTokenMalformed, "token is not header.payload.signature")
	}
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	c := &compact{token: token}
	var errs [3]error
	c.header, errs[0] = base64.RawURLEncoding.Strict().DecodeString(header)
	c.payload, errs[1] = base64.RawURLEncoding.Strict().DecodeString(payload)
	_, errs[2] = base64.RawURLEncoding.Strict().DecodeString(signature)
	if errors.Join(errs[:]...) != nil {
		return nil, refuse(ReasonTokenMalformed, "token is not canonical base64url")
	}
	return c, nil
}

// readHeader reads the JOSE header and refuses what changes the meaning of the
// token in a way that is not supported.
func (c *compact) readHeader() error {
	if len(c.header) > maxHeader {
		return refuse(ReasonTokenMalformed, "header is over the limit")
	}
	o, err := parseObject(c.header)
	if err != nil {
		return &Refused{Reason: ReasonTokenMalformed, Err: err}
	}
	alg, _, algErr := o.text("alg")
	keyID, hasKeyID, kidErr := o.text("kid")
	typ, _, typErr := o.text("typ")
	cty, _, ctyErr := o.text("cty")
	if errors.Join(algErr, kidErr, typErr, ctyErr) != nil {
		return refuse(ReasonTokenMalformed, "alg, kid, typ or cty is not a string")
	}
	if hasKeyID && !goodKeyID(keyID) {
		return refuse(ReasonTokenMalformed, "kid is empty, too long or has control characters")
	}
	for _, name := range [...]string{"enc", "zip"} {
		if _, jwe := o.get(name); jwe {
			return refuse(ReasonTokenMalformed, "header belongs to an encrypted token")
		}
	}
	// RFC 7797: b64 counts only inside crit, but libraries obey it without.
	for _, name := range [...]string{"crit", "b64"} {
		if _, present := o.get(name); present {
			return refuse(ReasonCritNotSupported, "header has "+name)
		}
	}
	if mediaType(cty) == "jwt" {
		return refuse(ReasonNestedNotSupported, "the payload is another token")
	}
	for _, name := range [...]string{"jku", "x5u", "jwk", "x5c"} {
		if _, present := o.get(name); present {
			c.ignored = append(c.ignored, name)
		}
	}
	c.params = o
	c.alg, c.typ, c.keyID, c.hasKeyID = alg, mediaType(typ), keyID, hasKeyID
	return nil
}

// verify checks the signature with a key that fits c.alg.
func (c *compact) verify(key jose.JSONWebKey) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(c.token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(c.alg)})
	if err != nil {
		// Its text may quote the header.
		return nil, refuse(ReasonTokenMalformed, "header is not acceptable")
	}
	verifier := key.Key
	if public, ok := verifier.(*rsa.PublicKey); ok && strings.HasPrefix(c.alg, "PS") {
		verifier = pssVerifier{public}
	}
	payload, err := jws.Verify(verifier)
	if err != nil || !bytes.Equal(payload, c.payload) {
		return nil, refuse(ReasonSignatureInvalid, "signature does not verify")
	}
	return payload, nil
}

// mediaType folds a typ or cty value as RFC 7515 section 4.1.9 compares them.
func mediaType(s string) string {
	return strings.TrimPrefix(strings.ToLower(s), "application/")
}

func goodKeyID(kid string) bool {
	return kid != "" && len(kid) <= maxKeyID && !strings.ContainsFunc(kid, func(r rune) bool { return r < 0x20 || r == 0x7f })
}
