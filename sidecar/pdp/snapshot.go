package pdp

import (
	"crypto/x509"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/mapping"
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
	"github.com/gwctl/gwctl/sidecar/assertion"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/reply"
	"github.com/gwctl/gwctl/sidecar/transport"
)

// Snapshot is everything that decides, built whole and never changed. A
// request sees one snapshot from its beginning to its end.
type Snapshot struct {
	Set            *engine.Set
	Issuers        []string                // whose keys it needs
	Methods        []authn.Method          // in their order
	Upstreams      *transport.Table        // of the proxy door; nil: none
	TLS            *transport.Server       // of the proxy listener; nil: none
	Signer         *assertion.Signer       // nil: none
	ClientCAs      []transport.Certificate // of methods that have some of their own
	Secrets        []record.Secret         // that were read for it, for the records
	ForwardToken   bool                    // the service gets the Authorization header
	chain          *authn.Chain
	reader         *canonical.Reader
	forwarded      *canonical.Reader           // of what other proxies ask about
	identity       []string                    // every header that can be set
	mappings       map[string]*mapping.Mapping // by name of the method
	env            []envValue
	allowAnonymous bool
	logsOut        bool               // some method takes logout tokens
	cors           bool               // some route speaks of pages of other origins
	keyHeaders     []string           // that carry API keys
	propagate      config.Propagation // to whom nothing else is said
	headers        config.ContextHeaders
	assertion      string // header of the statement
	verify         uint64 // one in so many decisions; 0 for none
	resources      []protected
	schemes        reply.Schemes
	requests       sync.Pool // of *engine.Request, to be used again
}

type envValue struct {
	name string
	in   slot.Input
}

// Method is a method of authentication with the mapping of its claims.
type Method struct {
	Authn   authn.Method
	Mapping *mapping.Mapping
}

// NewSnapshot joins a compiled set with the part of the configuration that
// decides. Values of env come from the configuration or, where it says so,
// from getenv. The diagnostics are about the configuration.
func NewSnapshot(set *engine.Set, cfg *config.Config, methods []Method, getenv func(string) (string, bool)) (*Snapshot, policy.Diagnostics) {
	s := &Snapshot{Set: set, mappings: map[string]*mapping.Mapping{}, allowAnonymous: cfg.AllowAnonymous, verify: cfg.Verify,
		ForwardToken: cfg.ForwardToken, propagate: cfg.Propagate.Propagation, headers: cfg.Propagate.Headers, assertion: cfg.Assertion.Header}
	if s.headers == (config.ContextHeaders{}) {
		s.headers = config.DefaultContextHeaders()
	}
	var chain []authn.Method
	for _, m := range methods {
		chain = append(chain, m.Authn)
		s.mappings[m.Authn.Name()] = m.Mapping
	}
	s.cors = set.HasCORS()
	s.chain, s.Methods = authn.NewChain(chain...), chain
	for _, j := range cfg.JWT {
		s.Issuers = append(s.Issuers, j.Issuer)
		s.logsOut = s.logsOut || j.Logout.ClientID != ""
	}
	for _, k := range cfg.APIKeys {
		s.keyHeaders = append(s.keyHeaders, k.Header)
	}
	var w document.Walker
	s.bindEnv(&w, set, cfg, getenv)
	refuseTaken(&w, set, cfg)
	s.identity = append(identityNames(set.ObligationHeaders(), cfg), s.keyHeaders...)
	s.reader = s.newReader(&w, cfg, cfg.Proxy.TrustedProxies)
	s.forwarded = s.newReader(&w, cfg, cfg.ForwardAuth.TrustedProxies)
	s.schemes = schemesOf(cfg)
	var err error
	if s.resources, err = protectedResources(cfg, s.schemes); err != nil {
		w.Error(policy.Span{Path: cfg.Path}, "bad_setting", "", "resource_metadata: %s", err)
	}
	return s, w.Found().Sorted()
}

// newReader makes a reader for one door.
func (s *Snapshot) newReader(w *document.Walker, cfg *config.Config, trusted []netip.Prefix) *canonical.Reader {
	r, err := canonical.New(canonical.Options{
		TrustedProxies: trusted, Identity: append(s.Set.ObligationHeaders(), cfg.SetHeaders()...), Routes: Routes(s.Set),
		Certificates: canonical.ForwardedCertificates{Form: canonical.CertificateForm(cfg.ForwardedCertificates()), Verified: s.verified},
	})
	if err != nil {
		w.Error(policy.Span{Path: cfg.Path}, "bad_setting", "", "%s", err)
	}
	return r
}

// verified tells whether a method takes certificates that a proxy forwards.
func (s *Snapshot) verified(shown []*x509.Certificate) bool {
	return slices.ContainsFunc(s.Methods, func(m authn.Method) bool {
		v, ok := m.(interface {
			Verified(shown []*x509.Certificate) bool
		})
		return ok && v.Verified(shown)
	})
}

// refuseTaken finds obligations that would set a header of the configuration:
// the service could not tell who speaks.
func refuseTaken(w *document.Walker, set *engine.Set, cfg *config.Config) {
	for _, name := range set.ObligationHeaders() {
		if slices.ContainsFunc(cfg.SetHeaders(), func(own string) bool { return canonical.Fold(own) == canonical.Fold(name) }) {
			w.Error(policy.Span{Path: cfg.Path, Start: document.Position{Line: 1, Column: 1}, End: document.Position{Line: 1, Column: 2}}, "bad_setting",
				"give one of the two another name", "the configuration and an obligation both set the header %s", name)
		}
	}
}

// bindEnv pairs the declared attributes of the environment with their sources.
// A source for an undeclared attribute, or none for a required one, is an
// error: a rule that reads it would deny every request.
func (s *Snapshot) bindEnv(w *document.Walker, set *engine.Set, cfg *config.Config, getenv func(string) (string, bool)) {
	declared := map[string]*slot.Attr{}
	var names []string
	for _, a := range set.EnvAttributes() {
		declared[a.Name] = a
		names = append(names, a.Name)
	}
	for _, e := range cfg.Env {
		attr := declared[e.Name.Value()]
		if attr == nil {
			hint := "declare it under env in the Schema"
			if near, ok := document.Closest(e.Name.Value(), names); ok {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			w.Error(e.Name.Span(), "undeclared_attribute", hint, "env.%s is not declared", e.Name.Value())
			continue
		}
		delete(declared, e.Name.Value())
		in := slot.FromValue(e.Literal)
		if e.FromEnv.IsSet() {
			text, ok := getenv(e.FromEnv.Value())
			if !ok {
				if !attr.Optional {
					w.Error(e.FromEnv.Span(), "missing_value", "set it before gwctl starts", "the environment variable %s is not set", e.FromEnv.Value())
				}
				continue
			}
			in = slot.Plain(text)
		}
		if _, _, err := attr.Convert(in); err != nil {
			w.Error(e.Name.Span(), "attribute_invalid", "", "%s", err)
			continue
		}
		s.env = append(s.env, envValue{name: e.Name.Value(), in: in})
	}
	for _, name := range names {
		if a := declared[name]; a != nil && !a.Optional {
			at := policy.Span{Path: cfg.Path, Start: document.Position{Line: 1, Column: 1}, End: document.Position{Line: 1, Column: 2}}
			w.Error(at, "missing_value", fmt.Sprintf("add env: {%s: …} to the configuration, or declare it optional", name), "nothing supplies env.%s", name)
		}
	}
}

// Getenv is the process environment, for [NewSnapshot].
func Getenv(name string) (string, bool) { return os.LookupEnv(name) }
