package authn

import (
	"crypto/x509"
	"encoding/asn1"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The names in a certificate that can be its user: values of
// [MTLSConfig.Identity]. There must be exactly one of the kind, in a form that
// nobody reads differently.
const (
	IdentitySPIFFE = "spiffe" // the SPIFFE ID, which is the only URI
	IdentityDNS    = "dns"    // the DNS name
	IdentityURI    = "uri"    // the URI
	IdentityEmail  = "email"  // the address (rfc822Name)
	IdentityCN     = "cn"     // the common name of the subject
)

// CertificateIdentities are the kinds of names.
func CertificateIdentities() []string {
	return []string{IdentitySPIFFE, IdentityDNS, IdentityURI, IdentityEmail, IdentityCN}
}

// names are those in a certificate, as its bytes have them.
type names struct{ uri, dns, email, cn []string }

const (
	maxNames     = 100 // of a kind
	maxNameBytes = 2048
)

// Tags of GeneralName, and the attribute type of the common name (RFC 5280
// sections 4.2.1.6 and 4.1.2.4).
const (
	tagEmail = 1
	tagDNS   = 2
	tagURI   = 6
)

var (
	subjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}
	commonName     = asn1.ObjectIdentifier{2, 5, 4, 3}
)

// readNames reads the names from the bytes of the extension: crypto/x509 gives
// URIs parsed, which is not how they were signed.
func readNames(c *x509.Certificate) (names, error) {
	var n names
	for _, e := range c.Extensions {
		if !e.Id.Equal(subjectAltName) {
			continue
		}
		var list []asn1.RawValue
		if rest, err := asn1.Unmarshal(e.Value, &list); err != nil || len(rest) > 0 {
			return n, refuse(ReasonCertificateName, "the names of the certificate cannot be read")
		}
		for _, v := range list {
			if v.Class != asn1.ClassContextSpecific {
				continue
			}
			switch v.Tag {
			case tagEmail:
				n.email = append(n.email, string(v.Bytes))
			case tagDNS:
				n.dns = append(n.dns, string(v.Bytes))
			case tagURI:
				n.uri = append(n.uri, string(v.Bytes))
			}
		}
	}
	for _, a := range c.Subject.Names {
		if a.Type.Equal(commonName) {
			text, ok := a.Value.(string)
			if !ok {
				return n, refuse(ReasonCertificateName, "the common name of the certificate is no text")
			}
			n.cn = append(n.cn, text)
		}
	}
	for _, list := range [][]string{n.uri, n.dns, n.email} {
		if err := checkNames(list, func(r rune) bool { return r > ' ' && r <= '~' }); err != nil {
			return n, err
		}
	}
	return n, checkNames(n.cn, unicode.IsPrint)
}

// checkNames refuses a certificate for any name with a character that has no
// place in it: where one is cut short at a NUL, it is another name.
func checkNames(list []string, fit func(rune) bool) error {
	if len(list) > maxNames {
		return refuse(ReasonCertificateName, "the certificate has too many names")
	}
	for _, name := range list {
		if name == "" || len(name) > maxNameBytes || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !fit(r) }) {
			return refuse(ReasonCertificateName, "a name of the certificate has characters that do not belong there, or no end")
		}
	}
	return nil
}

var (
	dnsForm   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)
	emailForm = regexp.MustCompile(`^[A-Za-z0-9.!#$&'*+/=?^_{|}~-]{1,64}$`)
	uriForm   = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:[A-Za-z0-9:/?@!$&'()*+,;=._~-]+$`)
)

// identify gives the user that the names stand for.
func (m *MTLS) identify(n names) (string, error) {
	list := map[string][]string{IdentitySPIFFE: n.uri, IdentityDNS: n.dns, IdentityURI: n.uri, IdentityEmail: n.email, IdentityCN: n.cn}[m.cfg.Identity]
	if len(list) != 1 {
		return "", refuse(ReasonCertificateName, "the certificate has no name of the kind that counts, or several")
	}
	name, good := list[0], false
	switch m.cfg.Identity {
	case IdentitySPIFFE:
		domain, _, ok := parseSPIFFE(name)
		if ok && domain != m.cfg.TrustDomain {
			return "", refuse(ReasonTrustDomainMismatch, "the SPIFFE ID is one of another trust domain")
		}
		good = ok
	case IdentityDNS:
		good = len(name) <= 253 && dnsForm.MatchString(name)
	case IdentityURI:
		good = uriForm.MatchString(name)
	case IdentityEmail:
		local, domain, ok := strings.Cut(name, "@")
		good = ok && emailForm.MatchString(local) && len(domain) <= 253 && dnsForm.MatchString(domain)
	case IdentityCN:
		good = strings.TrimSpace(name) == name
	}
	if !good {
		return "", refuse(ReasonCertificateName, "the name that counts is not in its one spelling")
	}
	return name, nil
}
