package config

import (
	"net"
	"net/url"
	"strconv"

	"github.com/gwctl/gwctl/engine/index"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

func (r *reader) listeners(o *document.Object) {
	proxy := o.Object("proxy")
	r.cfg.Proxy.Address = r.address(proxy)
	upstreams := proxy.List("upstreams")
	for _, n := range upstreams {
		u := r.w.Object(n, "an upstream")
		up := Upstream{Match: u.Text("match"), URL: r.origin(u.Text("url"))}
		u.Require("match", "url")
		u.Done()
		if up.Match.IsSet() && up.URL != nil {
			r.cfg.Proxy.Upstreams = append(r.cfg.Proxy.Upstreams, up)
		}
	}
	r.patterns()
	r.cfg.Proxy.TrustedProxies = r.networks(proxy, "trusted_proxies")
	r.webSocket(proxy.Object("websocket"))
	proxy.Require("address", "upstreams")
	proxy.Done()
	r.forwardAuth(o)
	if o.Has("health") {
		health := o.Object("health")
		r.cfg.Health = r.address(health)
		health.Require("address")
		health.Done()
	}
	o.Done()
}

func (r *reader) address(o *document.Object) string {
	t := o.Text("address")
	if !t.IsSet() {
		return ""
	}
	_, port, err := net.SplitHostPort(t.Value)
	if err != nil || port == "" || !isPort(port) {
		r.w.Error(t.Span(), "bad_setting", "write host:port, as in 127.0.0.1:8080", "address %q cannot be listened on", t.Value)
	}
	return t.Value
}

// isPort tells whether a text is a port in its one spelling, or empty.
func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return s == "" || err == nil && strconv.FormatUint(n, 10) == s
}

// origin reads the URL of an upstream: scheme and host, nothing more, because
// gwctl rewrites no path.
func (r *reader) origin(t policy.Text) *url.URL {
	if !t.IsSet() {
		return nil
	}
	u, err := url.Parse(t.Value)
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
		p, err := index.ParsePattern(u.Match.Value)
		if err == nil {
			err = routes.Add("", p, "*", i)
		}
		if err != nil {
			r.w.Error(u.Match.Span(), "bad_route", "", "%s", err)
		}
	}
}
