package authn

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
)

// The members of cnf that are understood: values of [Binding.Member].
const (
	BoundToCertificate = "x5t#S256" // RFC 8705 section 3.1
	BoundToKey         = "jkt"      // RFC 9449 section 6.1
)

// confirmation is what a token is bound to (RFC 7800). The zero value is nothing:
// whoever has the token may use it.
type confirmation struct {
	member     string // one of the constants above
	thumbprint [sha256.Size]byte
}

// readConfirmation reads cnf, whether or not anything about it is configured: a
// bound token that is taken without its proof is a stolen token that works.
// Exactly one member must be there and be understood, so that no reader can
// believe the token bound to something that was not looked at.
func readConfirmation(claims object) (confirmation, error) {
	raw, bound := claims.get("cnf")
	if !bound {
		return confirmation{}, nil
	}
	bad := func(detail string) (confirmation, error) {
		return confirmation{}, refuse(ReasonConfirmationUnsupported, detail)
	}
	if raw[0] != '{' {
		return bad("cnf is not an object")
	}
	cnf, err := parseObject(raw)
	if err != nil || len(cnf) != 1 {
		return bad("cnf has not exactly one member")
	}
	c := confirmation{member: cnf[0].name}
	if c.member != BoundToCertificate && c.member != BoundToKey {
		return bad("cnf has a member that is not known")
	}
	text, _, err := cnf.text(c.member)
	if err != nil || !decodeThumbprint(text, &c.thumbprint) {
		return bad("cnf has no SHA-256 thumbprint in base64url")
	}
	return c, nil
}

// decodeThumbprint reads a SHA-256 hash in its one spelling.
func decodeThumbprint(text string, to *[sha256.Size]byte) bool {
	if len(text) != base64.RawURLEncoding.EncodedLen(sha256.Size) {
		return false
	}
	// The decoder skips line breaks, and would then give fewer bytes.
	n, err := base64.RawURLEncoding.Strict().Decode(to[:], []byte(text))
	return err == nil && n == sha256.Size
}

// is compares in constant time.
func (c confirmation) is(thumbprint [sha256.Size]byte) bool {
	return subtle.ConstantTimeCompare(c.thumbprint[:], thumbprint[:]) == 1
}

// checkCertificate holds a token to the certificate of the connection (RFC 8705
// section 3). That the client has its key, the handshake has shown.
func (c confirmation) checkCertificate(cert *x509.Certificate) error {
	switch {
	case cert == nil:
		return refuse(ReasonCertificateRequired, "the token is bound to a certificate, and the connection has none")
	case !c.is(sha256.Sum256(cert.Raw)):
		return refuse(ReasonCertificateMismatch, "the token is bound to another certificate")
	}
	return nil
}

// Binding is what a token is bound to.
type Binding struct {
	Member     string // BoundToCertificate or BoundToKey
	Thumbprint string // SHA-256 of it in base64url
}

// binding gives what a token is bound to, nil for nothing.
func (c confirmation) binding() *Binding {
	if c.member == "" {
		return nil
	}
	return &Binding{c.member, base64.RawURLEncoding.EncodeToString(c.thumbprint[:])}
}
