package authn

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// errAddress is every refusal to talk to an address because of what it is. Such
// a request is never retried.
var errAddress = errors.New("address refused")

type addressError string

func (e addressError) Error() string        { return string(e) }
func (e addressError) Is(target error) bool { return target == errAddress }

// loopbackHost tells whether a URL host names this machine and nothing else.
func loopbackHost(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// checkURL holds the scheme rule: https, or http to a loopback host where
// loopback is allowed at all.
func checkURL(u *url.URL, allowLoopback bool) error {
	host := u.Hostname()
	loopback := loopbackHost(host)
	switch {
	case host == "" || u.Opaque != "":
		return addressError("address refused: no host")
	case u.User != nil:
		return addressError("address refused: user and password in the URL")
	case loopback && !allowLoopback:
		return addressError("address refused: loopback is for issuers on loopback only")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback):
		return addressError("address refused: scheme must be https")
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return checkAddr(addr, loopback)
	}
	return nil
}

// metadataAddrs are cloud metadata services outside the link-local ranges.
var metadataAddrs = [...]netip.Addr{
	netip.AddrFrom4([4]byte{100, 100, 100, 200}),
	netip.AddrFrom4([4]byte{168, 63, 129, 16}),
	netip.AddrFrom4([4]byte{192, 0, 0, 192}),
	netip.AddrFrom16([16]byte{0xfd, 0x00, 0x0e, 0xc2, 14: 0x02, 15: 0x54}),
	netip.AddrFrom16([16]byte{0xfd, 0x20, 0x00, 0xce, 14: 0x02, 15: 0x54}),
}

// checkAddr judges an address that is about to be dialled. A host that names
// loopback must be loopback, and no other may be: else a name could lead plain
// http off the machine, or a public name onto it. Private networks are allowed;
// issuers live there.
func checkAddr(addr netip.Addr, wantLoopback bool) error {
	addr = embedded(addr)
	if !addr.IsValid() || addr.IsUnspecified() || addr.IsMulticast() || addr.IsLinkLocalUnicast() {
		return addressError("address refused: unspecified, link-local or multicast")
	}
	if addr.Is4() && (addr.As4()[0] == 0 || addr.As4()[0] >= 240) {
		return addressError("address refused: reserved")
	}
	for _, metadata := range metadataAddrs {
		if addr == metadata {
			return addressError("address refused: cloud metadata")
		}
	}
	if addr.IsLoopback() != wantLoopback {
		return addressError("address refused: name and address do not agree on loopback")
	}
	return nil
}

// embedded gives the IPv4 address inside a mapped, compatible, NAT64 or 6to4
// address; all of them may lead there.
func embedded(addr netip.Addr) netip.Addr {
	addr = addr.Unmap().WithZone("")
	if !addr.Is6() {
		return addr
	}
	b := addr.As16()
	nat64 := [12]byte{0, 0x64, 0xff, 0x9b}
	switch {
	case [12]byte(b[:12]) == nat64:
		return netip.AddrFrom4([4]byte(b[12:]))
	case [12]byte(b[:12]) == [12]byte{} && !addr.IsLoopback() && !addr.IsUnspecified():
		return netip.AddrFrom4([4]byte(b[12:]))
	case b[0] == 0x20 && b[1] == 0x02:
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return addr
}
