package sidecar

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"slices"
	"time"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/pdp"
	"github.com/gwctl/gwctl/sidecar/transport"
)

// secretPrints tells readings of secrets apart. A plain hash would let whoever
// reads the records try out short secrets; the key is nobody's but the
// process's.
type secretPrints struct{ key [32]byte }

func newSecretPrints() *secretPrints {
	p := &secretPrints{}
	_, _ = rand.Read(p.key[:]) // it never fails
	return p
}

func (p *secretPrints) of(secret []byte) string {
	mac := hmac.New(sha256.New, p.key[:])
	mac.Write(secret)
	return "hmac:" + hex.EncodeToString(mac.Sum(nil)[:6])
}

// secretFiles are the keys, certificates and secrets that a configuration names
// as files, by what they are for.
func secretFiles(cfg *config.Config) (uses []string, files []config.File) {
	add := func(use string, f config.File) {
		if f.IsSet() {
			uses, files = append(uses, use), append(files, f)
		}
	}
	t := cfg.Proxy.TLS
	add("listeners.proxy.tls.cert", t.Cert)
	add("listeners.proxy.tls.key", t.Key)
	add("listeners.proxy.tls.client_ca", t.ClientCA)
	for i, u := range cfg.Proxy.Upstreams {
		at := fmt.Sprintf("listeners.proxy.upstreams.%d.tls.", i)
		add(at+"ca", u.TLS.CA)
		add(at+"cert", u.TLS.Cert)
		add(at+"key", u.TLS.Key)
	}
	add("assertion.key", cfg.Assertion.Key)
	for i, f := range cfg.Assertion.Publish {
		add(fmt.Sprintf("assertion.publish.%d", i), f)
	}
	return uses, files
}

// secrets tells what was read for a snapshot. What cannot be read has failed the
// build before.
func (b *builder) secrets(cfg *config.Config, read transport.Read) []record.Secret {
	var out []record.Secret
	note := func(use string, data []byte) {
		out = append(out, record.Secret{Use: use, Fingerprint: b.prints.of(data), Expires: expiry(data)})
	}
	uses, files := secretFiles(cfg)
	for i, f := range files {
		if data, err := read(f.Path); err == nil {
			note(uses[i], data)
		}
	}
	for _, i := range cfg.Introspection {
		at := fmt.Sprintf("authn.%d.introspection.", i.Place)
		for use, s := range map[string]config.Secret{at + "client_secret": i.ClientSecret, at + "private_key": i.PrivateKey} {
			if !s.IsSet() {
				continue
			}
			if text, err := s.Read(b.getenv); err == nil {
				note(use, []byte(text))
			}
		}
	}
	return out
}

// expiry gives the first end of the certificates in a file, zero without one.
func expiry(data []byte) (first time.Time) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err == nil && (first.IsZero() || c.NotAfter.Before(first)) {
			first = c.NotAfter
		}
	}
	return first
}

// secretsLoaded records what has been read anew: everything at the start, and
// what is another one since.
func (s *Sidecar) secretsLoaded(snapshot *pdp.Snapshot) {
	for _, secret := range snapshot.Secrets {
		if !slices.Contains(s.loaded, secret) {
			s.audit.Write(&record.Event{Kind: record.KindSecretLoaded, Time: s.o.Clock(), Secret: &secret})
		}
	}
	s.loaded = snapshot.Secrets
}
