package engine

import "github.com/gwctl/gwctl/engine/slot"

// Principal is what the method of authentication itself says about a user.
type Principal struct {
	Method string // jwt, api_key, …; never "anonymous"
	Issuer string // "" when there is none
	Type   string // human, service, …
}

// Subject is an authenticated user with all attributes, converted once for any
// number of requests. It does not change and may be used by any number of
// goroutines. It belongs to its Set: under another one, even of the same
// files, every request with it is denied.
type Subject struct {
	set    *Set
	roles  roleBits
	values slot.Values
}

// UserInput is a provider's value for an attribute of a user.
type UserInput struct {
	From  slot.Provider
	Name  string // without "user."
	Value slot.Input
}

// Bind makes a subject of what is known about a user. The inputs are taken as
// [Request.Supply] takes them: one that cannot be used denies the requests in
// which a rule reads it.
func (s *Set) Bind(p Principal, inputs ...UserInput) *Subject {
	r := s.NewRequest()
	r.Authenticate(p)
	for _, in := range inputs {
		r.Supply(in.From, slot.User, in.Name, in.Value)
	}
	return r.Subject()
}

// Subject gives the request's user for other requests; nil if it is anonymous.
func (r *Request) Subject() *Subject {
	if r.anonymous || r.misbound {
		return nil
	}
	s := &Subject{set: r.set}
	r.values.User(&s.values, r.set.base)
	s.roles = r.set.rolesOf(&s.values)
	return s
}

// SetSubject makes the subject the request's user, whoever it was before; nil
// is an anonymous one. A subject of another set denies the request.
func (r *Request) SetSubject(s *Subject) {
	r.anonymous, r.misbound = s == nil, s != nil && s.set != r.set
	if r.anonymous || r.misbound {
		s = r.set.anonymous
	}
	r.roles = s.roles
	r.values.BindUser(&s.values)
}

// Authenticate makes the user authenticated. Roles, scopes and the rest come
// through [Request.Supply]. Whoever asks more than one question for a user uses
// [Set.Bind].
func (r *Request) Authenticate(p Principal) {
	r.anonymous = false
	r.values.Set(slot.UserAuthenticated, slot.BoolValue(true))
	r.values.Set(slot.UserMethod, slot.StringValue(p.Method))
	if p.Type != "" {
		r.values.Set(slot.UserType, slot.StringValue(p.Type))
	}
	if p.Issuer != "" {
		r.values.Set(slot.UserIssuer, slot.StringValue(p.Issuer))
	}
}

// nobody is the anonymous user, of whom three things are known.
func nobody(s *Set) *Subject {
	v := slot.NewValues(s.base)
	v.Set(slot.UserAuthenticated, slot.BoolValue(false))
	v.Set(slot.UserMethod, slot.StringValue("anonymous"))
	for _, i := range []slot.Index{slot.UserRoles, slot.UserScopes, slot.UserGroups} {
		v.Set(i, slot.StringsValue(nil))
	}
	n := &Subject{set: s}
	v.User(&n.values, s.base)
	n.roles = s.rolesOf(&n.values)
	return n
}
