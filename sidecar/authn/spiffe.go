package authn

import (
	"regexp"
	"strings"
)

const (
	spiffeScheme   = "spiffe://"
	maxSPIFFE      = 2048
	maxTrustDomain = 255
)

var (
	trustDomainForm = regexp.MustCompile(`^[a-z0-9._-]{1,255}$`)
	segmentForm     = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
)

// ValidTrustDomain tells whether a text is a SPIFFE trust domain: lower-case
// letters, digits, dots, dashes and underscores, without a scheme (SPIFFE ID,
// section 2.1).
func ValidTrustDomain(s string) bool {
	return len(s) <= maxTrustDomain && trustDomainForm.MatchString(s)
}

// parseSPIFFE takes a SPIFFE ID of a workload apart (SPIFFE ID, section 2;
// X.509-SVID, section 5.2): scheme and trust domain in lower case, and a path
// of segments that are neither empty nor dots. The ID of a trust domain, which
// has no path, is no workload's.
func parseSPIFFE(id string) (domain string, path []string, ok bool) {
	rest, ok := strings.CutPrefix(id, spiffeScheme)
	domain, tail, more := strings.Cut(rest, "/")
	if !ok || !more || len(id) > maxSPIFFE || !ValidTrustDomain(domain) {
		return "", nil, false
	}
	path = strings.Split(tail, "/")
	for _, s := range path {
		if !segmentForm.MatchString(s) || s == "." || s == ".." {
			return "", nil, false
		}
	}
	return domain, path, true
}
