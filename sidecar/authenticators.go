package sidecar

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/pdp"
	"github.com/gwctl/gwctl/sidecar/transport"
)

// methods makes the methods of authentication, in the order of the
// configuration, and the key sets that they need and that do not run yet.
func (b *builder) methods(set *engine.Set, cfg *config.Config, read transport.Read) ([]pdp.Method, []*authn.KeySet, policy.Diagnostics) {
	if b.kept != nil {
		b.kept.discard()
	}
	type placed struct {
		place  int
		method pdp.Method
	}
	var out []placed
	var fresh []*authn.KeySet
	var found policy.Diagnostics
	add := func(c config.Method, method authn.Method, err error) {
		m, more := userMapping(set, cfg, c)
		found = append(found, more...)
		if err != nil {
			found = append(found, refusal(c, err)...)
			return
		}
		out = append(out, placed{c.Place, pdp.Method{Authn: method, Mapping: m}})
	}
	for _, j := range cfg.JWT {
		method, keys, err := b.jwt(j)
		if keys != nil {
			fresh = append(fresh, keys)
		}
		add(j.Method, method, err)
	}
	for _, i := range cfg.Introspection {
		method, err := b.introspection(i)
		add(i.Method, method, err)
	}
	for _, k := range cfg.APIKeys {
		method, err := b.apiKeys(k)
		add(k.Method, method, err)
	}
	for _, c := range cfg.MTLS {
		method, more, err := b.mtls(c, read)
		if found = append(found, more...); !more.HasErrors() {
			add(c.Method, method, err)
		}
	}
	slices.SortStableFunc(out, func(a, b placed) int { return a.place - b.place })
	var methods []pdp.Method
	for _, p := range out {
		methods = append(methods, p.method)
	}
	return methods, fresh, found
}

// refusal says why a method cannot be made, at its place in the configuration: a
// report shows the line of what it finds, and a line of a file of keys may hold a
// key that somebody put there by mistake.
func refusal(c config.Method, err error) policy.Diagnostics {
	var out policy.Diagnostics
	add := func(text, hint string) {
		out = append(out, document.NewDiagnostic(c.At, document.Error, "bad_setting", text).WithHint(hint))
	}
	file, ok := errors.AsType[*authn.KeyFileError](err)
	if !ok {
		add(err.Error(), "")
		return out
	}
	for _, d := range file.Found {
		add(fmt.Sprintf("%s:%d:%d: %s", d.Path, d.Line, d.Column, d.Message), d.Hint)
	}
	return out
}

// kept gives a size of zero the meaning it has in the configuration.
func kept(size int) int {
	if size == 0 {
		return -1
	}
	return size
}

func keySetConfig(j config.JWT, clock func() time.Time) authn.KeySetConfig {
	k := j.JWKS
	c := authn.KeySetConfig{
		Issuer: j.Issuer, Clock: clock, SoftTTL: k.SoftTTL, MinTTL: k.MinTTL, MaxTTL: k.MaxTTL, StaleFor: k.StaleFor,
		UnknownEvery: k.UnknownEvery, UnknownPerClient: k.UnknownPerClient, UnknownWait: k.UnknownWait, ReplacedEvery: k.ReplacedEvery,
		NegativeTTL: k.NegativeTTL, NegativeSize: k.NegativeSize, FetchTimeout: k.FetchTimeout, MaxKeys: k.MaxKeys, LastGood: k.LastGood,
	}
	if k.StaleFor == 0 && k != (config.JWKS{}) {
		c.StaleFor = -1 // there, zero stands for the default
	}
	return c
}

// jwt makes a method and gives its key set if that is new.
func (b *builder) jwt(j config.JWT) (*authn.JWT, *authn.KeySet, error) {
	get := func(cfg authn.KeySetConfig) (*authn.KeySet, bool, error) {
		ks, err := authn.NewKeySet(cfg)
		return ks, true, err
	}
	if b.keys != nil {
		get = b.keys.get
	}
	keys, isNew, err := get(keySetConfig(j, b.clock))
	if err != nil {
		return nil, nil, err
	}
	var revoked *authn.Revocations
	if b.keys != nil {
		revoked = b.keys.revocations(j.Issuer)
	}
	dpop, err := b.dpop(j.DPoP)
	if err != nil {
		return nil, nil, err
	}
	method, err := authn.NewJWT(authn.JWTConfig{
		LogoutClient: j.Logout.ClientID, Revoked: revoked,
		Name: j.Name, Issuer: j.Issuer, Audiences: j.Audiences, AudienceClaim: j.AudienceClaim, Algorithms: j.Algorithms, Profile: j.Profile,
		Leeway: j.Leeway, MaxLifetime: j.MaxLifetime, UserType: j.Type, Verified: kept(j.TokenCache), DPoP: dpop,
	}, keys, b.clock)
	if err != nil || !isNew {
		return method, nil, err
	}
	return method, keys, nil
}

// dpop gives what a method asks of proofs. The memory of them is one for all
// methods, and for as long as the process runs: a proof that was accepted before a
// reload is not accepted after it.
func (b *builder) dpop(d config.DPoP) (authn.DPoPConfig, error) {
	out := authn.DPoPConfig{Required: d.Required, Nonce: d.Nonce, MaxAge: d.MaxAge, Algorithms: d.Algorithms, Proofs: b.proofs}
	if !d.NonceKey.IsSet() {
		return out, nil
	}
	var err error
	out.NonceKey, err = d.NonceKey.Read(b.getenv)
	return out, err
}

// keep gives the method of a configuration that is kept, or a new one.
func (b *builder) keep(make func() (authn.Method, error), parts ...any) (authn.Method, error) {
	if b.kept == nil {
		return make()
	}
	return b.kept.get(make, parts...)
}

func (b *builder) introspection(i config.Introspection) (authn.Method, error) {
	auth := authn.ClientAuth{Method: i.ClientAuth, ID: i.ClientID, KeyID: i.KeyID, Audience: i.Issuer}
	for s, to := range map[*config.Secret]*string{&i.ClientSecret: &auth.Secret, &i.PrivateKey: &auth.Key} {
		if !s.IsSet() {
			continue
		}
		var err error
		if *to, err = s.Read(b.getenv); err != nil {
			return nil, err
		}
	}
	dpop, err := b.dpop(i.DPoP)
	if err != nil {
		return nil, err
	}
	cfg := authn.IntrospectionConfig{
		Name: i.Name, Endpoint: i.Endpoint, Auth: auth, DPoP: dpop, Issuer: i.Issuer, Audiences: i.Audiences, UserType: i.Type, Leeway: i.Leeway,
		ActiveTTL: i.ActiveTTL, InactiveTTL: i.InactiveTTL, IgnoreNoStore: i.IgnoreNoStore, CacheSize: i.CacheSize, Timeout: i.Timeout,
		InFlight: i.InFlight, Queue: i.Queue, Clock: b.clock, Logger: b.logger, StaleTTL: i.StaleTTL, OnState: b.answers(i),
	}
	return b.keep(func() (authn.Method, error) { return authn.NewIntrospection(cfg) },
		"introspection", i.Name, i.Endpoint, auth.Method, auth.ID, auth.Secret, auth.Key, auth.KeyID, i.Issuer, i.Audiences, i.Type,
		i.Leeway.String(), i.ActiveTTL.String(), i.InactiveTTL.String(), i.StaleTTL.String(), i.IgnoreNoStore, i.CacheSize, i.Timeout.String(), i.InFlight, i.Queue,
		dpop.Required, dpop.Nonce, dpop.NonceKey, dpop.MaxAge.String(), dpop.Algorithms)
}

func (b *builder) apiKeys(k config.APIKeys) (authn.Method, error) {
	cfg := authn.APIKeysConfig{Name: k.Name, File: k.File, Header: k.Header, UserType: k.Type, Clock: b.clock, Logger: b.logger}
	return b.keep(func() (authn.Method, error) { return authn.NewAPIKeys(cfg) }, "api_keys", k.Name, k.File, k.Header, k.Type)
}

// mtls makes a method that outlives no reload: what it keeps rests on its CAs.
func (b *builder) mtls(c config.MTLS, read transport.Read) (authn.Method, policy.Diagnostics, error) {
	list, found := transport.CAs(c.ClientCA, read, b.clock)
	if found.HasErrors() {
		return nil, found, nil
	}
	if !c.Own {
		found = nil // the listener says the same of its file
	}
	m, err := authn.NewMTLS(authn.MTLSConfig{
		Name: c.Name, CAs: list, Identity: c.Identity, TrustDomain: c.TrustDomain, Forwarded: c.Forwarded != "", UserType: c.Type, Clock: b.clock,
	})
	return m, found, err
}
