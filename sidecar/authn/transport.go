package authn

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Defaults of [HTTPOptions].
const (
	DefaultConnectTimeout = time.Second
	DefaultTimeout        = 3 * time.Second
	DefaultMaxBody        = 256 << 10
)

// HTTPOptions are the settings of [NewHTTPClient]. The zero value is the
// strictest.
type HTTPOptions struct {
	// AllowLoopback allows https and http to localhost, 127.0.0.0/8 and ::1. Set
	// it only for an issuer that is itself there.
	AllowLoopback bool
	// RootCAs verify the server; nil means those of the system.
	RootCAs *x509.CertPool
	// ConnectTimeout bounds one connect, 0 means DefaultConnectTimeout.
	ConnectTimeout time.Duration
	// Timeout bounds the whole exchange with retry, redirects and body, 0 means
	// DefaultTimeout.
	Timeout time.Duration
	// MaxBody bounds a response body in bytes, 0 means DefaultMaxBody. A longer
	// body is an error, not a short body.
	MaxBody int64
	// MaxIdle is how many connections are kept for the next request, 0 means 2.
	MaxIdle int
	// NoRedirects makes every redirect an error: for requests that carry
	// credentials.
	NoRedirects bool
}

const (
	maxRedirects      = 2
	retryWait         = 100 * time.Millisecond
	maxResponseHeader = 64 << 10
	idleTimeout       = 30 * time.Second
)

// NewHTTPClient makes a client for talking to an identity provider.
//
// It speaks https only, or http to a loopback host that is allowed. It refuses
// link-local, unspecified, multicast and cloud metadata addresses after name
// resolution, so a name cannot lead there. It uses no proxy from the
// environment, follows at most two redirects and only within the same scheme,
// host and port, keeps no cookies, and repeats a request once if the connection
// could not be made and never otherwise.
func NewHTTPClient(o HTTPOptions) *http.Client {
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = DefaultConnectTimeout
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.MaxIdle <= 0 {
		o.MaxIdle = 2
	}
	redirects := sameOrigin
	if o.NoRedirects {
		redirects = noRedirects
	}
	wire := &http.Transport{
		DialContext:            guardedDial(o.ConnectTimeout),
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
		TLSHandshakeTimeout:    o.Timeout,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxResponseHeader,
		MaxIdleConnsPerHost:    o.MaxIdle,
		IdleConnTimeout:        idleTimeout,
	}
	retry := &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport: wire,
			// The outer client follows redirects, where the rule for them is.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax:     1,
		CheckRetry:   retryConnect,
		Backoff:      func(time.Duration, time.Duration, int, *http.Response) time.Duration { return retryWait },
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	return &http.Client{
		Timeout:       o.Timeout,
		CheckRedirect: redirects,
		Transport: &guardedTransport{
			next:          &limitedTransport{next: &retryablehttp.RoundTripper{Client: retry}, limit: o.MaxBody},
			allowLoopback: o.AllowLoopback,
		},
	}
}

// guardedDial looks at the address after resolution and before the connect: an
// earlier look could be undone by a second answer of the resolver.
func guardedDial(timeout time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, addressError("address refused: no port")
		}
		d := net.Dialer{Timeout: timeout, Control: func(_, resolved string, _ syscall.RawConn) error {
			ap, err := netip.ParseAddrPort(resolved)
			if err != nil {
				return addressError("address refused: not an IP address")
			}
			return checkAddr(ap.Addr(), loopbackHost(host))
		}}
		return d.DialContext(ctx, network, address)
	}
}

// retryConnect repeats only what never reached the server.
func retryConnect(ctx context.Context, _ *http.Response, err error) (bool, error) {
	if err == nil || ctx.Err() != nil || errors.Is(err, errAddress) {
		return false, nil
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial", nil
}

func sameOrigin(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return addressError("address refused: too many redirects")
	}
	from := via[0].URL
	if req.URL.Scheme != from.Scheme || req.URL.Host != from.Host || req.URL.User != nil {
		return addressError("address refused: redirect to another origin")
	}
	return nil
}

func noRedirects(*http.Request, []*http.Request) error {
	return addressError("address refused: redirect")
}

// guardedTransport holds the scheme rule for the first request and for every
// redirect.
type guardedTransport struct {
	next          http.RoundTripper
	allowLoopback bool
}

func (t *guardedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := checkURL(req.URL, t.allowLoopback); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	return t.next.RoundTrip(req)
}

var errBodyTooLarge = errors.New("response body is over the limit")

// limitedTransport reads the body at once, so that a caller which reads without
// a limit is safe and gets the reason as an error of the request.
type limitedTransport struct {
	next  http.RoundTripper
	limit int64
}

func (t *limitedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.ContentLength > t.limit {
		return nil, errBodyTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, t.limit+1))
	if err != nil {
		return nil, fmt.Errorf("read response body: %w", err)
	}
	if int64(len(body)) > t.limit {
		return nil, errBodyTooLarge
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}
