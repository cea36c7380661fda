package transport

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/gwctl/gwctl/policy/document"
	"github.com/gwctl/gwctl/sidecar/config"
)

// selfSigned gives a certificate with its key in PEM that is its own CA.
func selfSigned(t testing.TB, from, to time.Time) (string, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a"}, DNSNames: []string{"a"}, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return string(text) + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})), cert
}

func files(of map[string]string) Read {
	return func(path string) ([]byte, error) {
		if text, ok := of[path]; ok {
			return []byte(text), nil
		}
		return nil, errors.New("nowhere")
	}
}

func caOnly(cert *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
}

func TestNewServer(t *testing.T) {
	now := time.Now()
	clock := func() time.Time { return now }
	both, cert := selfSigned(t, now.Add(-time.Hour), now.Add(time.Hour))
	over, old := selfSigned(t, now.Add(-2*time.Hour), now.Add(-time.Hour))
	early, _ := selfSigned(t, now.Add(time.Hour), now.Add(2*time.Hour))
	read := files(map[string]string{"both": both, "ca": caOnly(cert), "over": over, "early": early, "old": caOnly(old)})
	of := func(pair, ca string) config.TLS {
		return config.TLS{Cert: config.File{Path: pair}, Key: config.File{Path: pair}, ClientCA: config.File{Path: ca}, MinVersion: tls.VersionTLS12}
	}
	for _, tt := range []struct {
		pair, ca           string
		made               bool
		errors, complaints int
	}{
		{"both", "", true, 0, 0},
		{"both", "ca", true, 0, 0},
		{"over", "ca", true, 0, 1},
		{"early", "ca", true, 0, 1},
		{"both", "old", true, 0, 1},
		{"none", "ca", false, 2, 0},
		{"both", "none", false, 1, 0},
		{"ca", "ca", false, 1, 0},
		{"both", "both", false, 1, 0},
	} {
		s, found := NewServer(of(tt.pair, tt.ca), read, nil, clock)
		bad := 0
		for _, d := range found {
			if d.Severity == document.Error {
				bad++
			}
			if d.Code != "bad_file" {
				t.Errorf("found %s", d)
			}
		}
		if (s != nil) != tt.made || bad != tt.errors || len(found)-bad != tt.complaints {
			t.Errorf("%s, %s: made %v, found %v", tt.pair, tt.ca, s != nil, found)
		}
		if s != nil && (s.roots != nil) != (tt.ca != "") {
			t.Errorf("%s, %s: asks for certificates: %v", tt.pair, tt.ca, s.roots != nil)
		}
	}
	if s, found := NewServer(config.TLS{}, read, nil, clock); s != nil || found != nil {
		t.Error("no TLS makes a server")
	}
	// The same files are the same server; another setting is not.
	first, _ := NewServer(of("both", "ca"), read, nil, clock)
	if again, _ := NewServer(of("both", "ca"), read, first, clock); again != first {
		t.Error("nothing has changed, and the sessions are lost")
	}
	if other, _ := NewServer(of("both", ""), read, first, clock); other == first || other == nil {
		t.Error("without client CAs it is the server before")
	}
	newer := of("both", "ca")
	newer.MinVersion = tls.VersionTLS13
	if other, _ := NewServer(newer, read, first, clock); other == first || other.tls.MinVersion != tls.VersionTLS13 {
		t.Error("with another version it is the server before")
	}
	if got := first.Certificates(); len(got) != 2 || !got[0].NotAfter.Equal(cert.NotAfter) {
		t.Errorf("certificates %v", got)
	}
}

// Ticket keys change in time, and each lives on for one change.
func TestTicketKeys(t *testing.T) {
	now := time.Now()
	both, _ := selfSigned(t, now.Add(-time.Hour), now.Add(time.Hour))
	s, found := NewServer(config.TLS{Cert: config.File{Path: "both"}, Key: config.File{Path: "both"}}, files(map[string]string{"both": both}), nil, func() time.Time { return now })
	if s == nil {
		t.Fatal(found)
	}
	first := s.tickets[0]
	now = now.Add(ticketLife - time.Second)
	if s.config(); s.tickets[0] != first || len(s.tickets) != 1 {
		t.Error("the key changes too early")
	}
	now = now.Add(time.Second)
	if s.config(); s.tickets[0] == first || s.tickets[1] != first || len(s.tickets) != 2 {
		t.Error("the key does not change, or the one before is gone")
	}
	now = now.Add(ticketLife)
	if s.config(); len(s.tickets) != 2 || s.tickets[1] == first {
		t.Error("the first key is still there")
	}
}

// A connection is as good as its certificate is now.
func TestCheck(t *testing.T) {
	now := time.Now()
	clock := func() time.Time { return now }
	both, cert := selfSigned(t, now.Add(-time.Hour), now.Add(time.Hour))
	_, other := selfSigned(t, now.Add(-time.Hour), now.Add(time.Hour))
	read := files(map[string]string{"both": both, "ca": caOnly(cert)})
	pair := config.File{Path: "both"}
	s, found := NewServer(config.TLS{Cert: pair, Key: pair, ClientCA: config.File{Path: "ca"}}, read, nil, clock)
	if s == nil {
		t.Fatal(found)
	}
	chain := func(certs ...*x509.Certificate) *tls.ConnectionState {
		return &tls.ConnectionState{ServerName: "app.test", VerifiedChains: [][]*x509.Certificate{certs}, PeerCertificates: certs}
	}
	unverified := chain(cert)
	unverified.VerifiedChains = nil
	for name, tt := range map[string]struct {
		state *tls.ConnectionState
		host  string
		want  string
	}{
		"right":                {chain(cert), "app.test", ""},
		"with a port":          {chain(cert), "app.test:8443", ""},
		"another host":         {chain(cert), "other.test", RuleServerName},
		"an address":           {chain(cert), "127.0.0.1:8443", RuleServerName},
		"no state":             {nil, "app.test", RuleClientCertificate},
		"no certificate":       {&tls.ConnectionState{ServerName: "app.test"}, "app.test", RuleClientCertificate},
		"an unverified one":    {unverified, "app.test", RuleClientCertificate},
		"an empty chain":       {chain(), "app.test", RuleClientCertificate},
		"another CA":           {chain(other), "app.test", RuleClientCertificate},
		"the CA in the middle": {chain(cert, other), "app.test", RuleClientCertificate},
	} {
		if got := s.Check(tt.state, tt.host); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	now = now.Add(2 * time.Hour)
	if got := s.Check(chain(cert), "app.test"); got != RuleClientCertificate {
		t.Errorf("after its end: %q", got)
	}
	open, _ := NewServer(config.TLS{Cert: pair, Key: pair}, read, nil, clock)
	for _, s := range []*Server{nil, open} {
		if got := s.Check(nil, "other.test"); got != "" {
			t.Errorf("without client CAs: %q", got)
		}
	}
}

func TestSameName(t *testing.T) {
	for _, tt := range []struct {
		name, host string
		want       bool
	}{
		{"app.test", "app.test", true},
		{"APP.test", "app.test", true},
		{"app.test.", "app.test", true},
		{"app.test", "app.test:8443", true},
		{"app.test", "app.test.evil", false},
		{"", "app.test", false},
		{"*.test", "app.test", false},
		{"", "127.0.0.1", true},
		{"", "127.0.0.1:8443", true},
		{"", "[::1]", true},
		{"", "[::1]:8443", true},
		{"app.test", "[::1]", false},
		{"127.0.0.1", "127.0.0.1", false},
	} {
		if got := sameName(tt.name, tt.host); got != tt.want {
			t.Errorf("%q and %q: %v", tt.name, tt.host, got)
		}
	}
}
