package config

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/policy/document"
)

// ForwardAuth is the door for proxies that ask before they forward. Without an
// Address there is none.
type ForwardAuth struct {
	Address        string
	Dialect        string         // how the proxy describes a request, and which statuses it passes on
	TrustedProxies []netip.Prefix // networks of the proxies that may ask, as in 10.0.0.0/8
	Limits         Limits         // over all proxies that ask, and the clients that they speak for; no body is kept
}

// Dialects are the ways in which a proxy describes the request that it asks
// about. A listener speaks one of them.
func Dialects() []string { return []string{"nginx", "caddy", "traefik", "haproxy", "generic"} }

// forwardAuth reads listeners.forward_auth. Nobody is trusted by default: a
// description from just anybody is worth nothing.
func (r *reader) forwardAuth(listeners *document.Object) {
	o := listeners.Object("forward_auth")
	f := &r.cfg.ForwardAuth
	f.Address = r.address(o)
	if t := o.Text("dialect"); t.IsSet() {
		f.Dialect = t.Value()
		if !slices.Contains(Dialects(), t.Value()) {
			r.w.Error(t.Span(), "bad_setting", "known: "+strings.Join(Dialects(), ", "), "dialect %q is not known", t.Value())
		}
	}
	f.TrustedProxies = r.networks(o, "trusted_proxies")
	r.forwardAuthLimits(o.Object("limits"))
	o.Require("address", "dialect", "trusted_proxies")
	o.Done()
	if !isMissing(listeners) && !listeners.Has("proxy") && !listeners.Has("forward_auth") {
		r.w.Error(listeners.Span(), "missing_key", "add proxy: {address: …, upstreams: […]} or forward_auth: {address: …, dialect: …, trusted_proxies: […]}", "no door is open: there is neither proxy nor forward_auth")
	}
}

// networks reads a list of networks without host bits.
func (r *reader) networks(o *document.Object, key string) []netip.Prefix {
	var out []netip.Prefix
	for _, t := range o.Texts(key) {
		p, err := netip.ParsePrefix(t.Value())
		if err != nil || p.Bits() == 0 || p.Masked() != p || p.Addr().Is4In6() {
			r.w.Error(t.Span(), "bad_setting", "write a network without host bits, as in 10.0.0.0/8 or fd00::/8; /0 would trust everybody", "trusted proxy %q cannot be used", t.Value())
			continue
		}
		out = append(out, p)
	}
	return out
}
