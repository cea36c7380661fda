package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"time"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/config"
)

// Bounds that have no setting.
const (
	keepAlive         = 30 * time.Second
	maxResponseHeader = 64 << 10
	pingAfter         = 15 * time.Second // of silence on an HTTP/2 connection with requests
	pingTimeout       = 5 * time.Second
	writeTimeout      = 30 * time.Second // without a byte of progress, on HTTP/2
)

// dialError is a connection that did not come about: nothing was sent.
type dialError struct{ error }

func (e *dialError) Unwrap() error { return e.error }

// pool is the connections to one service with one way of reaching it.
type pool struct {
	key     string
	http    *http.Transport
	lines   *lines // for requests without a body; nil where all go over http
	expires []Certificate
}

// newPool reads the files of an upstream. With an error among the diagnostics
// there is no pool.
func newPool(u config.Upstream, read Read, clock func() time.Time) (*pool, policy.Diagnostics) {
	p := &pool{}
	t := &http.Transport{
		Protocols: protocols(u), DisableCompression: true,
		MaxIdleConns: u.Connections.Idle, MaxIdleConnsPerHost: u.Connections.Idle, IdleConnTimeout: u.Connections.IdleTimeout,
		TLSHandshakeTimeout: u.Timeouts.Handshake, ResponseHeaderTimeout: u.Timeouts.ResponseHeader, MaxResponseHeaderBytes: maxResponseHeader,
		HTTP2: &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout, WriteByteTimeout: writeTimeout},
	}
	dialer := net.Dialer{Timeout: u.Timeouts.Connect, KeepAlive: keepAlive}
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, &dialError{err}
		}
		return c, nil
	}
	m := &material{read: read, now: clock()}
	files := ""
	if u.URL.Scheme == "https" {
		t.TLSClientConfig, files = p.client(u, m, clock)
	}
	p.http = t
	if u.URL.Scheme == "http" && u.Protocol != "h2c" {
		p.lines = newLines(u, t, clock)
	}
	p.key = fmt.Sprintf("%s %s %q %q %v %v", u.URL.Scheme, u.URL.Host, u.Protocol, files, u.Timeouts, u.Connections)
	return p, m.found
}

// client makes the TLS towards an upstream.
func (p *pool) client(u config.Upstream, m *material, clock func() time.Time) (*tls.Config, string) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: u.TLS.ServerName, Time: clock}
	if c.ServerName == "" {
		c.ServerName = u.URL.Hostname()
	}
	ca, list, trusted := m.pool(u.TLS.CA)
	if u.TLS.CA.IsSet() {
		// Never nil, which would be the CAs of the system.
		c.RootCAs = ca
		p.expires = append(p.expires, Certificate{Use: "upstream_ca", NotAfter: earliest(list)})
	}
	pair, own := m.pair(u.TLS.Cert, u.TLS.Key)
	if pair != nil {
		// Shown whatever CAs the service names: it is the only one there is.
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair, nil }
		p.expires = append(p.expires, Certificate{Use: "upstream", NotAfter: pair.Leaf.NotAfter})
	}
	return c, fmt.Sprintf("%q %s %s", c.ServerName, trusted, own)
}

// protocols are those that are spoken with an upstream. Without TLS nothing
// tells them apart, so that there it is one.
func protocols(u config.Upstream) *http.Protocols {
	p := new(http.Protocols)
	secure := u.URL.Scheme == "https"
	p.SetHTTP1(u.Protocol == "http1" || u.Protocol == "")
	p.SetHTTP2(secure && (u.Protocol == "h2" || u.Protocol == ""))
	p.SetUnencryptedHTTP2(u.Protocol == "h2c")
	return p
}

// newLines makes the connections for requests without a body, which come about
// as those of t do.
func newLines(u config.Upstream, t *http.Transport, clock func() time.Time) *lines {
	address := u.URL.Host
	if u.URL.Port() == "" {
		address = net.JoinHostPort(u.URL.Hostname(), "80")
	}
	return &lines{
		headerTimeout: u.Timeouts.ResponseHeader, idleTimeout: u.Connections.IdleTimeout, most: u.Connections.Idle, clock: clock,
		dial: func(ctx context.Context) (net.Conn, error) { return t.DialContext(ctx, "tcp", address) },
	}
}

// roundTrip sends a request. Where the connection does not come about, a GET or
// HEAD without a body is tried once more.
func (p *pool) roundTrip(r *http.Request, inform Inform) (*http.Response, error) {
	resp, err := p.once(r, inform)
	var dial *dialError
	if !errors.As(err, &dial) || r.Context().Err() != nil || r.Method != http.MethodGet && r.Method != http.MethodHead || r.Body != nil && r.Body != http.NoBody {
		return resp, err
	}
	return p.once(r, inform)
}

func (p *pool) once(r *http.Request, inform Inform) (*http.Response, error) {
	if p.lines.takes(r) {
		return p.lines.roundTrip(r, inform)
	}
	if inform == nil {
		return p.http.RoundTrip(r)
	}
	return p.http.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(status int, header textproto.MIMEHeader) error {
			if status == http.StatusContinue {
				return nil
			}
			return inform(status, http.Header(header))
		},
	})))
}

// closeIdle ends the connections without a request.
func (p *pool) closeIdle() {
	p.http.CloseIdleConnections()
	p.lines.closeIdle()
}
