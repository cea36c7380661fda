package forwardauth

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/reply"
)

// Headers in which a proxy describes a request.
const (
	originalMethod  = "X-Original-Method"
	originalURL     = "X-Original-Url"
	forwardedMethod = "X-Forwarded-Method"
	forwardedProto  = "X-Forwarded-Proto"
	forwardedHost   = "X-Forwarded-Host"
	forwardedURI    = "X-Forwarded-Uri"
	forwardedFor    = "X-Forwarded-For"
)

// dialect is how one kind of proxy asks.
type dialect struct {
	// family are the headers that the proxy sets itself, whatever the client
	// sends. The address of the client is one of them everywhere: a proxy that
	// leaves it out would pass on what a client made up.
	family []string
	read   func(said *description) canonical.Original
	narrow bool // only 401 and 403 get through
}

func dialectOf(name string) (dialect, error) {
	switch {
	case name == "nginx":
		return dialect{family: []string{originalMethod, originalURL, forwardedFor}, read: readOriginal, narrow: true}, nil
	case slices.Contains(config.Dialects(), name):
		return dialect{family: []string{forwardedMethod, forwardedProto, forwardedHost, forwardedURI, forwardedFor}, read: readForwarded}, nil
	}
	return dialect{}, fmt.Errorf("dialect %q is not known", name)
}

// description is what the proxy says, in the order of its family.
type description [5]string

// describe takes the description off a carrier, unless it is refused. What is
// left of its headers is the client's.
func (d dialect) describe(carrier *http.Request) (canonical.Original, *canonical.Rejection) {
	var said description
	for i, name := range d.family {
		values := carrier.Header[name]
		switch {
		case len(values) > 1:
			return canonical.Original{}, &canonical.Rejection{Code: canonical.CodeNotCanonical, Status: http.StatusBadRequest, Rule: canonical.RuleRepeatedHeader}
		case len(values) == 1 && len(values[0]) > canonical.MaxHeaderBytes+maxOrigin:
			return canonical.Original{}, &canonical.Rejection{Code: canonical.CodeNotCanonical, Status: http.StatusBadRequest, Rule: canonical.RuleHeaderLimit}
		case len(values) == 0, values[0] == "" && name != forwardedHost: // a request may lack a host, which the reader judges
			return canonical.Original{}, &canonical.Rejection{Code: reply.ReasonForwardingIncomplete, Status: http.StatusBadRequest, Rule: canonical.Fold(name)}
		}
		said[i] = values[0]
	}
	o := d.read(&said)
	for _, name := range d.family {
		delete(carrier.Header, name)
	}
	o.Header, o.Trailer = carrier.Header, carrier.Trailer
	return o, nil
}

// maxOrigin is what a URL may have before its target: scheme and host.
const maxOrigin = 512

func readForwarded(said *description) canonical.Original {
	return canonical.Original{Method: said[0], Scheme: said[1], Host: said[2], Target: said[3], ForwardedFor: said[4]}
}

// readOriginal takes scheme://host/path?query apart where the proxy put it
// together. A host cannot have a slash: the reader would refuse its first half,
// and nginx refuses it before.
func readOriginal(said *description) canonical.Original {
	o := canonical.Original{Method: said[0], ForwardedFor: said[2]}
	scheme, rest, _ := strings.Cut(said[1], "://")
	o.Scheme, o.Host = scheme, rest
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		o.Host, o.Target = rest[:i], rest[i:]
	}
	return o
}
