package config

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// ResourceMetadata describes a protected resource to clients that look for an
// authorization server (RFC 9728). The issuers of the jwt methods are its
// authorization servers.
type ResourceMetadata struct {
	Resource      string // the identifier: https, a host, and a path or none
	Scheme        string
	Host          string // with a port unless it is the scheme's own
	Path          string // "" or segments, without a final slash
	Scopes        []string
	Name          string // for people
	Documentation string // URL of a page for developers
}

// resourceForm is a URL in the one spelling that clients compare it by.
var resourceForm = regexp.MustCompile(`^(https?)://([a-z0-9.-]+(?::[1-9][0-9]{0,4})?|\[[0-9a-f:.]+\](?::[1-9][0-9]{0,4})?)((?:/[A-Za-z0-9._~!$&'()*+,=:@-]+)*)$`)

// scopeForm is a scope-token of RFC 6749 section 3.3.
var scopeForm = regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e]{1,256}$`)

func (r *reader) resourceMetadata(nodes []*document.Node) {
	seen := map[string]bool{}
	for _, n := range nodes {
		o := r.w.Object(n, "a protected resource")
		resource := o.Text("resource")
		m := ResourceMetadata{Resource: resource.Value(), Name: o.Text("name").Value()}
		for _, t := range o.Texts("scopes") {
			m.Scopes = append(m.Scopes, t.Value())
			if !scopeForm.MatchString(t.Value()) {
				r.w.Error(t.Span(), "bad_setting", `write visible ASCII without " and \, as in orders:read`, "%q is not a scope", t.Value())
			}
		}
		documentation := o.Text("documentation")
		m.Documentation = documentation.Value()
		if u, err := url.Parse(documentation.Value()); documentation.IsSet() && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil) {
			r.w.Error(documentation.Span(), "bad_setting", "write the URL of a page, as in https://docs.example.com/orders", "documentation cannot be used")
		}
		o.Require("resource")
		o.Done()
		if !resource.IsSet() || !r.resource(resource, &m) {
			continue
		}
		if seen[m.Resource] {
			r.w.Error(resource.Span(), "duplicate_name", "merge the two", "resource %q stands twice", m.Resource)
		}
		seen[m.Resource] = true
		r.cfg.ResourceMetadata = append(r.cfg.ResourceMetadata, m)
	}
}

// resource holds an identifier to https; http is for a sidecar on this host.
func (r *reader) resource(t policy.Text, m *ResourceMetadata) bool {
	parts := resourceForm.FindStringSubmatch(t.Value())
	if parts == nil {
		r.w.Error(t.Span(), "bad_setting", "write the URL that clients use, in lower case up to the path and without a final slash, as in https://api.example.com/orders", "the resource cannot be used")
		return false
	}
	m.Scheme, m.Host, m.Path = parts[1], parts[2], parts[3]
	u, err := url.Parse(t.Value())
	switch {
	case err != nil, !isPort(u.Port()), strings.Contains(m.Path+"/", "/./"), strings.Contains(m.Path+"/", "/../"),
		m.Scheme == "https" && strings.HasSuffix(m.Host, ":443"), m.Scheme == "http" && strings.HasSuffix(m.Host, ":80"):
		r.w.Error(t.Span(), "bad_setting", "leave out dot segments and the scheme's own port", "the resource cannot be used")
		return false
	case m.Scheme == "http" && !loopback(u.Hostname()):
		r.w.Error(t.Span(), "bad_setting", "write https; http is for a sidecar on this host", "the resource is not protected on its way")
		return false
	}
	return true
}
