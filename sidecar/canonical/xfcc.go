package canonical

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"net/url"
	"strings"
)

// maxXFCCPairs bounds what is read of a header before it is refused.
const maxXFCCPairs = 64

var (
	errXFCC         = errors.New("not a list of elements of X-Forwarded-Client-Cert")
	errNotDelivered = errors.New("the proxy does not deliver the certificate itself")
	errContradicts  = errors.New("the certificate is not the one that the rest speaks of")
	errCertificate  = errors.New("not one certificate")
	errTooMany      = errors.New("there are too many certificates")
)

// xfccElement is what one hop says of the certificate that it was shown. Names
// in it are not read: they are those of the certificate, or wrong.
type xfccElement struct{ hash, cert, chain string }

// parseXFCC reads X-Forwarded-Client-Cert (Envoy, "HTTP header manipulation").
// There is one element. Of several, those before the last are hearsay, and the
// last may be the client's: Envoy copies URIs of a certificate without quotes, so
// that one with a comma writes an element behind its own.
func parseXFCC(value string) ([]*x509.Certificate, error) {
	e, err := readElement(value)
	if err != nil {
		return nil, err
	}
	return e.shown()
}

func readElement(s string) (e xfccElement, err error) {
	seen := map[string]bool{}
	for range maxXFCCPairs {
		key, after, ok := strings.Cut(s, "=")
		if !ok {
			return e, errXFCC
		}
		value, more, rest, err := cutValue(after)
		if err != nil {
			return e, err
		}
		switch key {
		case "By", "URI", "DNS": // of which a certificate can have several
		case "Hash", "Cert", "Chain", "Subject":
			if seen[key] {
				return e, errXFCC
			}
			seen[key] = true
		default:
			return e, errXFCC
		}
		switch key {
		case "Hash":
			e.hash = value
		case "Cert":
			e.cert = value
		case "Chain":
			e.chain = value
		}
		if !more {
			return e, nil
		}
		s = rest
	}
	return e, errXFCC
}

// cutValue reads a value up to the `;` of the next pair, or the end. One that
// holds `;`, `,`, `=` or `"` has to be quoted.
func cutValue(s string) (value string, more bool, rest string, err error) {
	if strings.HasPrefix(s, `"`) {
		var ok bool
		if value, rest, ok = unquoteXFCC(s[1:]); !ok {
			return "", false, "", errXFCC
		}
	} else {
		i := strings.IndexAny(s, `;,="`)
		if i < 0 {
			i = len(s)
		}
		value, rest = s[:i], s[i:]
	}
	switch {
	case !isPrintable(value): // a name in another script stands there escaped
		return "", false, "", errXFCC
	case rest == "":
		return value, false, "", nil
	case rest[0] == ';':
		return value, true, rest[1:], nil
	}
	return "", false, "", errXFCC
}

// unquoteXFCC reads up to the closing quote. A backslash escapes a quote or a
// backslash, as in the distinguished name of a Subject.
func unquoteXFCC(s string) (value, rest string, ok bool) {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return out.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		out.WriteByte(s[i])
	}
	return "", "", false
}

// shown gives the certificates of an element. A hash must be that of the
// certificate, and a chain must begin with it.
func (e xfccElement) shown() ([]*x509.Certificate, error) {
	if e.cert == "" {
		return nil, errNotDelivered
	}
	own, err := escapedPEM(e.cert, 1)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(own[0].Raw); e.hash != "" && !strings.EqualFold(e.hash, hex.EncodeToString(sum[:])) {
		return nil, errContradicts
	}
	if e.chain == "" {
		return own, nil
	}
	chain, err := escapedPEM(e.chain, maxShown)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(chain[0].Raw, own[0].Raw) {
		return nil, errContradicts
	}
	return chain, nil
}

const pemBegin = "-----BEGIN"

// escapedPEM reads certificates in PEM that were escaped for a URL. A raw `+`
// would be a space to some readers; every other byte of PEM that is no letter,
// digit or `-` is escaped by all who write this.
func escapedPEM(text string, most int) ([]*x509.Certificate, error) {
	if strings.ContainsFunc(text, func(c rune) bool { return c > '~' || !isAlphaNum(byte(c)) && c != '-' && c != '%' }) {
		return nil, errCertificate
	}
	plain, err := url.PathUnescape(text)
	if err != nil {
		return nil, errCertificate
	}
	var out []*x509.Certificate
	for rest := bytes.TrimSpace([]byte(plain)); len(out) == 0 || len(rest) > 0; {
		if len(out) == most {
			return nil, errTooMany
		}
		block, after := pem.Decode(rest)
		if block == nil || block.Type != "CERTIFICATE" || len(block.Headers) > 0 {
			return nil, errCertificate
		}
		// Decode skips what is no block; nothing of that may be here.
		read := rest[:len(rest)-len(after)]
		if !bytes.HasPrefix(read, []byte(pemBegin)) || bytes.Count(read, []byte(pemBegin)) != 1 {
			return nil, errCertificate
		}
		rest = bytes.TrimSpace(after)
		c, err := parseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// parseCertificate reads DER. What exactly is wrong with it is no text for a
// record: it can repeat the certificate's bytes.
func parseCertificate(der []byte) (*x509.Certificate, error) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errCertificate
	}
	return c, nil
}
