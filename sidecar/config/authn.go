package config

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gwctl/gwctl/engine/mapping"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

func (r *reader) method(o *document.Object) {
	if isMissing(o) {
		return
	}
	if !o.Has("jwt") {
		r.w.Error(o.Span(), "bad_setting", "write - jwt: {issuer: …, audiences: […]}", "this version knows the method jwt")
	}
	jwt := o.Object("jwt")
	o.Done()
	if isMissing(jwt) {
		return
	}
	j := JWT{At: jwt.Span(), Type: "human"}
	issuer := jwt.Text("issuer")
	r.issuer(issuer)
	j.Issuer, j.Name = issuer.Value, issuer.Value
	for _, t := range jwt.Texts("audiences") {
		j.Audiences = append(j.Audiences, t.Value)
	}
	for _, t := range jwt.Texts("algorithms") {
		j.Algorithms = append(j.Algorithms, t.Value)
		if !known(t.Value) {
			r.w.Error(t.Span(), "bad_setting", "known: "+strings.Join(algorithms(), ", "), "algorithm %q is not accepted", t.Value)
		}
	}
	if t := jwt.Text("profile"); t.IsSet() {
		j.Profile = t.Value
		if t.Value != "rfc9068" {
			r.w.Error(t.Span(), "bad_setting", "write rfc9068, or leave it out", "profile %q is not known", t.Value)
		}
	}
	if t := jwt.Text("type"); t.IsSet() {
		j.Type = t.Value
		if t.Value != "human" && t.Value != "service" {
			r.w.Error(t.Span(), "bad_setting", "write human or service", "type %q is not known", t.Value)
		}
	}
	j.Leeway = r.duration(jwt, "leeway", 30*time.Second, time.Second, 5*time.Minute)
	j.MaxLifetime = r.duration(jwt, "max_lifetime", 24*time.Hour, time.Minute, 30*24*time.Hour)
	for _, e := range jwt.Object("attributes").Entries() {
		j.Attributes = append(j.Attributes, mapping.Expression{Attribute: e.Key, Expr: r.w.Text(e.Value, "attribute "+e.Key.Value)})
	}
	jwt.Require("issuer", "audiences")
	jwt.Done()
	for _, other := range r.cfg.JWT {
		if issuer.IsSet() && other.Issuer == j.Issuer {
			r.w.Error(issuer.Span(), "duplicate_name", "merge the two", "issuer %q stands twice", j.Issuer)
		}
	}
	r.cfg.JWT = append(r.cfg.JWT, j)
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
	u, err := url.Parse(t.Value)
	switch {
	case err != nil || u.Hostname() == "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil:
		r.w.Error(t.Span(), "bad_setting", "write it exactly as it stands in the tokens' iss, as in https://idp.example.com", "issuer cannot be used")
	case u.Scheme == "https":
	case u.Scheme == "http" && loopback(u.Hostname()):
	default:
		r.w.Error(t.Span(), "insecure_issuer", "use https; http is accepted for a provider on this host only", "issuer %q is not reached over https", t.Value)
	}
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
