package command

import (
	"net/http"
	"net/netip"
	"net/url"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/suite"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/pdp"
)

// testRequestID stands where the sidecar would make a new id, so that a test
// or an explanation gives the same result each time.
const testRequestID = "00000000-0000-7000-8000-000000000000"

// refusal is a refused request with the rule that it breaks, which the sidecar
// tells nobody but its log and record.
type refusal struct {
	suite.Refused
	why string
}

// Unwrap lets a suite see the answer alone.
func (r *refusal) Unwrap() error { return &r.Refused }

// canonicalReader makes canonical requests of suites and of explain with the
// sidecar's own rules and the routes of the set, so that a path the sidecar
// refuses is refused here too.
func canonicalReader(set *engine.Set) (suite.Reader, error) {
	reader, err := canonical.New(canonical.Options{Routes: pdp.Routes(set), NewID: func() string { return testRequestID }})
	if err != nil {
		return nil, err
	}
	return func(spec *policy.RequestSpec, ip netip.Addr) (engine.HTTP, error) {
		target := spec.Path
		if spec.Query != "" {
			target += "?" + spec.Query
		}
		peer := "127.0.0.1:0"
		if ip.IsValid() {
			peer = netip.AddrPortFrom(ip, 0).String()
		}
		req := &http.Request{
			Method: spec.Method, RequestURI: target, URL: &url.URL{Path: spec.Path, RawQuery: spec.Query}, Host: spec.Host,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, RemoteAddr: peer,
		}
		for _, h := range spec.Headers {
			req.Header.Add(h.Key.Value(), h.Value.Value())
		}
		c, rejection := reader.Read(req)
		if rejection != nil {
			why := rejection.Rule
			if rejection.Err != nil {
				why = rejection.Err.Error() + " (" + rejection.Rule + ")"
			}
			return engine.HTTP{}, &refusal{Refused: suite.Refused{Reason: rejection.Code, Status: rejection.Status}, why: why}
		}
		h := pdp.HTTP(c)
		h.ClientIP = ip // a suite without an address has none
		return h, nil
	}, nil
}
