package reply

import (
	"fmt"
	"strings"

	"github.com/gwctl/gwctl/sidecar/authn"
)

// Schemes are the ways of presenting a token that are offered to clients.
type Schemes struct {
	// DPoP are the algorithms of DPoP proofs (RFC 9449 section 7.1); without any,
	// DPoP is offered only to those who use it.
	DPoP []string
	// NoBearer tells that a token has to be bound to a DPoP key.
	NoBearer bool
}

// challenge sets WWW-Authenticate with parameters in pairs, which belong to the
// scheme that the client used. All challenges stand in one line: there are proxies
// that pass on one line only (RFC 9110 section 11.6.1 allows both).
func (a *Answer) challenge(c Context, params ...string) {
	algorithms := c.Schemes.DPoP
	if len(c.Challenge.Algorithms) > 0 {
		algorithms = c.Challenge.Algorithms
	}
	dpop := len(algorithms) > 0
	bearer := !c.Schemes.NoBearer || !dpop
	var told []string
	if bearer {
		own := params
		if c.DPoP && dpop {
			own = nil
		}
		told = append(told, challenge(authn.SchemeBearer, c, own))
	}
	if dpop {
		own := []string{"algs", strings.Join(algorithms, " ")}
		if c.DPoP || !bearer {
			own = append(own, params...)
		}
		told = append(told, challenge(authn.SchemeDPoP, c, own))
	}
	if c.DPoP && len(told) > 1 {
		told[0], told[1] = told[1], told[0] // clients that read one read the first
	}
	a.Header.Set("WWW-Authenticate", strings.Join(told, ", "))
}

func challenge(scheme string, c Context, params []string) string {
	parts := []string{fmt.Sprintf("%s realm=%q", scheme, orText(c.Realm, "gwctl"))}
	for i := 0; i+1 < len(params); i += 2 {
		if params[i+1] != "" {
			parts = append(parts, fmt.Sprintf("%s=%q", params[i], params[i+1]))
		}
	}
	if c.ResourceMetadata != "" {
		parts = append(parts, fmt.Sprintf("resource_metadata=%q", c.ResourceMetadata))
	}
	return strings.Join(parts, ", ")
}
