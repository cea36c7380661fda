package config

import (
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/gwctl/gwctl/policy/document"
)

// Admin is the listener of operators: state, keys, caches, revocations. It is
// there for this host only.
type Admin struct {
	Address string   // host:port on loopback; "" for none
	Socket  string   // path of a Unix socket that this user alone may use; "" for none
	Hosts   []string // names that are accepted in Host beside localhost and loopback addresses
}

// IsSet tells whether there is such a listener.
func (a Admin) IsSet() bool { return a.Address != "" || a.Socket != "" }

var hostNameForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?)*$`)

// maxSocketPath is what the shortest of the systems takes for the path of a
// Unix socket, beside the name it has until it is private.
const maxSocketPath = 90

func (r *reader) admin(listeners *document.Object) {
	if !listeners.Has("admin") {
		return
	}
	o := listeners.Object("admin")
	a := Admin{Address: r.address(o)}
	address := o.Text("address")
	if host, port, err := net.SplitHostPort(a.Address); address.IsSet() && err == nil && (!isLoopback(host) || port == "") {
		r.w.Error(address.Span(), "bad_setting", "write 127.0.0.1:9901, or socket: ./admin.sock", "address %q can be reached from other hosts", a.Address)
	}
	socket := o.Text("socket")
	if socket.IsSet() {
		a.Socket = r.resolve(socket.Value())
		if abs, err := filepath.Abs(a.Socket); err != nil || len(abs) > maxSocketPath {
			r.w.Error(socket.Span(), "bad_setting", "write a path of at most 90 bytes", "the path of the socket is too long")
		}
	}
	if !isMissing(o) && address.IsSet() == socket.IsSet() {
		r.w.Error(o.Span(), "bad_setting", "write admin: {address: 127.0.0.1:9901} or admin: {socket: ./admin.sock}", "admin has one address or one socket")
	}
	for _, t := range o.Texts("hosts") {
		a.Hosts = append(a.Hosts, t.Value())
		if !hostNameForm.MatchString(t.Value()) {
			r.w.Error(t.Span(), "bad_setting", "write a name in lower case and without a port, as in gw-admin.local", "%q is no name of a host", t.Value())
		}
	}
	o.Done()
	r.cfg.Admin = a
}

// isLoopback tells whether what is listened on there can be reached from this
// host only. A name that is not known to be such is not looked up.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.Zone() == "" && addr.IsLoopback()
}
