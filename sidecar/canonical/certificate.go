package canonical

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
)

// CertificateForm is how trusted proxies forward the certificate of a client.
// They all do it in one form, and no other one is looked at.
type CertificateForm string

// The forms that are read.
const (
	FormXFCC    CertificateForm = "xfcc"    // X-Forwarded-Client-Cert, as Envoy writes it
	FormRFC9440 CertificateForm = "rfc9440" // Client-Cert and Client-Cert-Chain (RFC 9440)
)

const (
	headerXFCC  = "X-Forwarded-Client-Cert"
	headerCert  = "Client-Cert"
	headerChain = "Client-Cert-Chain"
)

// ForwardedCertificates says how a client's certificate arrives from trusted
// proxies. The zero value: not at all, and headers about it are removed.
type ForwardedCertificates struct {
	Form CertificateForm
	// Verified tells whether a certificate is good now; others may stand behind
	// it that lead to a CA. Without it none is.
	Verified func(shown []*x509.Certificate) bool
}

// uses tells whether a header is read for its certificate.
func (f ForwardedCertificates) uses(name string) bool {
	return f.Form == FormXFCC && name == headerXFCC || f.Form == FormRFC9440 && (name == headerCert || name == headerChain)
}

// maxShown bounds the certificates that are forwarded for one client, its own
// included.
const maxShown = 8

// readCertificate takes the certificate of the client out of what a trusted
// proxy says. A header that cannot be read is a fault and not "none": the proxy
// has seen something.
func (r *Reader) readCertificate(c *Request, h http.Header) *fault {
	var shown []*x509.Certificate
	var err error
	switch r.certificates.Form {
	case FormXFCC:
		shown, err = oneValue(h, headerXFCC, parseXFCC)
	case FormRFC9440:
		shown, err = readClientCert(h)
	}
	switch {
	case errors.Is(err, errNotDelivered):
		return &fault{code: CodeNotCanonical, rule: RuleCertificateMissing, err: err}
	case err != nil:
		return &fault{code: CodeNotCanonical, rule: RuleCertificate, err: err}
	case len(shown) == 0:
		return nil
	}
	c.Shown, c.Forwarded = shown, true
	if verified := r.certificates.Verified; verified != nil && verified(shown) {
		c.Certificate = shown[0]
	}
	return nil
}

// oneValue parses a header that must not be repeated; absent is no error.
func oneValue(h http.Header, name string, parse func(string) ([]*x509.Certificate, error)) ([]*x509.Certificate, error) {
	switch values := h[name]; len(values) {
	case 0:
		return nil, nil
	case 1:
		shown, err := parse(values[0])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return shown, nil
	}
	return nil, fmt.Errorf("%s is sent more than once", name)
}

func checkForwarded(f ForwardedCertificates) error {
	switch f.Form {
	case "", FormXFCC, FormRFC9440:
		return nil
	}
	return fmt.Errorf("forwarded certificates: the form %q is not known", f.Form)
}
