package sidecar

import (
	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/mapping"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/config"
)

// userMapping makes the mapping of one method of a configuration.
func userMapping(set *engine.Set, cfg *config.Config, m config.Method) (*mapping.Mapping, policy.Diagnostics) {
	made, found := mapping.New(set, m.Attributes)
	return made.WithIDPrefix(m.IDPrefix, cfg.IDPrefixes...), found
}

// IssuerUsers is how the tokens of one issuer become users.
type IssuerUsers struct {
	Mapping   *mapping.Mapping
	Principal engine.Principal
}

// UsersByIssuer gives, by issuer, how a process with this configuration makes
// users of verified tokens. Nothing is fetched. With an error among the
// diagnostics the result is incomplete.
func UsersByIssuer(set *engine.Set, cfg *config.Config) (map[string]IssuerUsers, policy.Diagnostics) {
	out := map[string]IssuerUsers{}
	var found policy.Diagnostics
	for _, j := range cfg.JWT {
		m, more := userMapping(set, cfg, j.Method)
		found = append(found, more...)
		out[j.Issuer] = IssuerUsers{m, engine.Principal{Method: authn.KindJWT, Issuer: j.Issuer, Type: j.Type}}
	}
	return out, found
}
