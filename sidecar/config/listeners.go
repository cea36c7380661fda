package config

import (
	"net"
	"strconv"

	"github.com/gwctl/gwctl/policy/document"
)

func (r *reader) listeners(o *document.Object) {
	proxy := o.Object("proxy")
	r.cfg.Proxy.Address = r.address(proxy)
	r.tls(proxy)
	r.limits(proxy.Object("limits"))
	r.upstreams(proxy)
	r.cfg.Proxy.TrustedProxies = r.networks(proxy, "trusted_proxies")
	r.webSocket(proxy.Object("websocket"))
	proxy.Require("address", "upstreams")
	proxy.Done()
	r.forwardAuth(o)
	r.admin(o)
	r.logoutListener(o)
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
	_, port, err := net.SplitHostPort(t.Value())
	if err != nil || port == "" || !isPort(port) {
		r.w.Error(t.Span(), "bad_setting", "write host:port, as in 127.0.0.1:8080", "address %q cannot be listened on", t.Value())
	}
	return t.Value()
}

// isPort tells whether a text is a port in its one spelling, or empty.
func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return s == "" || err == nil && strconv.FormatUint(n, 10) == s
}
