package pdp

import (
	"net/http"
	"slices"

	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/config"
)

// ForwardedReader makes canonical requests out of what the proxies of
// listeners.forward_auth say, by the snapshot: see [Turn.Reader].
func (t Turn) ForwardedReader() *canonical.Reader {
	if t.snapshot == nil {
		return t.point.o.Reader
	}
	return t.snapshot.forwarded
}

// IdentityHeaders are the names of all headers that an allowed request can be
// given: those of the identity and those that rules of the snapshot can set.
// A door that cannot take headers away itself has to name every one of them.
func (t Turn) IdentityHeaders() []string {
	if t.snapshot == nil {
		return nil
	}
	return t.snapshot.identity
}

// identityNames gives the headers of the identity, the assertion and the
// obligations, each once.
func identityNames(obligations []string, cfg *config.Config) []string {
	// Names that a setting has replaced still are nothing that a client may say.
	out := config.DefaultContextHeaders().Names()
	set := cfg.Propagate.Headers.Names()
	if cfg.Assertion.Key.IsSet() {
		set = append(set, cfg.Assertion.Header)
	}
	for _, name := range append(set, obligations...) {
		if name == "" {
			continue
		}
		if name = http.CanonicalHeaderKey(name); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
