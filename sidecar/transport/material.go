package transport

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
	"github.com/gwctl/gwctl/sidecar/config"
)

// Read gives the bytes of a file that the configuration names, at most 1 MiB.
type Read func(path string) ([]byte, error)

// Certificate is what the metrics say about a certificate in use.
type Certificate struct {
	Use      string // listener, client_ca, mtls_ca, upstream_ca or upstream
	NotAfter time.Time
}

// most certificates of one file.
const maxCertificates = 1000

// material reads the files of one setting and keeps what is wrong with them.
type material struct {
	read  Read
	now   time.Time
	found policy.Diagnostics
}

func (m *material) report(f config.File, severity document.Severity, hint, format string, args ...any) {
	d := document.NewDiagnostic(f.At, severity, "bad_file", fmt.Sprintf(format, args...))
	m.found = append(m.found, d.WithHint(hint))
}

func (m *material) bytes(f config.File) []byte {
	if !f.IsSet() {
		return nil
	}
	data, err := m.read(f.Path)
	if err != nil {
		m.report(f, document.Error, "the path is relative to the configuration's directory", "the file cannot be read: %s", Cause(err))
		return nil
	}
	return data
}

// Cause gives what is wrong with a file, without the path that a finding points
// to anyway.
func Cause(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// pair reads a certificate chain and its key. The key's bytes are never
// repeated in a finding.
func (m *material) pair(cert, key config.File) (*tls.Certificate, string) {
	if !cert.IsSet() || !key.IsSet() {
		return nil, ""
	}
	chain, secret := m.bytes(cert), m.bytes(key)
	if chain == nil || secret == nil {
		return nil, ""
	}
	pair, err := tls.X509KeyPair(chain, secret)
	if err != nil {
		m.report(cert, document.Error, "cert holds the chain in PEM, the own certificate first, and key its private key", "certificate and key cannot be used: %s", err)
		return nil, ""
	}
	m.expiry(cert, pair.Leaf)
	return &pair, digest(chain, secret)
}

// pool reads a file of CAs. Nothing but certificates may be in it: a file that
// also holds a key, or nothing, is not what was meant.
func (m *material) pool(f config.File) (*x509.CertPool, []*x509.Certificate, string) {
	data := m.bytes(f)
	if data == nil {
		return nil, nil, ""
	}
	list, err := certificates(data)
	if err != nil {
		m.report(f, document.Error, "write the certificates of the CAs in PEM, one after the other", "the CAs cannot be used: %s", err)
		return nil, nil, ""
	}
	pool := x509.NewCertPool()
	for _, c := range list {
		pool.AddCert(c)
		m.expiry(f, c)
	}
	return pool, list, digest(data)
}

// CAs reads a file of CAs for something other than a listener or an upstream.
// With an error among the diagnostics there are none.
func CAs(f config.File, read Read, clock func() time.Time) ([]*x509.Certificate, policy.Diagnostics) {
	m := &material{read: read, now: clock()}
	_, list, _ := m.pool(f)
	return list, m.found
}

func certificates(data []byte) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for rest := data; ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		switch {
		case block == nil && bytes.Contains(rest, []byte("-----BEGIN")):
			return nil, errors.New("a block of PEM is broken")
		case block == nil && len(out) == 0:
			return nil, errors.New("there is no certificate in PEM")
		case block == nil:
			return out, nil
		case block.Type != "CERTIFICATE":
			return nil, fmt.Errorf("there is a block of type %q", block.Type)
		case len(out) == maxCertificates:
			return nil, fmt.Errorf("there are more than %d certificates", maxCertificates)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
}

// expiry warns: an expired certificate harms nobody but those who rely on it,
// and refusing it would keep one that is older.
func (m *material) expiry(f config.File, c *x509.Certificate) {
	switch {
	case m.now.After(c.NotAfter):
		m.report(f, document.Warning, "replace it", "the certificate has expired at %s", c.NotAfter.UTC().Format(time.RFC3339))
	case m.now.Before(c.NotBefore):
		m.report(f, document.Warning, "see that the clocks agree", "the certificate is not valid before %s", c.NotBefore.UTC().Format(time.RFC3339))
	}
}

// digest tells whether files are the same as before.
func digest(parts ...[]byte) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:", len(p))
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func earliest(list []*x509.Certificate) time.Time {
	var out time.Time
	for _, c := range list {
		if out.IsZero() || c.NotAfter.Before(out) {
			out = c.NotAfter
		}
	}
	return out
}
