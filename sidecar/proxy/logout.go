package proxy

import (
	"net/http"

	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/pdp"
)

// loggedOut takes what an issuer says about a logout. It comes before the
// policies, whose routes have no say about the path.
func (d *Door) loggedOut(w http.ResponseWriter, r *http.Request, turn pdp.Turn, c *canonical.Request) bool {
	if d.o.Logout == nil || !turn.IsLogout(c) {
		return false
	}
	d.own(w, r)
	d.o.Logout.Serve(w, r, c.ClientIP, c.ID)
	return true
}
