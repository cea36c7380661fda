package transport

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/config"
)

// ticketLife is how long one key protects session tickets. The one before it
// still opens them, so that a ticket lives at most twice as long.
const ticketLife = 12 * time.Hour

// Server is the TLS of a listener: certificate, key and client CAs as they
// stood in the files at one reading. It may be used by any number of
// goroutines.
type Server struct {
	clock   func() time.Time
	digest  string
	tls     *tls.Config
	roots   map[string]bool // of client certificates, by their bytes; nil: none are asked for
	expires []Certificate

	mu      sync.Mutex
	tickets [][32]byte // the first one protects
	made    time.Time
}

// NewServer reads the files of a listener. With an error among the diagnostics
// there is no Server. A listener without TLS has none either. If the files are
// those of the server before, that one is given again, and sessions can still
// be resumed; a new one has new ticket keys, so that no session outlives the
// certificates it was made with (RFC 8446 section 4.6.1 leaves the check to the
// server).
func NewServer(c config.TLS, read Read, before *Server, clock func() time.Time) (*Server, policy.Diagnostics) {
	if !c.On() {
		return nil, nil
	}
	m := &material{read: read, now: clock()}
	pair, own := m.pair(c.Cert, c.Key)
	pool, list, trusted := m.pool(c.ClientCA)
	if m.found.HasErrors() || pair == nil {
		return nil, m.found
	}
	id := digest([]byte(own), []byte(trusted), fmt.Append(nil, c.MinVersion))
	if before != nil && before.digest == id {
		return before, m.found
	}
	s := &Server{clock: clock, digest: id, expires: []Certificate{{Use: "listener", NotAfter: pair.Leaf.NotAfter}}}
	s.tls = &tls.Config{
		Certificates: []tls.Certificate{*pair}, MinVersion: c.MinVersion, NextProtos: []string{"h2", "http/1.1"}, Time: clock,
	}
	if c.ClientCA.IsSet() {
		s.tls.ClientAuth, s.tls.ClientCAs = tls.RequireAndVerifyClientCert, pool
		s.roots = make(map[string]bool, len(list))
		for _, c := range list {
			s.roots[string(c.Raw)] = true
		}
		s.expires = append(s.expires, Certificate{Use: "client_ca", NotAfter: earliest(list)})
	}
	s.rotate()
	return s, m.found
}

// config gives the settings of one handshake.
func (s *Server) config() *tls.Config {
	s.rotate()
	return s.tls
}

// rotate makes a new ticket key when it is time. The keys of a config that was
// handed out once would otherwise stay for the life of the process.
func (s *Server) rotate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	if len(s.tickets) > 0 && now.Sub(s.made) < ticketLife {
		return
	}
	var key [32]byte
	rand.Read(key[:]) // never fails; it ends the process instead
	s.tickets, s.made = append([][32]byte{key}, s.tickets[:min(len(s.tickets), 1)]...), now
	s.tls.SetSessionTicketKeys(s.tickets)
}

// Certificates tells when the certificates end.
func (s *Server) Certificates() []Certificate {
	if s == nil {
		return nil
	}
	return s.expires
}

// Rules of requests that do not belong on their connection.
const (
	RuleServerName        = "server_name"        // the name of the handshake is not that of the request
	RuleClientCertificate = "client_certificate" // there is none that is good now
)

// Check holds one request to the connection that it came on, and gives the
// rule that it breaks, "" for none. A listener without client CAs has none.
//
// The handshake has verified the certificate. It is looked at again because a
// connection can be older than the CAs in force, and outlive its certificate.
// And a client that has shown a certificate for one name must not speak to
// another name on the same connection (RFC 9110 section 7.4).
func (s *Server) Check(state *tls.ConnectionState, host string) string {
	if s == nil || s.roots == nil {
		return ""
	}
	if state == nil || !s.admits(state) {
		return RuleClientCertificate
	}
	if !sameName(state.ServerName, host) {
		return RuleServerName
	}
	return ""
}

func (s *Server) admits(state *tls.ConnectionState) bool {
	now := s.clock()
	for _, chain := range state.VerifiedChains {
		if len(chain) > 0 && s.roots[string(chain[len(chain)-1].Raw)] && valid(chain, now) {
			return true
		}
	}
	return false
}

func valid(chain []*x509.Certificate, now time.Time) bool {
	for _, c := range chain {
		if now.After(c.NotAfter) || now.Before(c.NotBefore) {
			return false
		}
	}
	return true
}

// sameName compares the name of a handshake with a canonical host. An address
// is no name: a client that speaks to one sends none (RFC 6066 section 3).
func sameName(name, host string) bool {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return name == ""
	}
	return strings.ToLower(strings.TrimSuffix(name, ".")) == host
}

// Misdirected makes the refusal of a request that breaks a rule of its
// connection: another connection may serve it (RFC 9110 section 15.5.20).
func Misdirected(c *canonical.Request, rule string) *canonical.Rejection {
	return c.Refuse(canonical.CodeMisdirected, rule, 421)
}
