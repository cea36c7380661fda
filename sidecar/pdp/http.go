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

// Routes tells a [canonical.Reader] what the routes of a set let through.
func Routes(set *engine.Set) func(method, host, path string, segments []string) canonical.Route {
	return func(method, host, path string, segments []string) canonical.Route {
		p := set.Place(method, host, path, segments)
		r := canonical.Route{Place: p.ID, Fixed: p.Fixed, Method: p.Route != nil}
		if !r.Method {
			return r
		}
		for _, o := range [...]struct {
			by canonical.Allowance
			is bool
		}{
			{canonical.AllowEncodedSlash, p.Route.KeepEncodedSlash}, {canonical.AllowEmptySegments, p.Route.KeepEmptySegments},
			{canonical.AllowPathParams, p.Route.KeepPathParams}, {canonical.AllowWebSocket, p.Route.WebSocket},
		} {
			if o.is {
				r.Allows |= o.by
			}
		}
		if p.Route.WebSocket && p.Route.CORS != nil {
			for _, origin := range p.Route.CORS.Origins {
				r.Origins = append(r.Origins, origin.Value())
			}
		}
		return r
	}
}
