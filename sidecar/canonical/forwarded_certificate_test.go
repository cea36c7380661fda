package canonical_test

import (
	"crypto/x509"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/sidecar/canonical"
)

// told reads what a trusted proxy says of a certificate: names of what was
// shown, or the rule that it breaks.
func told(t testing.TB, form canonical.CertificateForm, h http.Header) (shown []string, rule string) {
	t.Helper()
	r := newReader(t, canonical.Options{Certificates: canonical.ForwardedCertificates{Form: form, Verified: func([]*x509.Certificate) bool { return true }}})
	c, rejection := r.ReadOriginal(canonical.Original{Method: "GET", Scheme: "https", Host: "app.test", Target: "/", Header: h, Peer: netip.MustParseAddr("10.0.0.1")})
	if rejection != nil {
		if rejection.Status != 400 || rejection.Code != canonical.CodeNotCanonical {
			t.Errorf("refused as %+v", rejection)
		}
		return nil, rejection.Rule
	}
	for _, c := range c.Shown {
		shown = append(shown, c.Subject.CommonName)
	}
	if (c.Certificate == nil) != (len(shown) == 0) || c.Certificate != nil && c.Certificate != c.Shown[0] {
		t.Errorf("certificate %v of %v", c.Certificate, shown)
	}
	return shown, ""
}

func TestXFCC(t *testing.T) {
	a, b := newCertificate(t, "a"), newCertificate(t, "b")
	for !strings.Contains(escaped(a), "%2B") {
		a = newCertificate(t, "a")
	}
	cert, chain := "Cert="+escaped(a), "Chain="+escaped(a, b)
	const bad, missing = canonical.RuleCertificate, canonical.RuleCertificateMissing
	for name, tt := range map[string]struct {
		value string
		shown string
		rule  string
	}{
		"a certificate":            {cert, "a", ""},
		"quoted":                   {`Cert="` + escaped(a) + `"`, "a", ""},
		"as Envoy writes it":       {`By=spiffe://td/gw;Hash=` + hash(a) + `;Cert="` + escaped(a) + `";Subject="CN=a,O=\"x, y\"";URI=spiffe://td/a;DNS=a.test;DNS=b.test`, "a", ""},
		"with a chain":             {cert + ";" + chain, "a b", ""},
		"hash in upper case":       {"Hash=" + strings.ToUpper(hash(a)) + ";" + cert, "a", ""},
		"two elements":             {"Cert=" + escaped(b) + "," + cert, "", bad},
		"an element in a URI":      {cert + ";URI=spiffe://td/a,Cert=" + escaped(b), "", bad},
		"a comma in quotes":        {cert + `;URI="spiffe://td/a,Cert=b"`, "a", ""},
		"only a hash":              {"Hash=" + hash(a), "", missing},
		"only names":               {`By=spiffe://td/gw;URI=spiffe://td/a;Subject="CN=a"`, "", missing},
		"only a chain":             {chain, "", missing},
		"an empty certificate":     {`Cert=""`, "", missing},
		"empty":                    {"", "", bad},
		"a key without a value":    {"Cert", "", bad},
		"another's hash":           {"Hash=" + hash(b) + ";" + cert, "", bad},
		"another's chain":          {cert + ";Chain=" + escaped(b, a), "", bad},
		"two certificates":         {"Cert=" + escaped(a, b), "", bad},
		"the key twice":            {cert + ";" + cert, "", bad},
		"a key that is not known":  {cert + ";Name=a", "", bad},
		"lower case":               {strings.ToLower(cert[:4]) + cert[4:], "", bad},
		"space around":             {cert + "; URI=spiffe://td/a", "", bad},
		"an empty pair":            {cert + ";", "", bad},
		"an empty element":         {cert + ",", "", bad},
		"the first is malformed":   {"Hash," + cert, "", bad},
		"no end of a quote":        {`Subject="CN=a;` + cert, "", bad},
		"an escape at the end":     {cert + `;Subject="a\`, "", bad},
		"more after a quote":       {`Subject="a"b;` + cert, "", bad},
		"a quote inside":           {`Subject=a"b;` + cert, "", bad},
		"= without quotes":         {"URI=spiffe://td/a?x=1;" + cert, "", bad},
		"another script":           {"Subject=\u00e9;" + cert, "", bad},
		"raw plus":                 {"Cert=" + strings.ReplaceAll(escaped(a), "%2B", "+"), "", bad},
		"a bad escape":             {cert + "%2", "", bad},
		"junk before":              {"Cert=junk%0A" + escaped(a), "", bad},
		"junk after":               {cert + "junk", "", bad},
		"a broken block before":    {"Cert=-----BEGIN%20CERTIFICATE-----%0Ajunk%0A" + escaped(a), "", bad},
		"a key":                    {"Cert=" + strings.ReplaceAll(escaped(a), "CERTIFICATE", "PRIVATE%20KEY"), "", bad},
		"no DER":                   {"Cert=-----BEGIN%20CERTIFICATE-----%0AAAAA%0A-----END%20CERTIFICATE-----%0A", "", bad},
		"PEM with a header":        {"Cert=" + strings.Replace(escaped(a), "-----%0A", "-----%0AA%3A%20b%0A%0A", 1), "", bad},
		"more pairs than 64":       {strings.Repeat("DNS=a;", 64) + cert, "", bad},
		"more certificates than 8": {cert + ";Chain=" + escaped(a, a, a, a, a, a, a, a, a), "", bad},
	} {
		shown, rule := told(t, canonical.FormXFCC, http.Header{"X-Forwarded-Client-Cert": {tt.value}})
		if strings.Join(shown, " ") != tt.shown || rule != tt.rule {
			t.Errorf("%s: shown %q, rule %q", name, shown, rule)
		}
	}
	if _, rule := told(t, canonical.FormXFCC, http.Header{"X-Forwarded-Client-Cert": {cert, cert}}); rule != bad {
		t.Errorf("two lines: %q", rule)
	}
}

func TestClientCert(t *testing.T) {
	a, b := newCertificate(t, "a"), newCertificate(t, "b")
	for !strings.HasSuffix(sequence(a), "A==:") { // what is left in the last letter is 0
		a = newCertificate(t, "a")
	}
	one, two := sequence(a), sequence(b)
	const bad = canonical.RuleCertificate
	for name, tt := range map[string]struct {
		cert, chain []string
		shown       string
		rule        string
	}{
		"a certificate":             {[]string{one}, nil, "a", ""},
		"with a chain":              {[]string{one}, []string{two}, "a b", ""},
		"with a longer one":         {[]string{one}, []string{two + " ,\t" + two}, "a b b", ""},
		"none":                      {nil, nil, "", ""},
		"only a chain":              {nil, []string{two}, "", bad},
		"two lines":                 {[]string{one, one}, nil, "", bad},
		"two lines of the chain":    {[]string{one}, []string{two, two}, "", bad},
		"two items":                 {[]string{one + ", " + one}, nil, "", bad},
		"empty":                     {[]string{""}, nil, "", bad},
		"an empty sequence":         {[]string{"::"}, nil, "", bad},
		"one colon":                 {[]string{":"}, nil, "", bad},
		"an empty item":             {[]string{one}, []string{two + ","}, "", bad},
		"no colons":                 {[]string{strings.Trim(one, ":")}, nil, "", bad},
		"a parameter":               {[]string{one + ";a=1"}, nil, "", bad},
		"a string":                  {[]string{`"` + strings.Trim(one, ":") + `"`}, nil, "", bad},
		"PEM":                       {[]string{":" + escaped(a) + ":"}, nil, "", bad},
		"no padding":                {[]string{strings.ReplaceAll(":"+strings.Trim(one, ":")+"A:", "=", "")}, nil, "", bad},
		"another spelling":          {[]string{strings.TrimSuffix(one, "A==:") + "B==:"}, nil, "", bad},
		"more after it":             {[]string{":" + strings.Trim(one, ":=") + "AAAA:"}, nil, "", bad},
		"base64url":                 {[]string{":_-8=:"}, nil, "", bad},
		"no DER":                    {[]string{":AAAA:"}, nil, "", bad},
		"more certificates than 8":  {[]string{one}, []string{strings.Repeat(two+",", 7) + two}, "", bad},
		"eight certificates":        {[]string{one}, []string{strings.Repeat(two+",", 6) + two}, "a b b b b b b b", ""},
		"a broken one in the chain": {[]string{one}, []string{two + ",:AAAA:"}, "", bad},
	} {
		h := http.Header{}
		if tt.cert != nil {
			h["Client-Cert"] = tt.cert
		}
		if tt.chain != nil {
			h["Client-Cert-Chain"] = tt.chain
		}
		shown, rule := told(t, canonical.FormRFC9440, h)
		if strings.Join(shown, " ") != tt.shown || rule != tt.rule {
			t.Errorf("%s: shown %q, rule %q", name, shown, rule)
		}
	}
}

// unescaped decodes what it can, and leaves out the ends of lines.
func unescaped(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		b := s[i]
		if b == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b, i = byte(n), i+2
			}
		}
		if b > ' ' && b != '\\' {
			out.WriteByte(b)
		}
	}
	return out.String()
}

// FuzzForwardedCertificate: what is read of a header is a certificate that the
// proxy delivered, and stands in it.
func FuzzForwardedCertificate(f *testing.F) {
	a, b := newCertificate(f, "a"), newCertificate(f, "b")
	for _, s := range []string{
		"Cert=" + escaped(a), `By=x;Hash=` + hash(a) + `;Cert="` + escaped(a) + `";Chain="` + escaped(a, b) + `";Subject="CN=\"a\"";URI=u;DNS=d`,
		"Hash=0,Cert=" + escaped(b), "Cert=%", `Cert="`, "Cert=-----BEGIN%20CERTIFICATE-----", sequence(a), sequence(a) + "," + sequence(b), "::", ":AAAA:", ",", ";", "=",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for form, name := range map[canonical.CertificateForm]string{canonical.FormXFCC: "X-Forwarded-Client-Cert", canonical.FormRFC9440: "Client-Cert"} {
			r := newReader(t, canonical.Options{Certificates: canonical.ForwardedCertificates{Form: form}})
			c, rejection := r.ReadOriginal(canonical.Original{Method: "GET", Scheme: "https", Host: "app.test", Target: "/", Header: http.Header{name: {value}}, Peer: netip.MustParseAddr("10.0.0.1")})
			if rejection != nil {
				continue
			}
			if len(c.Shown) == 0 || len(c.Shown) > 8 || !c.Forwarded || c.Certificate != nil || len(c.Header) > 0 {
				t.Fatalf("%q is read as %+v", value, c)
			}
			own := c.Shown[0]
			switch form {
			case canonical.FormXFCC:
				if !strings.Contains(unescaped(value), strings.Trim(sequence(own), ":")) {
					t.Fatalf("%q is read as %q", value, sequence(own))
				}
			case canonical.FormRFC9440:
				if strings.Trim(value, " \t") != sequence(own) {
					t.Fatalf("%q is read as %q", value, sequence(own))
				}
			}
		}
	})
}
