package pdp

import (
	"slices"

	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/reply"
)

// schemesOf gives what is offered to clients: DPoP where a method has a dpop
// block, and Bearer unless every method that takes tokens requires DPoP.
func schemesOf(cfg *config.Config) reply.Schemes {
	var all []config.DPoP
	for _, j := range cfg.JWT {
		all = append(all, j.DPoP)
	}
	for _, i := range cfg.Introspection {
		all = append(all, i.DPoP)
	}
	s := reply.Schemes{NoBearer: len(all) > 0}
	for _, d := range all {
		s.NoBearer = s.NoBearer && d.Required
		if !d.On {
			continue
		}
		algorithms := d.Algorithms
		if len(algorithms) == 0 {
			algorithms = authn.ProofAlgorithms()
		}
		for _, alg := range algorithms {
			if !slices.Contains(s.DPoP, alg) {
				s.DPoP = append(s.DPoP, alg)
			}
		}
	}
	return s
}
