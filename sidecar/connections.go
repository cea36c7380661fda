package sidecar

import (
	"slices"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
	"github.com/gwctl/gwctl/sidecar/assertion"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/health"
	"github.com/gwctl/gwctl/sidecar/pdp"
	"github.com/gwctl/gwctl/sidecar/transport"
)

// connect gives a snapshot what the doors reach others with: the TLS of the
// listener, the table of upstreams and the signer of assertions.
func (b *builder) connect(s *pdp.Snapshot, cfg *config.Config, read transport.Read) policy.Diagnostics {
	var before *transport.Server
	if old := b.inForce(); old != nil {
		before = old.TLS
	}
	var found, more policy.Diagnostics
	s.TLS, found = transport.NewServer(cfg.Proxy.TLS, read, before, b.clock)
	s.Upstreams, more = b.pools.Table(cfg.Proxy.Upstreams, read)
	found = append(found, more...)
	for _, m := range cfg.MTLS {
		list, _ := transport.CAs(m.ClientCA, read, b.clock) // what is wrong with it is found already
		for _, ca := range list {
			if m.Own {
				s.ClientCAs = append(s.ClientCAs, transport.Certificate{Use: "mtls_ca", NotAfter: ca.NotAfter})
			}
		}
	}
	s.Signer, more = b.signer(cfg.Assertion, read)
	return append(found, more...)
}

// signer makes the signer of assertions, nil without a key.
func (b *builder) signer(a config.Assertion, read transport.Read) (*assertion.Signer, policy.Diagnostics) {
	if !a.Key.IsSet() {
		return nil, nil
	}
	broken := func(f config.File, err error) policy.Diagnostics {
		d := document.NewDiagnostic(f.At, document.Error, "bad_file", transport.Cause(err).Error())
		return policy.Diagnostics{d.WithHint("write one P-256 key in PEM, as openssl ecparam -name prime256v1 -genkey -noout gives it")}
	}
	o := assertion.Options{Issuer: a.Issuer, Lifetime: a.Lifetime, Clock: b.clock}
	var err error
	if o.Key, err = read(a.Key.Path); err != nil {
		return nil, broken(a.Key, err)
	}
	for _, f := range a.Publish {
		data, err := read(f.Path)
		if err != nil {
			return nil, broken(f, err)
		}
		o.Publish = append(o.Publish, data)
	}
	s, err := assertion.New(o)
	if err != nil {
		return nil, broken(a.Key, err)
	}
	return s, nil
}

// inForce keeps what belongs to the snapshot in force and lets go of the rest.
func (s *Sidecar) inForce(snapshot *pdp.Snapshot) {
	s.keys.require(snapshot.Issuers)
	s.methods.require(snapshot.Methods)
	s.pools.Keep(snapshot.Upstreams)
	s.published.Replace(snapshot.Signer)
	s.secretsLoaded(snapshot)
	if s.o.Loaded != nil {
		s.o.Loaded()
	}
}

// certificates tells the metrics when the certificates in use end.
func (s *Sidecar) certificates() []health.CertificateStatus {
	snapshot := s.point.Current()
	if snapshot == nil {
		return nil
	}
	var out []health.CertificateStatus
	for _, c := range slices.Concat(snapshot.TLS.Certificates(), snapshot.ClientCAs, snapshot.Upstreams.Certificates()) {
		out = append(out, health.CertificateStatus{Use: c.Use, Expires: c.NotAfter.Sub(s.o.Clock()).Seconds()})
	}
	return out
}

// filesOf names the files that a configuration names, none if it does not
// load.
func filesOf(path string, data []byte) []string {
	cfg, _ := config.Read(path, data)
	if cfg == nil {
		return nil
	}
	return cfg.Files()
}
