package policy

import (
	"regexp"
	"slices"
	"strings"
)

var headerForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)

// protectedHeaders cannot be set by a rule: who the user is, how the message is
// framed, and what only the sidecar may say. Prefixes end in -.
var protectedHeaders = []string{
	"x-user-id", "x-user-roles", "x-tenant-id", "x-request-id", "x-auth-claims",
	"authorization", "cookie", "host", "content-length", "content-type", "content-encoding", "connection", "keep-alive", "proxy-connection",
	"proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "expect", "date", "dpop", "x-api-key",
	"forwarded", "x-real-ip", "x-method-override", "x-forwarded-", "x-original-", "x-rewrite-", "x-http-method", "x-envoy-", "client-cert",
	"x-ssl-", "traceparent", "tracestate", "via", "set-cookie", "origin", "sec-",
}

// Fold gives the form in which headers are compared: upstreams read X_User_Id
// and X.User.Id as X-User-Id.
func Fold(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '.' {
			return '-'
		}
		return r
	}, strings.ToLower(name))
}

// checkHeader holds a header of an obligation to names that a rule may set.
func checkHeader(w *reader, t Text) {
	folded := Fold(t.Value())
	protected := slices.ContainsFunc(protectedHeaders, func(p string) bool { return folded == p || strings.HasSuffix(p, "-") && strings.HasPrefix(folded, p) })
	switch {
	case protected:
		w.Error(t.Span(), "protected_header", "choose a name of your own, as in X-Order-View", "header %q cannot be set by a rule", t.Value())
	case !headerForm.MatchString(t.Value()):
		w.Error(t.Span(), "bad_name", "use letters, digits and -, beginning with a letter", "%q is not a header name", t.Value())
	}
}
