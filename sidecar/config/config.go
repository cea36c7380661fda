// Package config reads the configuration of `gwctl serve`, a document of kind
// Sidecar.
//
// [Read] gives a [Config] with every default filled in, or says what is wrong
// and where. It is strict: unknown keys, empty values and dangerous settings
// are errors. It opens no file but that of a secret, and starts nothing.
package config

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// Config is a checked configuration. Relative paths are resolved against the
// directory of the file.
type Config struct {
	Path           string // of the file itself
	Policies       string // directory or bundle of the policy set
	Proxy          Proxy
	ForwardAuth    ForwardAuth
	Health         string // address of the health listener; "" for none
	Admin          Admin
	LogoutAddress  string // where issuers send logout tokens to, beside the proxy; "" for none
	Env            []EnvValue
	JWT            []JWT
	Introspection  []Introspection
	APIKeys        []APIKeys
	MTLS           []MTLS
	AllowAnonymous bool // rules decide about requests without a credential
	Propagate      Propagate
	ForwardToken   bool
	Assertion      Assertion
	Audit          Audit
	Drain          Drain
	// ResourceMetadata is served below /.well-known/oauth-protected-resource.
	ResourceMetadata []ResourceMetadata
	Verify           uint64   // one in so many decisions is evaluated once more; 0 for none
	IDPrefixes       []string // of all methods, "" for each that has none
}

// Proxy is the reverse-proxy door. Without an Address there is none.
type Proxy struct {
	Address        string
	TLS            TLS // zero: none
	HTTP2          HTTP2
	Limits         Limits
	Upstreams      []Upstream
	TrustedProxies []netip.Prefix
	WebSocket      WebSocket
}

// EnvValue gives a declared attribute of the environment: a literal, or the
// value of a process environment variable.
type EnvValue struct {
	Name    policy.Text
	Literal policy.Value
	FromEnv policy.Text
}

// JWT is one issuer whose bearer tokens are accepted.
type JWT struct {
	Method
	Issuer    string
	Audiences []string
	// AudienceClaim is the claim that is held to audiences: aud, the default, or
	// client_id for an issuer whose access tokens have no aud.
	AudienceClaim string
	Algorithms    []string // empty takes the default
	Profile       string
	Leeway        time.Duration
	MaxLifetime   time.Duration
	TokenCache    int // verified tokens that are kept, 0 for none
	JWKS          JWKS
	DPoP          DPoP
	Logout        Logout
}

// Drain bounds the end of the process: after SIGTERM it stays up for Delay so
// that load balancers notice, then has Timeout to finish what is in flight.
type Drain struct {
	Delay   time.Duration // default 5s, 0s to 60s
	Timeout time.Duration // default 25s, 1s to 10m
}

// Read reads a configuration. With an error among the diagnostics the Config
// is nil.
func Read(path string, data []byte) (*Config, policy.Diagnostics) {
	docs, found := document.Parse(path, data)
	if found.HasErrors() {
		return nil, found
	}
	r := &reader{cfg: &Config{Path: path}, dir: filepath.Dir(path)}
	for i, d := range docs {
		root := r.w.Object(d, "the configuration")
		kind := root.Text("kind")
		if i > 0 || kind.Value() != policy.KindSidecar {
			r.w.Error(d.Span(), "wrong_kind", "a configuration is one document with kind: Sidecar", "not a Sidecar document")
			continue
		}
		r.root(root)
	}
	found = append(found, r.w.Found()...).Sorted()
	if found.HasErrors() {
		return nil, found
	}
	return r.cfg, found
}

type reader struct {
	w   document.Walker
	cfg *Config
	dir string
	ids []idSpace
}

func (r *reader) root(root *document.Object) {
	version := root.Text("apiVersion")
	if version.IsSet() && version.Value() != policy.APIVersion {
		r.w.Error(version.Span(), "unknown_version", "write apiVersion: "+policy.APIVersion, "apiVersion %q is not known", version.Value())
	}
	r.metadata(root.Object("metadata"))
	spec := root.Object("spec")
	root.Require("apiVersion", "metadata", "spec")
	root.Done()
	if isMissing(spec) {
		return
	}
	r.policies(spec.Object("policies"))
	r.propagate(spec.Object("propagate"))
	r.assertion(spec)
	r.listeners(spec.Object("listeners"))
	for _, e := range spec.Object("env").Entries() {
		r.env(e)
	}
	for i, n := range spec.List("authn") {
		r.method(i, r.w.Object(n, "a method of authn"))
	}
	r.sharedIDs()
	r.anonymous(spec.Text("anonymous"))
	r.cfg.ForwardToken = spec.Bool("forward_token")
	r.audit(spec.Object("audit"))
	r.drain(spec.Object("drain"))
	r.resourceMetadata(spec.List("resource_metadata"))
	r.verify(spec.Text("verify"))
	r.reachable(spec)
	spec.Require("policies", "listeners")
	spec.Done()
	if !r.cfg.AllowAnonymous && len(r.cfg.JWT)+len(r.cfg.Introspection)+len(r.cfg.APIKeys)+len(r.cfg.MTLS) == 0 {
		r.w.Error(spec.Span(), "no_authn", "add a method under authn, as in jwt, or write anonymous: allow", "nobody could ever be let in: there is no method of authentication and anonymous is deny")
	}
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,127}$`)

func (r *reader) metadata(o *document.Object) {
	if t := o.Text("name"); t.IsSet() && !nameForm.MatchString(t.Value()) {
		r.w.Error(t.Span(), "bad_name", "use lower-case letters, digits and -, beginning with a letter", "%q is not a name", t.Value())
	}
	o.Text("description")
	o.Text("owner")
	for _, e := range o.Object("labels").Entries() {
		r.w.Text(e.Value, "label "+e.Key.Value())
	}
	o.Require("name")
	o.Done()
}

// isMissing tells whether nothing was read: the key is not there, or it was
// reported.
func isMissing(o *document.Object) bool { return o.Span() == policy.Span{} }

func (r *reader) policies(o *document.Object) {
	dir := o.Text("dir")
	bundle := o.Object("bundle")
	file := bundle.Text("file")
	bundle.Done()
	o.Done()
	switch {
	case isMissing(o):
	case dir.IsSet() == file.IsSet():
		r.w.Error(o.Span(), "bad_policies", "write policies: {dir: ./policies} or policies: {bundle: {file: set.tar.gz}}", "policies names one dir or one bundle")
	case dir.IsSet():
		r.cfg.Policies = r.resolve(dir.Value())
	default:
		r.cfg.Policies = r.resolve(file.Value())
	}
}

func (r *reader) resolve(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(r.dir, path)
}

func (r *reader) env(e document.Entry) {
	v := EnvValue{Name: e.Key}
	if e.Value.IsMap() {
		o := r.w.Object(e.Value, e.Key.Value())
		v.FromEnv = o.Text("env")
		o.Require("env")
		o.Done()
	} else {
		v.Literal = r.w.Value(e.Value, e.Key.Value())
	}
	r.cfg.Env = append(r.cfg.Env, v)
}

func (r *reader) anonymous(t policy.Text) {
	switch t.Value() {
	case "", "deny":
	case "allow":
		r.cfg.AllowAnonymous = true
	default:
		r.w.Error(t.Span(), "bad_setting", "write deny or allow", "anonymous: %q is not known", t.Value())
	}
}

func (r *reader) drain(o *document.Object) {
	r.cfg.Drain.Delay = r.duration(o, "delay", 5*time.Second, 0, time.Minute)
	r.cfg.Drain.Timeout = r.duration(o, "timeout", 25*time.Second, time.Second, 10*time.Minute)
	o.Done()
}

// duration reads a length of time within a range.
func (r *reader) duration(o *document.Object, key string, def, least, most time.Duration) time.Duration {
	t := o.Text(key)
	if !t.IsSet() {
		return def
	}
	d, err := time.ParseDuration(t.Value())
	if err != nil || d < least || d > most {
		r.w.Error(t.Span(), "bad_setting", fmt.Sprintf("write a time between %s and %s, as in %s", least, most, def), "%s: %q cannot be used", key, t.Value())
		return def
	}
	return d
}

// NeedsRestart names the settings that differ from those the process began
// with and cannot change while it runs.
func (c *Config) NeedsRestart(began *Config) []string {
	settings := func(c *Config) [][2]string {
		return [][2]string{
			{"policies", c.Policies}, {"listeners.proxy.address", c.Proxy.Address}, {"listeners.proxy.tls", c.Proxy.TLS.text()},
			{"listeners.proxy.http2", fmt.Sprint(c.Proxy.HTTP2)}, {"listeners.proxy.limits", fmt.Sprint(c.Proxy.Limits)}, {"listeners.proxy.trusted_proxies", fmt.Sprint(c.Proxy.TrustedProxies)},
			{"listeners.proxy.websocket", fmt.Sprint(c.Proxy.WebSocket)},
			{"listeners.forward_auth", fmt.Sprint(c.ForwardAuth)}, {"listeners.health", c.Health}, {"listeners.admin", fmt.Sprint(c.Admin)}, {"listeners.logout", c.LogoutAddress},
			{"audit", fmt.Sprintf("%+v", c.Audit)}, {"drain", fmt.Sprint(c.Drain)},
		}
	}
	var out []string
	for _, j := range c.JWT {
		// A key set outlives a reload: only a new issuer can have new settings.
		if i := slices.IndexFunc(began.JWT, func(b JWT) bool { return b.Issuer == j.Issuer }); i >= 0 && began.JWT[i].JWKS != j.JWKS {
			out = append(out, "authn.jwt.jwks")
			break
		}
	}
	old := settings(began)
	for i, s := range settings(c) {
		if s != old[i] {
			out = append(out, s[0])
		}
	}
	return out
}
