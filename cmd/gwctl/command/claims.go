package command

import (
	"errors"
	"fmt"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/mapping"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/engine/suite"
	"github.com/gwctl/gwctl/policy"
)

// configure has users that suites give by claims made as the configured sidecar
// makes them: by the mapping of the issuer that the claims name. Claims without
// one are of the only issuer, if there is just one.
func (o *testOptions) configure(l *loaded) error {
	by, err := configuredClaims(l.set, o.config)
	if err != nil {
		return err
	}
	l.runner.MapClaims(by)
	return nil
}

type issuer struct {
	mapping   *mapping.Mapping
	principal engine.Principal
}

func configuredClaims(set *engine.Set, path string) (suite.Claims, error) {
	cfg, err := loadConfig(path)
	if err != nil {
		return nil, err
	}
	issuers := map[string]issuer{}
	only := issuer{}
	for _, j := range cfg.JWT {
		m, found := mapping.New(set, j.Attributes)
		if found.HasErrors() {
			return nil, &failure{code: exitNotLoad, err: fmt.Errorf("the mapping in %s does not fit the Schema", path), hint: "mend the errors above", found: found}
		}
		only = issuer{m, engine.Principal{Method: "jwt", Issuer: j.Issuer, Type: j.Type}}
		issuers[j.Issuer] = only
	}
	return func(claims slot.Input) (*mapping.Mapping, engine.Principal, error) {
		name, named := member(claims, "iss")
		i, known := issuers[name]
		switch {
		case known:
			return i.mapping, i.principal, nil
		case !named && len(issuers) == 1:
			return only.mapping, only.principal, nil
		case !named:
			return nil, engine.Principal{}, errors.New("the claims have no iss, and the configuration has several issuers or none")
		}
		return nil, engine.Principal{}, fmt.Errorf("%s has no issuer %q", path, name)
	}, nil
}

// findingsOf gives what is wrong with a configuration as findings.
func findingsOf(err error) (policy.Diagnostics, int) {
	var f *failure
	if !errors.As(err, &f) {
		return policy.Diagnostics{setProblem("", "io_error", err.Error(), "")}, exitInternal
	}
	if len(f.found) > 0 {
		return f.found, f.code
	}
	return policy.Diagnostics{setProblem("", "io_error", f.err.Error(), f.hint)}, f.code
}
