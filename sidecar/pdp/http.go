package pdp

import (
	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/sidecar/canonical"
)

// HTTP is what the engine sees of a canonical request: the same values that go
// to the upstream and into the record.
func HTTP(c *canonical.Request) engine.HTTP {
	return engine.HTTP{
		ID: c.ID, Method: c.Method, Scheme: c.Scheme, Host: c.Host, Path: c.Path, Segments: c.Segments,
		Query: c.Query, Headers: c.Header, ClientIP: c.ClientIP,
	}
}
