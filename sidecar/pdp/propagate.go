package pdp

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/sidecar/reply"
)

// The context headers that a service behind the sidecar reads.
const (
	HeaderUserID    = "X-User-Id"
	HeaderUserRoles = "X-User-Roles"
	HeaderTenantID  = "X-Tenant-Id"
	HeaderRequestID = "X-Request-Id"
	HeaderClaims    = "X-Auth-Claims"
)

// Bounds of what goes into headers.
const (
	maxRoles       = 100
	maxHeaderValue = 1024
	maxClaims      = 4 << 10 // encoded
)

var (
	roleForm  = regexp.MustCompile(`^[A-Za-z0-9:/._@-]{1,128}$`)
	plainText = regexp.MustCompile(`^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$`)
)

// identityHeaders gives the headers of an allowed request, or the reason why
// the identity cannot be written into headers without changing its meaning.
func identityHeaders(q *question, claims slot.Input, obligations []engine.Obligation) (h http.Header, reason string) {
	h = http.Header{HeaderRequestID: {q.c.ID}}
	// Without values: a key that gwctl knows is no business of the service, and
	// would let it act for the user elsewhere.
	for _, name := range q.snapshot.keyHeaders {
		h[name] = nil
	}
	for _, o := range obligations {
		h[http.CanonicalHeaderKey(o.Name)] = []string{o.Value}
	}
	if q.identity == nil {
		return h, ""
	}
	v := q.request.Values()
	for name, i := range map[string]slot.Index{HeaderUserID: slot.UserID, HeaderTenantID: slot.UserTenant} {
		value, state := v.Get(i)
		switch {
		case state == slot.Absent && i != slot.UserID:
		case state != slot.Present, len(value.Str()) > maxHeaderValue, !plainText.MatchString(value.Str()):
			return nil, reply.ReasonNotRepresentable
		default:
			h[name] = []string{value.Str()}
		}
	}
	roles, state := v.Get(slot.UserRoles)
	if state != slot.Present || len(roles.Items()) > maxRoles {
		return nil, reply.ReasonNotRepresentable
	}
	for _, role := range roles.Strings() {
		if !roleForm.MatchString(role) {
			return nil, reply.ReasonNotRepresentable
		}
	}
	if list := roles.Strings(); len(list) > 0 {
		h[HeaderUserRoles] = []string{strings.Join(list, ",")}
	}
	encoded, reason := encodeClaims(claims, q.snapshot.claims)
	if encoded != "" {
		h[HeaderClaims] = []string{encoded}
	}
	return h, reason
}

// encodeClaims gives the allow-listed claims as base64url of a JSON object, ""
// if there are none.
func encodeClaims(claims slot.Input, allowed []string) (text, reason string) {
	var picked []slot.InputEntry
	for _, name := range allowed {
		if v, ok := claims.Member(name); ok {
			picked = append(picked, slot.InputEntry{Key: name, Value: v})
		}
	}
	if len(picked) == 0 {
		return "", ""
	}
	text = base64.RawURLEncoding.EncodeToString(slot.FromObject(picked).AppendJSON(nil))
	if len(text) > maxClaims {
		return "", reply.ReasonClaimsTooLarge
	}
	return text, ""
}
