package config

import "github.com/gwctl/gwctl/policy/document"

// Logout says that an issuer tells of users who log out (OpenID Connect
// Back-Channel Logout 1.0).
type Logout struct {
	ClientID string // aud of its logout tokens; "" takes none
}

// LogoutPath is where issuers send logout tokens to, on the proxy's listener and
// on one for them alone.
const LogoutPath = "/.well-known/gwctl/backchannel-logout"

const maxClientID = 256

func (r *reader) logout(jwt *document.Object) Logout {
	if !jwt.Has("backchannel_logout") {
		return Logout{}
	}
	o := jwt.Object("backchannel_logout")
	id := o.Text("client_id")
	if id.IsSet() && len(id.Value()) > maxClientID {
		r.w.Error(id.Span(), "bad_setting", "write the client id that the issuer's logout tokens are for", "client_id is longer than 256 bytes")
	}
	o.Require("client_id")
	o.Done()
	return Logout{ClientID: id.Value()}
}

// logoutListener reads the listener for those who cannot send to the proxy's.
func (r *reader) logoutListener(listeners *document.Object) {
	if !listeners.Has("logout") {
		return
	}
	o := listeners.Object("logout")
	r.cfg.LogoutAddress = r.address(o)
	o.Require("address")
	o.Done()
}

// reachable holds a configuration to what it promises: logout tokens have to
// arrive somewhere, and a listener for them needs somebody who takes them.
func (r *reader) reachable(spec *document.Object) {
	taken := false
	for _, j := range r.cfg.JWT {
		taken = taken || j.Logout.ClientID != ""
	}
	switch {
	case taken && r.cfg.Proxy.Address == "" && r.cfg.LogoutAddress == "":
		r.w.Error(spec.Span(), "bad_setting", "add listeners: {logout: {address: 0.0.0.0:8082}}", "no issuer could send a logout token: there is neither a proxy nor a logout listener")
	case !taken && r.cfg.LogoutAddress != "":
		r.w.Error(spec.Span(), "bad_setting", "add backchannel_logout: {client_id: …} to a jwt method", "the logout listener has no issuer to listen for")
	}
}
