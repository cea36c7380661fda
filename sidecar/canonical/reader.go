package canonical

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Options of a [Reader]. The zero value takes the documented defaults.
type Options struct {
	// Methods that are accepted, each `[A-Z]{1,20}`. CONNECT and TRACE cannot
	// be. Default GET HEAD POST PUT PATCH DELETE OPTIONS.
	Methods []string
	// TrustedProxies are the peers whose X-Forwarded-For, X-Forwarded-Proto
	// and X-Request-ID are believed. Default none; `/0` is refused.
	TrustedProxies []netip.Prefix
	// Identity are further headers that gwctl itself sets towards the
	// upstream, at most 64 bytes each. X-User-ID, X-User-Roles, X-Tenant-ID,
	// X-Request-ID and X-Auth-Claims always are. A header the request is
	// framed by or a credential travels in is refused.
	Identity []string
	// AllowedNames are headers with `_` or `.` in their name that may pass.
	// Case is not significant. A name that folds to a managed, hop-by-hop or
	// singleton header is refused.
	AllowedNames []string
	// Routes tells what the route of a request keeps; see [Route]. It is asked
	// only about requests that need it. Default: no route keeps anything.
	Routes func(method, host, path string, segments []string) Route
	// Certificates says how trusted proxies forward the certificates of their
	// clients. Default: they do not.
	Certificates ForwardedCertificates
	// NewID makes a request id when none is accepted. Default: a random UUIDv7
	// (RFC 9562 section 5.7).
	NewID func() string
}

// Reader reads requests into canonical form. It may be used by any number of
// goroutines.
type Reader struct {
	methods []string
	trusted []netip.Prefix
	classes map[string]class    // by folded name
	allowed map[string]struct{} // by canonical MIME form
	routes  func(method, host, path string, segments []string) Route
	newID   func() string

	certificates ForwardedCertificates
}

// New checks the options and makes a Reader. The error names the first option
// that cannot be used.
func New(o Options) (*Reader, error) {
	r := &Reader{methods: slices.Clone(o.Methods), classes: builtinClasses(), routes: o.Routes, newID: o.NewID, certificates: o.Certificates}
	if len(r.methods) == 0 {
		r.methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
	}
	for _, m := range r.methods {
		if err := checkMethod(m); err != nil {
			return nil, fmt.Errorf("method %q: %w", m, err)
		}
	}
	for _, p := range o.TrustedProxies {
		if err := checkTrusted(p); err != nil {
			return nil, fmt.Errorf("trusted proxy %s: %w", p, err)
		}
		r.trusted = append(r.trusted, p.Masked())
	}
	if err := checkForwarded(o.Certificates); err != nil {
		return nil, err
	}
	if err := r.addIdentity(o.Identity); err != nil {
		return nil, err
	}
	if err := r.addAllowed(o.AllowedNames); err != nil {
		return nil, err
	}
	if r.newID == nil {
		r.newID = func() string { return NewUUIDv7(time.Now()) }
	}
	return r, nil
}

func checkMethod(m string) error {
	if m == http.MethodConnect || m == http.MethodTrace {
		return errors.New("cannot be allowed")
	}
	if len(m) == 0 || len(m) > 20 || strings.Trim(m, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return errors.New("must be 1 to 20 letters A-Z")
	}
	return nil
}

// Allow is the configured methods as the value of an Allow header, which every
// 405 carries (RFC 9110 section 15.5.6).
func (r *Reader) Allow() string { return strings.Join(r.methods, ", ") }

// Read judges one request as net/http's server hands it to a handler. Exactly
// one result is not nil. It looks at the request line, Host, headers, declared
// trailers, TLS and RemoteAddr, never at the body, and does not change req.
func (r *Reader) Read(req *http.Request) (*Request, *Rejection) {
	c := &Request{TargetSHA256: digest(req.RequestURI)}
	r.arrive(c, req)
	if f := r.fill(c, req, c.Trusted); f != nil {
		return nil, c.reject(f)
	}
	return c, nil
}

// reject ties a fault to a request.
func (c *Request) reject(f *fault) *Rejection {
	out := c.Refuse(f.code, f.rule, f.status())
	out.Err = f.err
	return out
}

// arrive sets what even a rejected request has: where it came from, its scheme
// and its id.
func (r *Reader) arrive(c *Request, req *http.Request) {
	c.Peer = peerAddr(req.RemoteAddr)
	c.ClientIP = c.Peer
	c.Trusted = r.trusts(c.Peer)
	c.Scheme = "http"
	if req.TLS != nil {
		c.Scheme = "https"
		// The certificate of a proxy is not that of who sent the request.
		if chains := req.TLS.VerifiedChains; !c.Trusted && len(chains) > 0 && len(chains[0]) > 0 {
			c.Certificate, c.Shown = chains[0][0], req.TLS.PeerCertificates
		}
	}
	if c.Trusted {
		// A value sent twice is used by none of these; readHeader refuses it.
		if v, ok := single(req.Header, "X-Forwarded-For"); ok {
			c.ClientIP, c.Hops = r.client(c.Peer, v)
		}
		if v, ok := single(req.Header, "X-Forwarded-Proto"); ok && (v == "http" || v == "https") {
			c.Scheme = v
		}
		if v, ok := single(req.Header, "X-Request-Id"); ok && validID(v) {
			c.ID = v
		}
	}
	if c.ID == "" {
		c.ID = r.newID()
	}
}

// fill sets the rest in a fixed order, so that a request with several faults
// is always refused for the same one. A peer that vouches says what certificate
// the client has shown.
func (r *Reader) fill(c *Request, req *http.Request, vouches bool) *fault {
	if !slices.Contains(r.methods, req.Method) {
		return &fault{code: CodeMethodNotAllowed, rule: RuleMethod, err: errors.New("method is not in the configured list")}
	}
	c.Method = req.Method
	found, f := c.readTarget(req.RequestURI)
	if f == nil {
		f = c.readHost(req.Host, req.Header["Host"])
	}
	switch {
	case len(found) > 0 && f != nil:
		f = found[0].fault // it would have come first, were it not for routes
	case len(found) > 0:
		f = r.waive(c, req, found)
	}
	if f != nil {
		return f
	}
	if f := r.readHeader(c, req, vouches); f != nil {
		return f
	}
	if vouches {
		if f := r.readCertificate(c, req.Header); f != nil {
			return f
		}
	}
	for name := range req.Trailer {
		if cl, _, ok := r.classify(name); !ok || cl.protected() {
			return notCanonical(RuleTrailer, "a protected header or a malformed name is announced as a trailer")
		}
	}
	return nil
}

func single(h http.Header, key string) (string, bool) {
	if v := h[key]; len(v) == 1 {
		return v[0], true
	}
	return "", false
}

func digest(target string) string {
	// The buffer keeps the usual target off the heap.
	var buf [512]byte
	sum := sha256.Sum256(append(buf[:0], target...))
	var text [2 * sha256.Size]byte
	hex.Encode(text[:], sum[:])
	return string(text[:])
}
