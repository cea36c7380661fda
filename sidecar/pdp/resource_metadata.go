package pdp

import (
	"encoding/json"
	"strings"

	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/reply"
)

// metadataPath goes between the host and the path of a protected resource
// (RFC 9728 section 3.1).
const metadataPath = "/.well-known/oauth-protected-resource"

// protected is a protected resource with its metadata.
type protected struct {
	host, path string
	url        string // where the document is, for challenges
	document   []byte
}

// metadata is the document of RFC 9728 section 2.
type metadata struct {
	Resource      string   `json:"resource"`
	Servers       []string `json:"authorization_servers,omitempty"`
	Scopes        []string `json:"scopes_supported,omitempty"`
	Methods       []string `json:"bearer_methods_supported"`
	Name          string   `json:"resource_name,omitempty"`
	Documentation string   `json:"resource_documentation,omitempty"`
	Proofs        []string `json:"dpop_signing_alg_values_supported,omitempty"`
	ProofRequired bool     `json:"dpop_bound_access_tokens_required,omitempty"`
	Certificates  bool     `json:"tls_client_certificate_bound_access_tokens,omitempty"`
}

func protectedResources(cfg *config.Config, schemes reply.Schemes) ([]protected, error) {
	var servers []string
	for _, j := range cfg.JWT {
		servers = append(servers, j.Issuer)
	}
	var out []protected
	for _, m := range cfg.ResourceMetadata {
		text, err := json.Marshal(metadata{
			Resource: m.Resource, Servers: servers, Scopes: m.Scopes, Methods: []string{"header"}, Name: m.Name, Documentation: m.Documentation,
			Proofs: schemes.DPoP, ProofRequired: schemes.NoBearer, Certificates: cfg.Proxy.TLS.ClientCA.IsSet(),
		})
		if err != nil {
			return nil, err
		}
		out = append(out, protected{host: m.Host, path: m.Path, url: m.Scheme + "://" + m.Host + metadataPath + m.Path, document: append(text, '\n')})
	}
	return out, nil
}

// covers tells whether a request is one to the resource.
func (p *protected) covers(c *canonical.Request) bool {
	rest, ok := strings.CutPrefix(c.Path, p.path)
	return ok && c.Host == p.host && (rest == "" || rest[0] == '/')
}

// challengeURL is where clients of a request learn about the resource: the one
// with the longest path that covers it, "" without any.
func (s *Snapshot) challengeURL(c *canonical.Request) string {
	var best *protected
	for i := range s.resources {
		if p := &s.resources[i]; p.covers(c) && (best == nil || len(p.path) > len(best.path)) {
			best = p
		}
	}
	if best == nil {
		return ""
	}
	return best.url
}

// Metadata is the document that a request asks for, nil if it asks for none.
// Everybody may read it.
func (t Turn) Metadata(c *canonical.Request) []byte {
	if t.snapshot == nil || c.Method != "GET" && c.Method != "HEAD" {
		return nil
	}
	path, ok := strings.CutPrefix(c.Path, metadataPath)
	if !ok {
		return nil
	}
	for i := range t.snapshot.resources {
		if p := &t.snapshot.resources[i]; p.path == path && p.host == c.Host {
			return p.document
		}
	}
	return nil
}
