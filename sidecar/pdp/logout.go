package pdp

import (
	"context"
	"net/netip"

	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/config"
)

// Logout verifies a logout token by the snapshot in force, and refuses the
// tokens it is about from now on. Its error is a [*authn.Refused] or a
// [*authn.Broken].
func (p *Point) Logout(ctx context.Context, token string, client netip.Addr) (authn.Logout, error) {
	s := p.Current()
	if s == nil {
		return authn.Logout{}, &authn.Broken{Dependency: "the policies"}
	}
	return s.chain.Logout(ctx, token, client)
}

// Recheck has what stands longer than a request decided again, as after a change
// of the policies.
func (p *Point) Recheck() { p.changed.tell() }

// IsLogout tells whether a request is one of an issuer that tells of a logout:
// some method takes them, and it is for their path.
func (t Turn) IsLogout(c *canonical.Request) bool {
	return t.snapshot != nil && t.snapshot.logsOut && c.Path == config.LogoutPath
}
