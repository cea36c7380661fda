package config

import (
	"net"
	"net/netip"
	"strconv"

	"github.com/gwctl/gwctl/policy/document"
)

func (r *reader) listeners(o *document.Object) {
	proxy := o.Object("proxy")
	r.cfg.Proxy.Address = r.address(proxy)
	r.tls(proxy)
	r.upstreams(proxy)
	for _, t := range proxy.Texts("trusted_proxies") {
		p, err := netip.ParsePrefix(t.Value)
		if err != nil || p.Bits() == 0 || p.Masked() != p || p.Addr().Is4In6() {
			r.w.Error(t.Span(), "bad_setting", "write a network without host bits, as in 10.0.0.0/8 or fd00::/8; /0 would trust everybody", "trusted proxy %q cannot be used", t.Value)
			continue
		}
		r.cfg.Proxy.TrustedProxies = append(r.cfg.Proxy.TrustedProxies, p)
	}
	proxy.Require("address", "upstreams")
	proxy.Done()
	if o.Has("health") {
		health := o.Object("health")
		r.cfg.Health = r.address(health)
		health.Require("address")
		health.Done()
	}
	o.Require("proxy")
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
