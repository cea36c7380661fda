package plan

import (
	"fmt"
	"net/netip"

	"cel.dev/cel-go/common/ast"
)

// networkTest plans the tests of addresses and networks.
func (b *builder) networkTest(call ast.CallExpr) fn[bool] {
	args := call.Args()
	switch name := call.FunctionName(); name {
	case "containsIP":
		return b.contains(call.Target(), args[0])
	case "containsCIDR":
		within := func(outer, inner netip.Prefix) (bool, error) {
			return outer.Overlaps(inner) && outer.Bits() <= inner.Bits(), nil
		}
		if kindOf(b.typeOf(args[0])) == network {
			return binary(b.network(call.Target()), b.network(args[0]), within)
		}
		return binary(b.network(call.Target()), b.text(args[0]), func(outer netip.Prefix, s string) (bool, error) {
			inner, err := parseNetwork(s)
			if err != nil {
				return false, err
			}
			return within(outer, inner)
		})
	case "isIP":
		return mapped(b.text(args[0]).eval, func(s string) bool { _, err := parseAddr(s); return err == nil })
	case "isCIDR":
		return mapped(b.text(args[0]).eval, func(s string) bool { _, err := parseNetwork(s); return err == nil })
	case "ip.isCanonical":
		return converted(b.text(args[0]).eval, func(s string) (bool, error) {
			a, err := parseAddr(s)
			return err == nil && a.String() == s, err
		})
	case "isMask":
		return mapped(b.network(call.Target()).eval, func(p netip.Prefix) bool { return p.Addr() == p.Masked().Addr() })
	default:
		if test := addrTests[name]; test != nil {
			return mapped(b.addr(call.Target()).eval, test)
		}
	}
	return nil
}

var addrTests = map[string]func(netip.Addr) bool{
	"isGlobalUnicast": netip.Addr.IsGlobalUnicast, "isLinkLocalMulticast": netip.Addr.IsLinkLocalMulticast, "isLinkLocalUnicast": netip.Addr.IsLinkLocalUnicast,
	"isLoopback": netip.Addr.IsLoopback, "isUnspecified": netip.Addr.IsUnspecified,
}

// contains plans x.containsIP(y) for an address or the text of one.
func (b *builder) contains(x, y ast.Expr) fn[bool] {
	in := b.network(x)
	if kindOf(b.typeOf(y)) == text {
		return binary(in, b.text(y), func(p netip.Prefix, s string) (bool, error) {
			a, err := parseAddr(s)
			return err == nil && p.Contains(a), err
		})
	}
	at := b.addr(y).eval
	if in.literal {
		p := in.value
		return func(m *Machine) (bool, bool) {
			a, ok := at(m)
			return ok && p.Contains(a), ok
		}
	}
	return func(m *Machine) (bool, bool) {
		p, ok := in.eval(m)
		if !ok {
			return false, false
		}
		a, ok := at(m)
		return ok && p.Contains(a), ok
	}
}

// networkNumber plans the numbers of addresses and networks.
func (b *builder) networkNumber(call ast.CallExpr) fn[int64] {
	switch call.FunctionName() {
	case "family":
		return mapped(b.addr(call.Target()).eval, func(a netip.Addr) int64 {
			if a.Is4() {
				return 4
			}
			return 6
		})
	case "prefixLength":
		return mapped(b.network(call.Target()).eval, func(p netip.Prefix) int64 { return int64(p.Bits()) })
	}
	return nil
}

// ownAddr plans ip(x) and x.ip().
func (b *builder) ownAddr(x ast.Expr) fn[netip.Addr] {
	if x.Kind() != ast.CallKind || x.AsCall().FunctionName() != "ip" {
		return nil
	}
	if call := x.AsCall(); call.IsMemberFunction() {
		return mapped(b.network(call.Target()).eval, netip.Prefix.Addr)
	}
	return converted(b.text(x.AsCall().Args()[0]).eval, parseAddr)
}

// ownNetwork plans cidr(x) and x.masked().
func (b *builder) ownNetwork(x ast.Expr) fn[netip.Prefix] {
	if x.Kind() != ast.CallKind {
		return nil
	}
	switch call := x.AsCall(); call.FunctionName() {
	case "cidr":
		return converted(b.text(call.Args()[0]).eval, parseNetwork)
	case "masked":
		return mapped(b.network(call.Target()).eval, netip.Prefix.Masked)
	}
	return nil
}

// parseAddr reads an address as CEL does: without a zone, and not IPv4 in the
// clothes of IPv6.
func parseAddr(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	switch {
	case err != nil:
		return netip.Addr{}, fmt.Errorf("IP Address %q parse error during conversion from string: %v", s, err)
	case a.Zone() != "":
		return netip.Addr{}, fmt.Errorf("IP address %q with zone value is not allowed", s)
	case a.Is4In6():
		return netip.Addr{}, fmt.Errorf("IPv4-mapped IPv6 address %q is not allowed", s)
	}
	return a, nil
}

// parseNetwork reads a network as CEL does.
func parseNetwork(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return netip.Prefix{}, fmt.Errorf("CIDR %q parse error during conversion from string: %v", s, err)
	case p.Addr().Is4In6():
		return netip.Prefix{}, fmt.Errorf("IPv4-mapped IPv6 address %q is not allowed", s)
	}
	return p, nil
}

func addrText(a netip.Addr) string      { return a.String() }
func networkText(p netip.Prefix) string { return p.String() }
