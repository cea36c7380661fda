package config

import (
	"net/url"
	"time"

	"github.com/gwctl/gwctl/engine/index"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// Upstream is where requests of a path pattern go, and how.
type Upstream struct {
	Match       policy.Text // a path pattern
	URL         *url.URL    // scheme and host
	Protocol    string      // http1, h2 or h2c; "" is HTTP/1.1 without TLS, and with TLS what the service prefers
	TLS         UpstreamTLS
	Timeouts    Timeouts
	Connections Connections
	Propagate   Propagation // what the service learns; never more than what stands under propagate of the whole
	Audience    string      // of the assertion; "" for none
}

// UpstreamTLS says how an upstream is recognised, and gwctl by it.
type UpstreamTLS struct {
	CA         File   // CAs in PEM; none takes those of the system
	ServerName string // name in its certificate; "" takes the host of the URL
	Cert, Key  File   // what gwctl shows; none shows nothing
}

// Timeouts of an exchange with an upstream.
type Timeouts struct {
	Connect        time.Duration // default 2s, 10ms to 30s
	Handshake      time.Duration // of TLS; default 5s, 10ms to 30s
	ResponseHeader time.Duration // from the end of the request; default 30s, 10ms to 10m
}

// Connections bounds what is kept open towards an upstream.
type Connections struct {
	Idle        int           // kept without a request; default 256, 1 to 4096
	IdleTimeout time.Duration // default 90s, 1s to 1h
}

// DefaultUpstream is an upstream without any setting.
func DefaultUpstream(match policy.Text, to *url.URL, learns Propagation) Upstream {
	return Upstream{
		Match: match, URL: to, Propagate: learns,
		Timeouts:    Timeouts{Connect: 2 * time.Second, Handshake: 5 * time.Second, ResponseHeader: 30 * time.Second},
		Connections: Connections{Idle: 256, IdleTimeout: 90 * time.Second},
	}
}

func (r *reader) upstreams(proxy *document.Object) {
	for _, n := range proxy.List("upstreams") {
		u := r.w.Object(n, "an upstream")
		up := DefaultUpstream(u.Text("match"), r.origin(u.Text("url")), r.narrowed(u.Object("propagate"), r.cfg.Propagate.Propagation))
		r.protocol(u, &up)
		r.upstreamTLS(u, &up)
		t := u.Object("timeouts")
		const least = 10 * time.Millisecond
		up.Timeouts.Connect = r.duration(t, "connect", up.Timeouts.Connect, least, 30*time.Second)
		up.Timeouts.Handshake = r.duration(t, "tls_handshake", up.Timeouts.Handshake, least, 30*time.Second)
		up.Timeouts.ResponseHeader = r.duration(t, "response_header", up.Timeouts.ResponseHeader, least, 10*time.Minute)
		t.Done()
		c := u.Object("connections")
		up.Connections.Idle = r.number(c, "idle", up.Connections.Idle, 1, 4096)
		up.Connections.IdleTimeout = r.duration(c, "idle_timeout", up.Connections.IdleTimeout, time.Second, time.Hour)
		c.Done()
		up.Audience = r.audience(u)
		u.Require("match", "url")
		u.Done()
		if up.Match.IsSet() && up.URL != nil {
			r.cfg.Proxy.Upstreams = append(r.cfg.Proxy.Upstreams, up)
		}
	}
	r.patterns()
}

func (r *reader) protocol(u *document.Object, up *Upstream) {
	t := u.Text("protocol")
	if !t.IsSet() {
		return
	}
	up.Protocol = t.Value()
	secure := up.URL != nil && up.URL.Scheme == "https"
	switch {
	case t.Value() != "http1" && t.Value() != "h2" && t.Value() != "h2c":
		r.w.Error(t.Span(), "bad_setting", "write http1, h2 or h2c", "protocol %q is not known", t.Value())
	case up.URL == nil:
	case t.Value() == "h2" && !secure:
		r.w.Error(t.Span(), "bad_setting", "write h2c, or an https URL", "h2 is HTTP/2 over TLS, and the URL is http")
	case t.Value() == "h2c" && secure:
		r.w.Error(t.Span(), "bad_setting", "write h2, or an http URL", "h2c is HTTP/2 without TLS, and the URL is https")
	}
}

func (r *reader) upstreamTLS(u *document.Object, up *Upstream) {
	o := u.Object("tls")
	up.TLS = UpstreamTLS{CA: r.file(o, "ca"), Cert: r.file(o, "cert"), Key: r.file(o, "key")}
	if t := o.Text("server_name"); t.IsSet() {
		up.TLS.ServerName = t.Value()
		if !hostForm.MatchString(t.Value()) {
			r.w.Error(t.Span(), "bad_setting", "write one host name in lower case, as in orders.internal", "server_name %q is no name", t.Value())
		}
	}
	if up.TLS.Cert.IsSet() != up.TLS.Key.IsSet() {
		r.w.Error(o.Span(), "bad_setting", "give both, or neither", "cert and key belong together")
	}
	if u.Has("tls") && up.URL != nil && up.URL.Scheme != "https" {
		r.w.Error(u.Key("tls"), "bad_setting", "write an https URL, or remove tls", "the URL is http: nothing would be encrypted")
	}
	o.Done()
}

// origin reads the URL of an upstream: scheme and host, nothing more, because
// gwctl rewrites no path.
func (r *reader) origin(t policy.Text) *url.URL {
	if !t.IsSet() {
		return nil
	}
	u, err := url.Parse(t.Value())
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || !isPort(u.Port()) || u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		r.w.Error(t.Span(), "bad_setting", "write scheme and host, as in http://127.0.0.1:9000; paths are not rewritten", "upstream URL cannot be used")
		return nil
	}
	return u
}

// patterns checks the upstreams' patterns together.
func (r *reader) patterns() {
	var routes index.Routes
	for i, u := range r.cfg.Proxy.Upstreams {
		p, err := index.ParsePattern(u.Match.Value())
		if err == nil {
			err = routes.Add("", p, "*", i)
		}
		if err != nil {
			r.w.Error(u.Match.Span(), "bad_route", "", "%s", err)
		}
	}
}
