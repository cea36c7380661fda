package canonical

import (
	"net/http"
	"net/netip"
)

// Original is a request that another proxy has received and asks about. What
// the proxy itself says stands in fields of its own; Header and Trailer are
// what it passed on from the client, and nothing in them is believed but the
// client's certificate, if [Options] say that the proxy forwards it.
type Original struct {
	Method string
	Scheme string // "http" or "https", as the proxy was spoken to
	Host   string // as the client wrote it
	Target string // raw request target, never decoded
	Header http.Header
	// Trailer are the names that the client announced.
	Trailer http.Header
	// Peer is the proxy. The caller has made sure that it may ask.
	Peer netip.Addr
	// ForwardedFor is what the proxy says about where the request came from, in
	// the form of X-Forwarded-For.
	ForwardedFor string
}

// ReadOriginal judges a request that was received elsewhere by the rules of
// [Reader.Read], which would have read it if the client had sent it here.
// Exactly one result is not nil. The request id is always new: what stands in
// X-Request-ID is the client's as long as nobody says otherwise.
func (r *Reader) ReadOriginal(o Original) (*Request, *Rejection) {
	c := &Request{TargetSHA256: digest(o.Target), ID: r.newID(), Scheme: o.Scheme, Peer: plain(o.Peer)}
	c.ClientIP, c.Hops = r.client(c.Peer, o.ForwardedFor)
	var f *fault
	if o.Scheme == "http" || o.Scheme == "https" {
		// Not Trusted while headers are read: those of the client are judged.
		f = r.fill(c, &http.Request{Method: o.Method, ProtoMajor: 1, ProtoMinor: 1, RequestURI: o.Target, Host: o.Host, Header: o.Header, Trailer: o.Trailer}, true)
	} else {
		f = notCanonical(RuleScheme, "scheme is neither http nor https")
	}
	c.Trusted = true
	if f != nil {
		return nil, c.reject(f)
	}
	return c, nil
}
