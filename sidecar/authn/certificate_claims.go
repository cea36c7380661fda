package authn

import (
	"crypto/x509"
	"encoding/json"
	"unicode"
)

// certificateShape is a certificate as `claims`. What it does not have is no
// member.
type certificateShape struct {
	Sub        string   `json:"sub"` // the name that counts
	SANURI     []string `json:"san_uri,omitempty"`
	SANDNS     []string `json:"san_dns,omitempty"`
	SANEmail   []string `json:"san_email,omitempty"`
	SubjectCN  string   `json:"subject_cn,omitempty"` // where there is exactly one
	SubjectO   []string `json:"subject_o,omitempty"`
	SubjectOU  []string `json:"subject_ou,omitempty"`
	IssuerCN   string   `json:"issuer_cn,omitempty"`
	Serial     string   `json:"serial"` // hexadecimal, lower case
	SHA256     string   `json:"fingerprint_sha256"`
	NotBefore  int64    `json:"not_before"` // Unix seconds
	NotAfter   int64    `json:"not_after"`
	SPIFFE     string   `json:"spiffe_trust_domain,omitempty"`
	SPIFFEPath []string `json:"spiffe_path,omitempty"`
}

// certificateClaims writes a certificate as a JSON object for the mapping.
func certificateClaims(c *x509.Certificate, n names, user string) ([]byte, error) {
	s := certificateShape{
		Sub: user, SANURI: n.uri, SANDNS: n.dns, SANEmail: n.email, SubjectO: c.Subject.Organization, SubjectOU: c.Subject.OrganizationalUnit,
		IssuerCN: c.Issuer.CommonName, SHA256: CertificateSHA256(c), NotBefore: c.NotBefore.Unix(), NotAfter: c.NotAfter.Unix(),
	}
	if c.SerialNumber != nil {
		s.Serial = c.SerialNumber.Text(16)
	}
	if len(n.cn) == 1 {
		s.SubjectCN = n.cn[0]
	}
	if domain, path, ok := parseSPIFFE(user); ok {
		s.SPIFFE, s.SPIFFEPath = domain, path
	}
	// Go would repair what is no text, and two names would become one.
	for _, list := range [][]string{s.SubjectO, s.SubjectOU} {
		if err := checkNames(list, unicode.IsPrint); err != nil {
			return nil, err
		}
	}
	if s.IssuerCN != "" {
		if err := checkNames([]string{s.IssuerCN}, unicode.IsPrint); err != nil {
			return nil, err
		}
	}
	claims, err := json.Marshal(s)
	if err != nil {
		return nil, refuse(ReasonCertificateName, "the certificate cannot be written as claims")
	}
	return claims, nil
}
