package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/config"
)

func TestReadMTLS(t *testing.T) {
	c := mustRead(t, whole)
	plain := func(m config.MTLS) config.MTLS {
		m.At, m.ClientCA.At = policy.Span{}, policy.Span{}
		m.Attributes = nil
		return m
	}
	for i, want := range []config.MTLS{
		{
			Method:   config.Method{Name: "mtls /etc/gwctl/clients.pem", Place: 5, Type: "service", IDPrefix: "cert:"},
			ClientCA: config.File{Path: "/etc/gwctl/clients.pem"}, Identity: "spiffe", TrustDomain: "prod.example.com",
		}, {
			Method:   config.Method{Name: "mtls /etc/gwctl/callers.pem", Place: 6, Type: "human"},
			ClientCA: config.File{Path: "/etc/gwctl/callers.pem"}, Own: true, Identity: "dns", Forwarded: "xfcc",
		},
	} {
		if got := plain(c.MTLS[i]); got.Name != want.Name || got.Method.Place != want.Place || got.Type != want.Type || got.IDPrefix != want.IDPrefix ||
			got.ClientCA != want.ClientCA || got.Own != want.Own || got.Identity != want.Identity || got.TrustDomain != want.TrustDomain || got.Forwarded != want.Forwarded {
			t.Errorf("read %+v, want %+v", got, want)
		}
	}
	if got := c.ForwardedCertificates(); got != "xfcc" {
		t.Errorf("forwarded as %q", got)
	}
	if got := mustRead(t, least).ForwardedCertificates(); got != "" {
		t.Errorf("without a method they are forwarded as %q", got)
	}
}

// A method that nobody could use, or that leaves open whose names count, does
// not load.
func TestReadRefusesMTLS(t *testing.T) {
	const (
		proxy = `address: "127.0.0.1:8080", `
		tls   = proxy + "tls: {cert: a.pem, key: b.pem, client_ca: clients.pem}, "
		bare  = proxy + "tls: {cert: a.pem, key: b.pem}, "
		front = proxy + "trusted_proxies: [10.0.0.0/8], "
		td    = "spiffe_trust_domain: prod.example.com"
	)
	for _, tt := range []struct{ proxy, methods, code, at string }{
		{tls, "{mtls: {" + td + "}}", "", ""},
		{tls, "{mtls: {" + td + ", client_ca: c.pem}}", "", ""},
		{front, "{mtls: {" + td + ", client_ca: c.pem, forwarded: rfc9440}}", "", ""},
		{tls, "{mtls: {" + td + "}}, {mtls: {identity: email, client_ca: c.pem}}", "", ""},
		{proxy, "{mtls: {" + td + "}}", "bad_setting", "{" + td},
		{bare, "{mtls: {" + td + ", client_ca: c.pem}}", "bad_setting", "{" + td},
		{front, "{mtls: {" + td + ", forwarded: xfcc}}", "missing_key", "{" + td},
		{proxy, "{mtls: {" + td + ", client_ca: c.pem, forwarded: xfcc}}", "bad_setting", "forwarded"},
		{tls, "{mtls: {" + td + ", forwarded: xfcc}}", "bad_setting", "forwarded"},
		{tls, "{mtls: {" + td + ", forwarded: both}}", "bad_setting", "both"},
		{tls, "{mtls: {}}", "missing_key", "{}"},
		{tls, "{mtls: {identity: spiffe}}", "missing_key", "{identity"},
		{tls, "{mtls: {identity: subject}}", "bad_setting", "subject"},
		{tls, "{mtls: {identity: dns, " + td + "}}", "bad_setting", "spiffe_trust_domain"},
		{tls, `{mtls: {spiffe_trust_domain: "spiffe://prod.example.com"}}`, "bad_setting", `"spiffe://`},
		{tls, "{mtls: {spiffe_trust_domain: Prod}}", "bad_setting", "Prod"},
		{tls, "{mtls: {spiffe_trust_domain: }}", "empty_value", "spiffe_trust_domain"},
		{tls, "{mtls: {" + td + ", client_ca: }}", "empty_value", "client_ca: }}"},
		{tls, "{mtls: {" + td + "}}, {mtls: {identity: dns}}", "duplicate_name", "{identity"},
		{front, "{mtls: {" + td + ", client_ca: c.pem, forwarded: xfcc}}, {mtls: {identity: dns, client_ca: d.pem, forwarded: rfc9440}}", "bad_setting", "forwarded: rfc9440"},
		{tls, "{mtls: {" + td + ", header: X-Cert}}", "unknown_key", "header"},
	} {
		text := strings.Replace(least, proxy, tt.proxy, 1)
		text = text[:strings.Index(text, "  authn:")] + "  authn: [" + tt.methods + "]\n"
		cfg, found := config.Read(path, []byte(text))
		if tt.code == "" {
			if cfg == nil || len(found) > 0 {
				t.Errorf("%s, %s: found %v", tt.proxy, tt.methods, found)
			}
			continue
		}
		if cfg != nil || !slices.ContainsFunc(found, func(d policy.Diagnostic) bool { return d.Code == tt.code && strings.HasPrefix(place(text, d), tt.at) }) {
			t.Errorf("%s, %s: found %v, want %s", tt.proxy, tt.methods, found, tt.code)
		}
	}
}

// Names of certificates can be those of other users; SPIFFE IDs cannot.
func TestMTLSShares(t *testing.T) {
	for methods, shared := range map[string]bool{
		"{api_keys: {file: k.yaml}}, {mtls: {identity: cn}}":                            true,
		"{mtls: {identity: cn}}, {mtls: {identity: email, client_ca: c.pem}}":           true,
		"{api_keys: {file: k.yaml}}, {mtls: {identity: cn, id_prefix: 'cert:'}}":        false,
		"{api_keys: {file: k.yaml}}, {mtls: {spiffe_trust_domain: prod.example.com}}":   false,
		"{mtls: {spiffe_trust_domain: a}}, {mtls: {identity: email, client_ca: c.pem}}": false,
	} {
		text := strings.Replace(least, `address: "127.0.0.1:8080", `, `address: "127.0.0.1:8080", tls: {cert: a.pem, key: b.pem, client_ca: clients.pem}, `, 1)
		text = text[:strings.Index(text, "  authn:")] + "  authn: [" + methods + "]\n"
		cfg, found := config.Read(path, []byte(text))
		if cfg == nil || shared != (len(found) == 1 && found[0].Code == "shared_user_ids") || !shared && len(found) > 0 {
			t.Errorf("%s: found %v", methods, found)
		}
	}
}
