package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gwctl/gwctl/engine/mapping"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// Method is what every method of authentication says about its users.
type Method struct {
	Name       string // made unique
	Place      int    // in the list of methods
	Type       string // human or service
	IDPrefix   string // goes before every user.id
	Attributes []mapping.Expression
	At         policy.Span
}

func (r *reader) method(place int, o *document.Object) {
	if isMissing(o) {
		return
	}
	known := []struct {
		name string
		of   *document.Object
		read func(*document.Object, Method)
	}{
		{"jwt", o.Object("jwt"), r.jwt},
		{"introspection", o.Object("introspection"), r.introspection},
		{"api_keys", o.Object("api_keys"), r.apiKeys},
		{"mtls", o.Object("mtls"), r.mtls},
	}
	found := 0
	for _, m := range known {
		if o.Has(m.name) {
			found++
		}
	}
	if found != 1 {
		r.w.Error(o.Span(), "bad_setting", "write - jwt: {issuer: …, audiences: […]}", "an entry of authn is one method: jwt, introspection, api_keys or mtls")
	}
	for _, m := range known {
		if !isMissing(m.of) {
			m.read(m.of, r.user(place, m.of))
		}
	}
	o.Done()
}

// maxIDPrefix bounds what is added to the id of every user.
const maxIDPrefix = 64

// user reads the keys that all methods have.
func (r *reader) user(place int, o *document.Object) Method {
	m := Method{At: o.Span(), Place: place, Type: "human"}
	if t := o.Text("type"); t.IsSet() {
		m.Type = t.Value()
		if t.Value() != "human" && t.Value() != "service" {
			r.w.Error(t.Span(), "bad_setting", "write human or service", "type %q is not known", t.Value())
		}
	}
	if t := o.Text("id_prefix"); t.IsSet() {
		m.IDPrefix = t.Value()
		if len(t.Value()) > maxIDPrefix || strings.ContainsFunc(t.Value(), func(c rune) bool { return c <= ' ' || c > '~' }) {
			r.w.Error(t.Span(), "bad_setting", "write up to 64 visible ASCII characters, as in partner:", "id_prefix cannot be used")
		}
	}
	r.cfg.IDPrefixes = append(r.cfg.IDPrefixes, m.IDPrefix)
	for _, e := range o.Object("attributes").Entries() {
		m.Attributes = append(m.Attributes, mapping.Expression{Attribute: e.Key, Expr: r.w.Text(e.Value, "attribute "+e.Key.Value())})
	}
	return m
}

func (r *reader) jwt(jwt *document.Object, m Method) {
	j := JWT{Method: m}
	issuer := jwt.Text("issuer")
	r.issuer(issuer)
	j.Issuer, j.Name = issuer.Value(), issuer.Value()
	for _, t := range jwt.Texts("audiences") {
		j.Audiences = append(j.Audiences, t.Value())
	}
	for _, t := range jwt.Texts("algorithms") {
		j.Algorithms = append(j.Algorithms, t.Value())
		if !known(t.Value()) {
			r.w.Error(t.Span(), "bad_setting", "known: "+strings.Join(algorithms(), ", "), "algorithm %q is not accepted", t.Value())
		}
	}
	if t := jwt.Text("profile"); t.IsSet() {
		j.Profile = t.Value()
		if t.Value() != "rfc9068" {
			r.w.Error(t.Span(), "bad_setting", "write rfc9068, or leave it out", "profile %q is not known", t.Value())
		}
	}
	j.AudienceClaim = r.audienceClaim(jwt, j.Profile)
	j.Leeway = r.duration(jwt, "leeway", 30*time.Second, time.Second, 5*time.Minute)
	j.MaxLifetime = r.duration(jwt, "max_lifetime", 24*time.Hour, time.Minute, 30*24*time.Hour)
	j.TokenCache = r.integer(jwt, "token_cache", 8192, 0, 1_000_000)
	j.JWKS = r.jwks(jwt.Object("jwks"))
	j.Logout = r.logout(jwt)
	j.DPoP = r.dpop(jwt)
	jwt.Require("issuer", "audiences")
	jwt.Done()
	for _, other := range r.cfg.JWT {
		if issuer.IsSet() && other.Issuer == j.Issuer {
			r.w.Error(issuer.Span(), "duplicate_name", "merge the two", "issuer %q stands twice", j.Issuer)
		}
	}
	r.ids = append(r.ids, idSpace{j.Method, issuer.Value(), hostOf(issuer.Value())})
	r.cfg.JWT = append(r.cfg.JWT, j)
}

// integer reads a whole number within a range.
func (r *reader) integer(o *document.Object, key string, def, least, most int) int {
	n, ok := o.Int(key)
	if !ok {
		return def
	}
	if n < int64(least) || n > int64(most) {
		r.w.Error(o.Key(key), "bad_setting", fmt.Sprintf("write a number between %d and %d", least, most), "%s: %d cannot be used", key, n)
		return def
	}
	return int(n)
}

func algorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}

func known(algorithm string) bool { return slices.Contains(algorithms(), algorithm) }

// issuer holds an issuer to https; http is for a provider on this host.
func (r *reader) issuer(t policy.Text) {
	if !t.IsSet() {
		return
	}
	u, err := url.Parse(t.Value())
	switch {
	case err != nil || u.Hostname() == "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil:
		r.w.Error(t.Span(), "bad_setting", "write it exactly as it stands in the tokens' iss, as in https://idp.example.com", "issuer cannot be used")
	case u.Scheme == "https":
	case u.Scheme == "http" && loopback(u.Hostname()):
	default:
		r.w.Error(t.Span(), "insecure_issuer", "use https; http is accepted for a provider on this host only", "issuer %q is not reached over https", t.Value())
	}
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
