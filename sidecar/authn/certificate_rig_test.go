package authn

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/url"
	"testing"
	"time"
)

// certNow is when the certificates of these tests are judged.
var certNow = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// certCA is a CA of a test.
type certCA struct {
	testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newCA makes a CA that signs itself, or one below another.
func newCA(t testing.TB, name string, parent *certCA) *certCA {
	t.Helper()
	return newCAWith(t, name, parent, nil)
}

func newCAWith(t testing.TB, name string, parent *certCA, change func(*x509.Certificate)) *certCA {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &certCA{TB: t, key: key}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: certNow.Add(-24 * time.Hour), NotAfter: certNow.Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	if change != nil {
		change(template)
	}
	from := ca
	if parent != nil {
		from = parent
	} else {
		ca.cert = template
	}
	if ca.cert, err = signed(template, from.cert, &key.PublicKey, from.key); err != nil {
		t.Fatal(err)
	}
	return ca
}

func signed(template, parent *x509.Certificate, public *ecdsa.PublicKey, key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// leaf makes a good certificate of a client, changed as a test wants it.
func (ca *certCA) leaf(change func(*x509.Certificate)) *x509.Certificate {
	ca.Helper()
	c, err := ca.issue(change)
	if err != nil {
		ca.Fatal(err)
	}
	return c
}

// issue also gives the error, of a certificate that crypto/x509 does not read.
func (ca *certCA) issue(change func(*x509.Certificate)) (*x509.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0xabc), Subject: pkix.Name{CommonName: "alice"}, NotBefore: certNow.Add(-time.Hour), NotAfter: certNow.Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if change != nil {
		change(template)
	}
	return signed(template, ca.cert, &key.PublicKey, ca.key)
}

// uris gives a certificate these names.
func uris(names ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		for _, name := range names {
			u, err := url.Parse(name)
			if err != nil {
				panic(err)
			}
			c.URIs = append(c.URIs, u)
		}
	}
}

// rawName gives a certificate one name with any bytes.
func rawName(tag int, name string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		value, err := asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: []byte(name)}})
		if err != nil {
			panic(err)
		}
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: subjectAltName, Value: value})
	}
}

// method makes a method of a CA, spiffe in td.test unless another name counts.
func (ca *certCA) method(identity string, more ...func(*MTLSConfig)) *MTLS {
	ca.Helper()
	cfg := MTLSConfig{Name: "mtls", CAs: []*x509.Certificate{ca.cert}, Identity: identity, Clock: func() time.Time { return certNow }}
	if identity == IdentitySPIFFE {
		cfg.TrustDomain = "td.test"
	}
	for _, change := range more {
		change(&cfg)
	}
	m, err := NewMTLS(cfg)
	if err != nil {
		ca.Fatal(err)
	}
	return m
}
