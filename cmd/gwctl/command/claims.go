package command

import (
	"errors"
	"fmt"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/mapping"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/engine/suite"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar"
)

// configure has users that suites give by claims made as the configured sidecar
// makes them: by the mapping of the issuer that the claims name. Claims without
// one are of the only issuer, if there is just one.
func configure(l *loaded, config string) error {
	by, err := configuredClaims(l.set, config)
	if err != nil {
		return err
	}
	l.runner.MapClaims(by)
	return nil
}

func configuredClaims(set *engine.Set, path string) (suite.Claims, error) {
	cfg, err := loadConfig(path)
	if err != nil {
		return nil, err
	}
	issuers, found := sidecar.UsersByIssuer(set, cfg)
	if found.HasErrors() {
		return nil, &failure{code: exitNotLoad, err: fmt.Errorf("the mapping in %s does not fit the Schema", path), hint: "mend the errors above", found: found}
	}
	return func(claims slot.Input) (*mapping.Mapping, engine.Principal, error) {
		name, named := member(claims, "iss")
		if !named && len(issuers) == 1 {
			for name = range issuers { // the only one
			}
			named = true
		}
		i, known := issuers[name]
		switch {
		case !named:
			return nil, engine.Principal{}, errors.New("the claims have no iss, and the configuration has several issuers or none")
		case !known:
			return nil, engine.Principal{}, fmt.Errorf("%s has no issuer %q", path, name)
		}
		return i.Mapping, i.Principal, nil
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
