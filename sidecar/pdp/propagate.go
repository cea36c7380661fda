package pdp

import (
	"encoding/base64"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/sidecar/assertion"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/reply"
)

// The context headers that a service behind the sidecar reads, as they are
// called without a setting.
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
func identityHeaders(q *question, obligations []engine.Obligation) (h http.Header, reason string) {
	names := q.snapshot.headers
	h = http.Header{names.RequestID: {q.c.ID}}
	// Without values: a key that gwctl knows is no business of the service, and
	// would let it act for the user elsewhere.
	for _, name := range q.snapshot.keyHeaders {
		h[name] = nil
	}
	for _, o := range obligations {
		h[http.CanonicalHeaderKey(o.Name)] = []string{o.Value}
	}
	st := assertion.Statement{Method: q.c.Method, Host: q.c.Host, Path: q.c.Path, RequestID: q.c.ID, Decision: q.id}
	if q.identity != nil {
		told := q.told()
		if told.reason != "" {
			return nil, told.reason
		}
		st.Subject, st.Tenant, st.Roles = told.subject, told.tenant, told.roles
		for i := range told.headers {
			h[told.headers[i].name] = told.headers[i].values
		}
	}
	return h, q.assert(h, st)
}

// told is what one service learns of a user, who does not change: worked out
// once. Its lists are shared and must not be changed.
type told struct {
	subject, tenant string
	roles           []string
	headers         []toldHeader
	reason          string // why it cannot be said
}

type toldHeader struct {
	name   string
	values []string
}

// told gives what the service that the request goes to learns of its user.
func (q *question) told() *told {
	if known, ok := q.user.told.Load(q.to); ok {
		return known.(*told)
	}
	t := &told{}
	names := q.snapshot.headers
	if t.subject, t.reason = q.plain(slot.UserID); t.reason == "" && t.subject == "" {
		t.reason = reply.ReasonNotRepresentable
	}
	if t.reason == "" {
		t.tenant, t.reason = q.plain(slot.UserTenant)
	}
	if t.reason == "" {
		t.roles, t.reason = q.roles()
	}
	encoded := ""
	if t.reason == "" {
		encoded, t.reason = encodeClaims(q.user.claims, q.propagation().Claims)
	}
	for _, h := range [][2]string{{names.UserID, t.subject}, {names.Tenant, t.tenant}, {names.Roles, strings.Join(t.roles, ",")}, {names.Claims, encoded}} {
		if h[1] != "" {
			t.headers = append(t.headers, toldHeader{h[0], []string{h[1]}})
		}
	}
	q.user.told.Store(q.to, t)
	return t
}

// propagation is what the service that the request goes to may learn.
func (q *question) propagation() config.Propagation {
	if q.to != nil {
		return q.to.Propagate
	}
	return q.snapshot.propagate
}

// plain gives an attribute as a header can hold it, "" if it is absent.
func (q *question) plain(i slot.Index) (text, reason string) {
	value, state := q.request.Values().Get(i)
	switch {
	case state == slot.Absent:
		return "", ""
	case state != slot.Present, len(value.Str()) > maxHeaderValue, !plainText.MatchString(value.Str()):
		return "", reply.ReasonNotRepresentable
	}
	return value.Str(), ""
}

// roles gives those that the service may learn of. What it does not get need
// not fit into a header.
func (q *question) roles() (list []string, reason string) {
	roles, state := q.request.Values().Get(slot.UserRoles)
	if state != slot.Present {
		return nil, reply.ReasonNotRepresentable
	}
	may := q.propagation().Roles
	for _, role := range roles.Strings() {
		switch {
		case !may.Select(role):
		case len(list) == maxRoles, !roleForm.MatchString(role):
			return nil, reply.ReasonNotRepresentable
		default:
			list = append(list, role)
		}
	}
	return list, ""
}

// assert adds the signed statement, where the service asks for one.
func (q *question) assert(h http.Header, st assertion.Statement) (reason string) {
	if q.to == nil || q.to.Audience == "" {
		return ""
	}
	st.Audience = q.to.Audience
	if q.snapshot.Signer == nil {
		return reply.ReasonNotRepresentable // the configuration refuses an audience without a key
	}
	text, err := q.snapshot.Signer.Sign(st)
	switch {
	case errors.Is(err, assertion.ErrTooLarge):
		return reply.ReasonClaimsTooLarge
	case err != nil:
		q.point.o.Logger.Error("no assertion can be signed", "error", err, "decision_id", q.id)
		return reply.ReasonNotRepresentable
	}
	h[q.snapshot.assertion] = []string{text}
	return ""
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
