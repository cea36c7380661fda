package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of handshakes.
const (
	handshakeTimeout = 5 * time.Second
	maxHandshakes    = 10_000 // at a time; further connections are closed
)

// Handshake is told how a handshake ended that did not succeed: "timeout",
// "plain_http", "certificate" or "failed".
type Handshake func(result string)

// Listen gives a listener whose connections are *tls.Conn that have done their
// handshake. Each handshake takes the Server in force then, and fails without
// one.
func Listen(l net.Listener, inForce func() *Server, failed Handshake, logger *slog.Logger) net.Listener {
	ctx, stop := context.WithCancel(context.Background())
	return &listener{
		Listener: l, failed: failed, logger: logger, ctx: ctx, stop: stop, ready: make(chan accepted),
		config: &tls.Config{
			MinVersion: tls.VersionTLS12,
			GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
				if s := inForce(); s != nil {
					return s.config(), nil
				}
				return nil, errors.New("no certificate is loaded")
			},
		},
	}
}

// listener does handshakes apart from Accept, so that a slow one delays nobody.
type listener struct {
	net.Listener
	config *tls.Config
	failed Handshake
	logger *slog.Logger
	ctx    context.Context // ends with Close
	stop   context.CancelFunc
	ready  chan accepted

	start   sync.Once
	running atomic.Int64
}

type accepted struct {
	conn net.Conn
	err  error
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	l.start.Do(func() { go l.accept() })
	select {
	case a := <-l.ready:
		return a.conn, a.err
	case <-l.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. It ends the handshakes on their way.
func (l *listener) Close() error {
	l.stop()
	return l.Listener.Close()
}

func (l *listener) accept() {
	for l.ctx.Err() == nil {
		c, err := l.Listener.Accept()
		switch {
		case err != nil:
			l.hand(accepted{err: err})
		case l.running.Add(1) > maxHandshakes:
			l.running.Add(-1)
			_ = c.Close() // nothing was said on it
		default:
			go l.handshake(c)
		}
	}
}

// hand gives a result to Accept, or drops it at the end.
func (l *listener) hand(a accepted) {
	select {
	case l.ready <- a:
	case <-l.ctx.Done():
		if a.conn != nil {
			_ = a.conn.Close() // nothing was served on it
		}
	}
}

func (l *listener) handshake(c net.Conn) {
	defer l.running.Add(-1)
	ctx, cancel := context.WithTimeout(l.ctx, handshakeTimeout)
	defer cancel()
	t := tls.Server(c, l.config)
	if err := t.HandshakeContext(ctx); err != nil {
		if l.ctx.Err() == nil {
			l.refused(c, err)
		}
		_ = c.Close() // what went wrong is said already
		return
	}
	l.hand(accepted{conn: t})
}

// refused tells why there is no connection.
func (l *listener) refused(c net.Conn, err error) {
	var plain tls.RecordHeaderError
	var bad *tls.CertificateVerificationError
	result := "failed"
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		result = "timeout"
	case errors.As(err, &plain) && plain.Conn != nil && looksLikeHTTP(plain.RecordHeader[:]):
		result = "plain_http"
		_ = c.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = io.WriteString(c, "HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\nThis listener speaks HTTPS.\n")
	case errors.As(err, &bad):
		result = "certificate"
	}
	l.failed(result)
	l.logger.Debug("a handshake failed", "error", err, "peer", c.RemoteAddr().String())
}

// looksLikeHTTP tells whether a client began with a request line.
func looksLikeHTTP(head []byte) bool {
	for _, b := range head {
		if (b < 'A' || b > 'Z') && b != ' ' && b != '/' {
			return false
		}
	}
	return true
}
