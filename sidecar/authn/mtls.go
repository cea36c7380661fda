package authn

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"
)

// MTLSConfig configures [MTLS].
type MTLSConfig struct {
	// Name is the name of the method in the configuration.
	Name string
	// CAs are the certificates that one of a client must lead to; at least one.
	CAs []*x509.Certificate
	// Identity says which name in the certificate is the user: one of the Identity
	// constants.
	Identity string
	// TrustDomain is the SPIFFE trust domain of all users; for IdentitySPIFFE
	// only, and required there.
	TrustDomain string
	// Forwarded also takes certificates that trusted proxies forward.
	Forwarded bool
	// UserType is TypeHuman or TypeService; "" means TypeService.
	UserType string
	// Clock tells the time; nil means time.Now.
	Clock func() time.Time
}

// MTLS knows users by the certificate of their TLS connection (RFC 8705 section
// 2.1, SPIFFE X.509-SVID). It is a [Method]. Make a new one when the CAs change:
// what it keeps was verified with these.
type MTLS struct {
	cfg    MTLSConfig
	issuer string
	roots  *x509.CertPool
	kept   *table[*certified]
}

// certified is a certificate that led to a CA, and for how long it does.
type certified struct {
	from, to time.Time
	id       *Identity
}

var _ Method = (*MTLS)(nil)

const (
	maxCertified      = 8192
	maxCertifiedBytes = 32 << 20
)

// NewMTLS makes a method. The error lists everything that is wrong with cfg.
func NewMTLS(cfg MTLSConfig) (*MTLS, error) {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.UserType == "" {
		cfg.UserType = TypeService
	}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if cfg.Name == "" {
		bad("name is missing")
	}
	if len(cfg.CAs) == 0 {
		bad("there is no CA: no certificate could lead to one")
	}
	if !slices.Contains(CertificateIdentities(), cfg.Identity) {
		bad("identity %q is not known", cfg.Identity)
	}
	switch spiffe := cfg.Identity == IdentitySPIFFE; {
	case spiffe && !ValidTrustDomain(cfg.TrustDomain):
		bad("trust domain %q is none", cfg.TrustDomain)
	case !spiffe && cfg.TrustDomain != "":
		bad("a trust domain is for SPIFFE IDs only")
	}
	if cfg.UserType != TypeHuman && cfg.UserType != TypeService {
		bad("user type %q is neither %s nor %s", cfg.UserType, TypeHuman, TypeService)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("mtls method %q: %w", cfg.Name, err)
	}
	m := &MTLS{cfg: cfg, roots: x509.NewCertPool(), kept: newTable[*certified](maxCertified, maxCertifiedBytes)}
	for _, ca := range cfg.CAs {
		m.roots.AddCert(ca)
	}
	if cfg.TrustDomain != "" {
		m.issuer = spiffeScheme + cfg.TrustDomain
	}
	return m, nil
}

// Name is the name from the configuration.
func (m *MTLS) Name() string { return m.cfg.Name }

// Kind is [KindMTLS].
func (m *MTLS) Kind() string { return KindMTLS }

// Authenticate judges the certificate that the client has shown, anew for each
// request: that it was good when the connection began says nothing about now.
// One that leads to another CA is not this method's; the chain refuses it if it
// is nobody's.
func (m *MTLS) Authenticate(_ context.Context, c Credentials) (*Identity, error) {
	if len(c.Certificates) == 0 || c.Forwarded && !m.cfg.Forwarded {
		return nil, ErrNotMine
	}
	return m.judge(c.Certificates)
}

// Verified tells whether the method would take certificates that a trusted
// proxy forwards, the client's first.
func (m *MTLS) Verified(shown []*x509.Certificate) bool {
	if !m.cfg.Forwarded || len(shown) == 0 {
		return false
	}
	_, err := m.judge(shown)
	return err == nil
}

func (m *MTLS) judge(shown []*x509.Certificate) (*Identity, error) {
	now, key := m.cfg.Clock(), digest(sha256.Sum256(shown[0].Raw))
	// The end of a certificate is its last second (RFC 5280 section 4.1.2.5).
	if c, ok := m.kept.get(key); ok && !now.Before(c.from) && !now.After(c.to) {
		return c.id, nil
	}
	from, to, err := m.verify(shown, now)
	if err != nil {
		return nil, err
	}
	names, err := readNames(shown[0])
	if err != nil {
		return nil, err
	}
	user, err := m.identify(names)
	if err != nil {
		return nil, err
	}
	claims, err := certificateClaims(shown[0], names, user)
	if err != nil {
		return nil, err
	}
	print := CertificateSHA256(shown[0])
	id := &Identity{
		Method: KindMTLS, Name: m.cfg.Name, Source: SourceCertificate, Issuer: m.issuer, Type: m.cfg.UserType, Claims: claims,
		Expires: to, TokenFingerprint: "sha256:" + print[:12], CertificateSHA256: print,
	}
	m.kept.put(key, &certified{from: from, to: to, id: id}, identityBytes+claimsFactor*len(claims))
	return id, nil
}

// verify gives the time within which a certificate leads to one of the CAs.
func (m *MTLS) verify(shown []*x509.Certificate, now time.Time) (from, to time.Time, err error) {
	own := shown[0]
	o := x509.VerifyOptions{Roots: m.roots, Intermediates: x509.NewCertPool(), CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	for _, c := range shown[1:] {
		o.Intermediates.AddCert(c)
	}
	chains, err := own.Verify(o)
	if err != nil {
		return from, to, m.unverified(own, o, err)
	}
	const signs = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	switch {
	// Verify also takes a certificate that says nothing of its use.
	case !slices.Contains(own.ExtKeyUsage, x509.ExtKeyUsageClientAuth):
		return from, to, refuse(ReasonCertificateUsage, "the certificate is not for clients (clientAuth)")
	case own.IsCA, own.KeyUsage&signs != 0, own.KeyUsage != 0 && own.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return from, to, refuse(ReasonCertificateUsage, "the certificate is that of a CA, or not for signatures")
	}
	for _, chain := range chains {
		if since, until := window(chain); until.After(to) {
			from, to = since, until
		}
	}
	return from, to, nil
}

// unverified says why a certificate does not lead to a CA now. Its time is only
// believed if it would lead to one at another.
func (m *MTLS) unverified(own *x509.Certificate, o x509.VerifyOptions, err error) error {
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.IncompatibleUsage {
		return refuse(ReasonCertificateUsage, "the certificate, or a CA of it, is not for clients (clientAuth)")
	}
	reason, detail := ReasonCertificateExpired, "the certificate has ended"
	switch now := o.CurrentTime; {
	case now.After(own.NotAfter):
		o.CurrentTime = own.NotAfter
	case now.Before(own.NotBefore):
		o.CurrentTime = own.NotBefore
		reason, detail = ReasonCertificateNotYetValid, "the certificate has not begun"
	default:
		return notMine(refuse(ReasonCertificateUntrusted, "the certificate leads to none of the CAs"))
	}
	if _, err := own.Verify(o); err != nil {
		return notMine(refuse(ReasonCertificateUntrusted, "the certificate leads to none of the CAs"))
	}
	return refuse(reason, detail)
}

// CertificateSHA256 is the fingerprint of a certificate in hexadecimal.
func CertificateSHA256(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// window is when all certificates of a chain are valid.
func window(chain []*x509.Certificate) (from, to time.Time) {
	for i, c := range chain {
		if i == 0 || c.NotBefore.After(from) {
			from = c.NotBefore
		}
		if i == 0 || c.NotAfter.Before(to) {
			to = c.NotAfter
		}
	}
	return from, to
}
