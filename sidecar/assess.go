package sidecar

import (
	"time"

	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/config"
)

// Assessment is what one configured method thinks of a bearer token.
type Assessment struct {
	Method string // jwt or introspection
	Name   string // issuer or endpoint
	// Refused says why the method would not take the token, nil if it would: a jwt
	// method if the signature is good, introspection if the server says active.
	Refused error
}

// Assess asks the methods of a configuration about a bearer token. Nothing is
// fetched and the token is sent nowhere, so no signature is verified.
func Assess(cfg *config.Config, token string, clock func() time.Time) ([]Assessment, error) {
	b := &builder{fixed: cfg, clock: clock}
	var out []Assessment
	for _, j := range cfg.JWT {
		j.DPoP.NonceKey = config.Secret{} // as little as the other secrets
		m, _, err := b.jwt(j)
		if err != nil {
			return nil, err
		}
		out = append(out, Assessment{authn.KindJWT, j.Name, m.Assess(token)})
	}
	for _, i := range cfg.Introspection {
		// The secret is not needed, and whoever looks at a token may not have it.
		m, err := authn.NewIntrospection(authn.IntrospectionConfig{
			Name: i.Name, Endpoint: i.Endpoint, Issuer: i.Issuer, Auth: authn.ClientAuth{ID: i.ClientID, Secret: "unused"}, Clock: clock,
		})
		if err != nil {
			return nil, err
		}
		out = append(out, Assessment{authn.KindIntrospection, i.Endpoint, m.Assess(token)})
	}
	return out, nil
}
