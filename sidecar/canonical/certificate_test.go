package canonical

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Only a certificate that the listener has verified is the client's.
func TestCertificate(t *testing.T) {
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	own, ca := &x509.Certificate{Raw: []byte("own")}, &x509.Certificate{Raw: []byte("ca")}
	for name, tt := range map[string]struct {
		state *tls.ConnectionState
		want  *x509.Certificate
	}{
		"verified":   {&tls.ConnectionState{PeerCertificates: []*x509.Certificate{own}, VerifiedChains: [][]*x509.Certificate{{own, ca}}}, own},
		"unverified": {&tls.ConnectionState{PeerCertificates: []*x509.Certificate{own}}, nil},
		"none":       {&tls.ConnectionState{}, nil},
		"no TLS":     {nil, nil},
	} {
		req := httptest.NewRequest(http.MethodGet, "/", nil)
		req.TLS = tt.state
		c, rejection := r.Read(req)
		if rejection != nil || c.Certificate != tt.want {
			t.Errorf("%s: %v, %v", name, c, rejection)
		}
	}
}
