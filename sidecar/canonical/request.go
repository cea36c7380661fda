package canonical

import (
	"crypto/x509"
	"net/http"
	"net/netip"
	"net/url"
)

// Request is one accepted request in canonical form. It is made by
// [Reader.Read] and must not be changed afterwards; it may be read by any
// number of goroutines.
type Request struct {
	ID     string // request id: the trusted peer's X-Request-ID, or a new one
	Method string // a configured method
	Scheme string // "http" or "https"; from X-Forwarded-Proto only when the peer is trusted
	Host   string // lower case, no trailing dot, no default port; IPv6 in brackets

	// Path is the path in canonical form: triplets of unreserved characters
	// decoded, the hex digits of all others in upper case (RFC 3986 section
	// 6.2.2), nothing decoded twice. It starts with `/`, except for the `*` of
	// an OPTIONS request.
	Path string
	// Segments are the percent-decoded parts of Path. `/` and `*` have none; a
	// trailing slash adds none.
	Segments []string

	RawQuery string              // query as received, without `?`; a lone `?` counts as no query
	Query    map[string][]string // decoded parameters in order of arrival; nil without a query

	// Header is what policy and upstream see: without Host, hop-by-hop,
	// managed and dropped headers. Keys are in canonical MIME form. It can
	// share storage with the http.Request it was read from.
	Header http.Header

	// ClientIP is the peer or, when the peer is trusted, the last address that
	// a trusted hop vouches for in X-Forwarded-For. It is the zero Addr when
	// the peer has none.
	ClientIP netip.Addr
	// Certificate is that of the client, verified: by the listener or, if a
	// trusted proxy has forwarded it, as [ForwardedCertificates] says; nil without
	// one. A trusted proxy's own certificate is never the client's. It is no
	// identity before a method of authentication makes it one.
	Certificate *x509.Certificate
	// Shown are the certificates that the client has shown, its own first, as
	// they came. Those that were forwarded may be anybody's: nobody has verified
	// them unless Certificate says so.
	Shown     []*x509.Certificate
	Forwarded bool // a trusted proxy was shown them

	Peer    netip.Addr   // address of the connection; zero for a Unix socket
	Trusted bool         // Peer is one of the trusted proxies
	Hops    []netip.Addr // trusted proxies between Peer and ClientIP, nearest first; at most MaxHops

	WebSocket bool      // the opening handshake of a WebSocket, on a route that allows it
	Lifted    Allowance // what the path holds that only its route lets through

	TargetSHA256 string    // hex SHA-256 of the raw request target, for the record
	Dropped      []Dropped // removed headers, sorted by name; hop-by-hop ones that every connection has are not listed
}

// Reasons of a Dropped header. They are safe as metric labels.
const (
	DropIdentity   = "identity"   // folds to an identity header
	DropManaged    = "managed"    // folds to another managed header
	DropUnderscore = "underscore" // contains `_` or `.` and is not allowed
	DropConnection = "connection" // named by Connection
)

// Dropped is a header that was removed.
type Dropped struct {
	Name   string // folded name, cut to 64 bytes; chosen by the client
	Reason string // one of the Drop constants
}

// OutURL is the URL to send upstream: scheme and host of upstream, path and
// query of r. On the wire its request target is byte for byte
// Path[?RawQuery]. A path, query or user of upstream is not used: gwctl
// rewrites nothing.
func (r *Request) OutURL(upstream *url.URL) *url.URL {
	// net/url sends RawPath as it is only while it decodes to Path; else it
	// would encode Path anew, in its own spelling. Read accepts only valid
	// triplets, so the error is left for a Request that Read did not make.
	decoded, err := url.PathUnescape(r.Path)
	if err != nil {
		decoded = r.Path
	}
	return &url.URL{
		Scheme:   upstream.Scheme,
		Host:     upstream.Host,
		Path:     decoded,
		RawPath:  r.Path,
		RawQuery: r.RawQuery,
	}
}
