package sidecar

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
	"github.com/gwctl/gwctl/policy/source"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/pdp"
	"github.com/gwctl/gwctl/sidecar/reload"
	"github.com/gwctl/gwctl/sidecar/transport"
)

// builder makes snapshots. What needs a restart is compared with the
// configuration that the process began with.
type builder struct {
	fixed  *config.Config
	keys   *keySets // nil only checks: nothing is fetched
	kept   *methods // nil only checks
	logger *slog.Logger
	clock  func() time.Time
	getenv func(string) (string, bool)
	pools  *transport.Pools
	prints *secretPrints // nil only checks
	proofs *authn.Proofs // of DPoP, that were accepted; nil only checks

	inForce func() *pdp.Snapshot // nil before the first one
}

// build makes a snapshot from one reading of the files.
func (b *builder) build(in reload.Input) (*pdp.Snapshot, policy.Diagnostics, error) {
	cfg := b.fixed
	var found policy.Diagnostics
	if in.ConfigPath != "" {
		cfg, found = config.Read(in.ConfigPath, in.Config)
		if cfg == nil {
			return nil, found, nil
		}
		if changed := cfg.NeedsRestart(b.fixed); len(changed) > 0 {
			return nil, nil, fmt.Errorf("%w to change %s", reload.ErrNeedsRestart, strings.Join(changed, ", "))
		}
	}
	set, more := compile(in.Policies)
	found = append(found, more...)
	if set == nil {
		return nil, found, nil
	}
	methods, fresh, more := b.methods(set, cfg, in.Files.Read)
	if found = append(found, more...); found.HasErrors() {
		return nil, found, nil
	}
	snapshot, more := pdp.NewSnapshot(set, cfg, methods, b.getenv)
	if found = append(found, more...); found.HasErrors() {
		return nil, found, nil
	}
	found = append(found, b.connect(snapshot, cfg, in.Files.Read)...)
	if found.HasErrors() || b.keys == nil {
		return snapshot, found, nil
	}
	snapshot.Secrets = b.secrets(cfg, in.Files.Read)
	// Last, because it can take seconds and makes others work.
	if err := b.keys.start(fresh); err != nil {
		return nil, found, err
	}
	return snapshot, found, nil
}

func compile(files *source.Files) (*engine.Set, policy.Diagnostics) {
	if len(files.List) == 0 {
		d := document.NewDiagnostic(policy.Span{Path: files.Root}, document.Error, "empty_set", "no *.yaml file found")
		return nil, policy.Diagnostics{d.WithHint("give the directory that holds the policies")}
	}
	src, found := policy.Load(files.List)
	if found.HasErrors() {
		return nil, found
	}
	set, more := engine.Compile(src)
	return set, append(found, more...)
}

// Check builds everything that needs no network and listens to nothing: the
// configuration's policies, mappings and sources of env. The error is for
// input and output.
func Check(cfg *config.Config, getenv func(string) (string, bool)) (policy.Diagnostics, error) {
	files, err := source.Read(cfg.Policies)
	if err != nil {
		return nil, err
	}
	b := &builder{fixed: cfg, clock: time.Now, getenv: getenv, pools: transport.NewPools(time.Now), inForce: func() *pdp.Snapshot { return nil }}
	snapshot, found, err := b.build(reload.Input{Policies: files, Files: reload.ReadFiles(cfg.Files())})
	if err == nil && snapshot != nil && snapshot.Set.Empty() {
		d := document.NewDiagnostic(policy.Span{Path: cfg.Policies}, document.Error, "empty_set", "the set has no rule and would deny everything")
		found = append(found, d.WithHint("add a Policy with a rule"))
	}
	return found.Sorted(), err
}
