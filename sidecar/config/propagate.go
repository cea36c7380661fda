package config

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// Propagate says what leaves towards the services, and under which names.
type Propagate struct {
	Propagation
	Headers ContextHeaders
}

// Propagation is what a service learns of the user beyond id and tenant. The
// zero value is nothing.
type Propagation struct {
	Claims []string
	Roles  Roles
}

// Roles selects roles. The zero value selects none.
type Roles struct {
	All bool
	// Names are roles, or, where one ends in a separator (`:`, `/`, `.`, `_`,
	// `@`, `-`), all roles that begin with it.
	Names []string
}

// Select tells whether a role is among them.
func (s Roles) Select(role string) bool {
	return s.All || slices.ContainsFunc(s.Names, func(name string) bool { return covers(name, role) })
}

// covers tells whether an entry stands for a role, or for all that another
// entry stands for.
func covers(entry, name string) bool {
	return entry == name || strings.ContainsRune(":/._@-", rune(entry[len(entry)-1])) && strings.HasPrefix(name, entry)
}

// ContextHeaders are the names, in canonical MIME form, of the five headers
// that every service can read.
type ContextHeaders struct {
	UserID    string // default X-User-Id
	Roles     string // default X-User-Roles
	Tenant    string // default X-Tenant-Id
	RequestID string // default X-Request-Id
	Claims    string // default X-Auth-Claims
}

// Names gives them in the order of the fields.
func (h ContextHeaders) Names() []string {
	return []string{h.UserID, h.Roles, h.Tenant, h.RequestID, h.Claims}
}

// DefaultContextHeaders are the names without a setting.
func DefaultContextHeaders() ContextHeaders {
	return ContextHeaders{UserID: "X-User-Id", Roles: "X-User-Roles", Tenant: "X-Tenant-Id", RequestID: "X-Request-Id", Claims: "X-Auth-Claims"}
}

// DefaultPropagate is what leaves without a setting: all roles and no claims.
func DefaultPropagate() Propagate {
	return Propagate{Headers: DefaultContextHeaders(), Propagation: Propagation{Roles: Roles{All: true}}}
}

var (
	hostForm   = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)
	roleForm   = regexp.MustCompile(`^[A-Za-z0-9:/._@-]{1,128}$`)
	headerForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)
)

func (r *reader) propagate(o *document.Object) {
	r.cfg.Propagate = DefaultPropagate()
	p := &r.cfg.Propagate
	if claims, given := r.selection(o, "claims"); given {
		p.Claims = values(claims)
	}
	if roles, given := r.selection(o, "roles"); given {
		p.Roles = Roles{Names: r.roles(roles)}
	}
	names := o.Object("headers")
	r.rename(names.Text("user_id"), &p.Headers.UserID)
	r.rename(names.Text("roles"), &p.Headers.Roles)
	r.rename(names.Text("tenant"), &p.Headers.Tenant)
	r.rename(names.Text("request_id"), &p.Headers.RequestID)
	r.rename(names.Text("claims"), &p.Headers.Claims)
	taken := map[string]bool{}
	for _, name := range p.Headers.Names() {
		if taken[name] {
			r.w.Error(names.Span(), "bad_setting", "give each its own name", "the header %s stands for two things", name)
		}
		taken[name] = true
	}
	names.Done()
	o.Done()
}

// rename gives a context header another name, if there is one.
func (r *reader) rename(t policy.Text, header *string) {
	if t.IsSet() {
		*header = r.header(t)
	}
}

// header reads the name of a header that gwctl sets towards services. Names
// that proxies or the protocol itself use would be read as something else.
func (r *reader) header(t policy.Text) string {
	name := http.CanonicalHeaderKey(t.Value())
	if !headerForm.MatchString(t.Value()) || slices.Contains(reservedHeaders(), name) || strings.HasPrefix(name, "Access-Control-") || strings.HasPrefix(name, "Sec-") || strings.HasPrefix(name, "Proxy-") {
		r.w.Error(t.Span(), "bad_setting", "write a name of letters, digits and -, as in X-Forwarded-User", "the header %q cannot be set", t.Value())
	}
	return name
}

// reservedHeaders mean something to HTTP, or to gwctl, already.
func reservedHeaders() []string {
	return []string{
		"Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control", "Connection", "Content-Encoding",
		"Content-Length", "Content-Location", "Content-Type", "Cookie", "Date", "Dpop", "Expect", "Forwarded", "Host", "If-Match",
		"If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Keep-Alive", "Origin", "Pragma", "Range", "Referer", "Set-Cookie",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent", "Via", "X-Api-Key", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
	}
}

// narrowed reads what one upstream learns: never more than all of them may.
func (r *reader) narrowed(o *document.Object, whole Propagation) Propagation {
	out := whole
	if claims, given := r.selection(o, "claims"); given {
		out.Claims = values(claims)
		for _, t := range claims {
			if !slices.Contains(whole.Claims, t.Value()) {
				r.w.Error(t.Span(), "bad_setting", "add it to propagate.claims, too", "the claim %q leaves for no service: an upstream narrows and never widens", t.Value())
			}
		}
	}
	if roles, given := r.selection(o, "roles"); given {
		out.Roles = Roles{Names: r.roles(roles)}
		for _, t := range roles {
			if !whole.Roles.Select(t.Value()) {
				r.w.Error(t.Span(), "bad_setting", "add it to propagate.roles, too", "the role %q leaves for no service: an upstream narrows and never widens", t.Value())
			}
		}
	}
	o.Done()
	return out
}

// selection reads a list of names; the word none is a list without any.
func (r *reader) selection(o *document.Object, key string) (names []policy.Text, given bool) {
	if !o.Has(key) {
		return nil, false
	}
	n := o.Node(key)
	if n != nil && n.IsScalar() {
		if t := r.w.Text(n, key); t.Value() != "none" && t.IsSet() {
			r.w.Error(t.Span(), "wrong_type", "write a list, as in "+key+": […], or none", "%q must be a list, not %q", key, t.Value())
		}
		return nil, true
	}
	return o.Texts(key), true
}

func (r *reader) roles(list []policy.Text) []string {
	for _, t := range list {
		if !roleForm.MatchString(t.Value()) {
			r.w.Error(t.Span(), "bad_setting", "write a role, or what roles begin with, as in shop:", "%q is no role that a header can hold", t.Value())
		}
	}
	return values(list)
}

func values(list []policy.Text) []string {
	var out []string
	for _, t := range list {
		out = append(out, t.Value())
	}
	return out
}
