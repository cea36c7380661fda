package canonical

import (
	"errors"
	"net/netip"
	"strings"
)

func checkTrusted(p netip.Prefix) error {
	switch {
	case !p.IsValid():
		return errors.New("not a valid prefix")
	case p.Bits() == 0:
		return errors.New("covers every address")
	case p.Addr().Is4In6():
		// Peers are compared as IPv4, so it could never match.
		return errors.New("an IPv4 prefix must be written as IPv4")
	}
	return nil
}

func (r *Reader) trusts(a netip.Addr) bool {
	for _, p := range r.trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// peerAddr is the address in http.Request.RemoteAddr, or the zero Addr, which
// no prefix contains.
func peerAddr(remote string) netip.Addr {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return plain(ap.Addr())
}

// plain makes one address have one form: IPv4 stays IPv4 on a dual-stack
// listener, and a zone says nothing beyond the link.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// MaxHops is how many trusted proxies behind the peer a Request names.
const MaxHops = 15

// client walks X-Forwarded-For from the right, where the trusted peer wrote,
// to the first address that is not trusted. An element that is no address ends
// the walk: what stands left of it is hearsay, so the client is the last
// trusted hop. The hops are those between the peer and the client.
func (r *Reader) client(peer netip.Addr, forwarded string) (client netip.Addr, hops []netip.Addr) {
	last, first := peer, true
	for rest, more := forwarded, true; more; {
		var element string
		if i := strings.LastIndexByte(rest, ','); i >= 0 {
			rest, element = rest[:i], rest[i+1:]
		} else {
			element, more = rest, false
		}
		addr, ok := forwardedAddr(strings.Trim(element, " \t"))
		if !ok {
			return last, hops
		}
		// Whoever vouched for this one is a hop, and the peer is known as such.
		if !first && len(hops) < MaxHops {
			hops = append(hops, last)
		}
		last, first = addr, false
		if !r.trusts(addr) {
			return last, hops
		}
	}
	return last, hops
}

// forwardedAddr reads one element. Some proxies append the port, which is
// accepted, because treating it as broken would show their own address as the
// client's.
func forwardedAddr(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		inner, bracketed := strings.CutPrefix(s, "[")
		inner, closed := strings.CutSuffix(inner, "]")
		if bracketed && closed {
			addr, err = netip.ParseAddr(inner)
			if err == nil && !addr.Is6() {
				return netip.Addr{}, false
			}
		} else {
			var ap netip.AddrPort
			ap, err = netip.ParseAddrPort(s)
			addr = ap.Addr()
		}
	}
	if err != nil || addr.Zone() != "" {
		return netip.Addr{}, false
	}
	return addr.Unmap(), true
}
