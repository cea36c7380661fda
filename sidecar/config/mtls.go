package config

import (
	"regexp"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// MTLS makes client certificates identities.
type MTLS struct {
	Method
	ClientCA    File   // CAs in PEM that its certificates lead to
	Own         bool   // they are not those of the listener
	Identity    string // which name is the user: spiffe, dns, uri, email or cn
	TrustDomain string // of SPIFFE IDs
	Forwarded   string // how trusted proxies forward certificates: xfcc or rfc9440; "" for not at all
}

func certificateIdentities() []string { return []string{"spiffe", "dns", "uri", "email", "cn"} }

func certificateForms() []string { return []string{"xfcc", "rfc9440"} }

// trustDomainForm is that of a SPIFFE trust domain, without a scheme.
var trustDomainForm = regexp.MustCompile(`^[a-z0-9._-]{1,255}$`)

func (r *reader) mtls(o *document.Object, m Method) {
	c := MTLS{Method: m, ClientCA: r.file(o, "client_ca"), Own: o.Has("client_ca"), Identity: "spiffe"}
	if !o.Has("type") {
		c.Type = "service"
	}
	c.Identity = r.oneOf(o.Text("identity"), "identity", "spiffe", certificateIdentities())
	if t := o.Text("spiffe_trust_domain"); t.IsSet() {
		c.TrustDomain = t.Value()
		if !trustDomainForm.MatchString(t.Value()) {
			r.w.Error(t.Span(), "bad_setting", "write lower-case letters, digits, dots and dashes without spiffe://, as in prod.example.com", "trust domain %q cannot be used", t.Value())
		}
	}
	c.Forwarded = r.oneOf(o.Text("forwarded"), "forwarded", "", certificateForms())
	o.Done()
	switch spiffe := c.Identity == "spiffe"; {
	case spiffe && !o.Has("spiffe_trust_domain"):
		r.w.Error(o.Span(), "missing_key", "add spiffe_trust_domain: prod.example.com, or say which other name is the user, as in identity: dns", "mtls: nothing says whose SPIFFE IDs are accepted")
	case !spiffe && c.TrustDomain != "":
		r.w.Error(o.Key("spiffe_trust_domain"), "bad_setting", "remove it, or write identity: spiffe", "a trust domain is for SPIFFE IDs only")
	}
	r.certificateSource(o, &c)
	c.Name = "mtls " + c.ClientCA.Path
	r.cfg.MTLS = append(r.cfg.MTLS, c)
	if c.Identity != "spiffe" { // whose ids name who gives them out
		r.ids = append(r.ids, idSpace{Method: c.Method, issuer: c.Name})
	}
}

// certificateSource refuses a method that nobody could ever use, and two that
// would judge the same certificate, or read it from two places.
func (r *reader) certificateSource(o *document.Object, c *MTLS) {
	listener := r.cfg.Proxy.TLS.ClientCA
	if !c.Own {
		c.ClientCA = listener
	}
	switch {
	case !listener.IsSet() && c.Forwarded == "":
		r.w.Error(o.Span(), "bad_setting", "add client_ca to listeners.proxy.tls, or forwarded: xfcc or rfc9440 where a proxy in front asks for them", "mtls: nobody asks clients for a certificate")
	case !c.ClientCA.IsSet() && !c.Own:
		r.w.Error(o.Span(), "missing_key", "add client_ca: clients.pem", "mtls: nothing says to which CAs certificates must lead")
	case c.Forwarded != "" && len(r.cfg.Proxy.TrustedProxies)+len(r.cfg.ForwardAuth.TrustedProxies) == 0:
		r.w.Error(o.Key("forwarded"), "bad_setting", "name the proxies in trusted_proxies of the listener", "nobody is trusted to forward certificates")
	}
	for _, other := range r.cfg.MTLS {
		if other.ClientCA.Path == c.ClientCA.Path {
			r.w.Error(o.Span(), "duplicate_name", "give each its own client_ca, or merge the two", "two mtls methods have the same CAs")
		}
		if other.Forwarded != "" && c.Forwarded != "" && other.Forwarded != c.Forwarded {
			r.w.Error(o.Key("forwarded"), "bad_setting", "write the same in both", "certificates are forwarded in one form")
		}
	}
}

// oneOf reads a word of a list.
func (r *reader) oneOf(t policy.Text, key, def string, words []string) string {
	if !t.IsSet() {
		return def
	}
	if !slices.Contains(words, t.Value()) {
		r.w.Error(t.Span(), "bad_setting", "known: "+strings.Join(words, ", "), "%s %q is not known", key, t.Value())
	}
	return t.Value()
}

// ForwardedCertificates is how trusted proxies forward certificates, "" for not
// at all.
func (c *Config) ForwardedCertificates() string {
	for _, m := range c.MTLS {
		if m.Forwarded != "" {
			return m.Forwarded
		}
	}
	return ""
}
