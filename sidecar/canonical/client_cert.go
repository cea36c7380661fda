package canonical

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

var (
	errByteSequence = errors.New("not a byte sequence")
	errChainAlone   = errors.New("Client-Cert-Chain stands without Client-Cert")
)

// readClientCert reads Client-Cert and Client-Cert-Chain (RFC 9440 section 2):
// a byte sequence, and a list of them, without parameters.
func readClientCert(h http.Header) ([]*x509.Certificate, error) {
	own, err := oneValue(h, headerCert, func(v string) ([]*x509.Certificate, error) { return byteSequences(v, 1) })
	if err != nil {
		return nil, err
	}
	chain, err := oneValue(h, headerChain, func(v string) ([]*x509.Certificate, error) { return byteSequences(v, maxShown-1) })
	if err != nil {
		return nil, err
	}
	if own == nil && chain != nil {
		return nil, errChainAlone
	}
	return append(own, chain...), nil
}

// byteSequences reads `:base64:` items with commas between them (RFC 9651
// section 3.3.5), each of them a certificate in DER. Only the base64 in its one
// canonical spelling is taken.
func byteSequences(value string, most int) ([]*x509.Certificate, error) {
	items := strings.Split(value, ",")
	if len(items) > most {
		return nil, errTooMany
	}
	var out []*x509.Certificate
	for _, item := range items {
		item = strings.Trim(item, " \t")
		inner, ok := strings.CutPrefix(item, ":")
		inner, closed := strings.CutSuffix(inner, ":")
		if !ok || !closed || strings.ContainsAny(inner, "\r\n") { // which a decoder would skip
			return nil, errByteSequence
		}
		der, err := base64.StdEncoding.Strict().DecodeString(inner)
		if err != nil {
			return nil, errByteSequence
		}
		c, err := parseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(out)+1, err)
		}
		out = append(out, c)
	}
	return out, nil
}
