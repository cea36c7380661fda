package slot

import (
	"maps"
	"slices"
)

// Index is the place of an attribute in a Layout.
type Index int

// Layout is the fixed order of the attributes that conditions over one
// resource type can read. It does not change after NewLayout or Extend.
type Layout struct {
	attrs  []*Attr
	unread []mark // where Values begin, as far as user.* goes: those come from their user
	users  []Index
	byName [Roots]map[string]Index
}

// NewLayout makes a layout of the built-in attributes followed by the
// declared ones. A declared attribute of a built-in's name replaces it.
func NewLayout(declared ...[]*Attr) *Layout {
	l := &Layout{}
	l.add(builtins())
	for _, group := range declared {
		l.add(group)
	}
	for i, a := range l.attrs {
		if a.Root == User {
			l.users = append(l.users, Index(i))
			l.unread = append(l.unread, make([]mark, i+1-len(l.unread))...)
			l.unread[i].state = fromUser
		}
	}
	return l
}

// Extend makes a layout of the attributes of this one, in the same places,
// followed by the declared ones, none of which is an attribute of users.
func (l *Layout) Extend(declared ...[]*Attr) *Layout {
	out := &Layout{attrs: slices.Clone(l.attrs), unread: l.unread, users: l.users, byName: l.byName}
	for _, group := range declared {
		// Names of roots to which nothing is added are shared.
		for r := range out.byName {
			if slices.ContainsFunc(group, func(a *Attr) bool { return a.Root == Root(r) }) {
				out.byName[r] = maps.Clone(out.byName[r])
			}
		}
		out.add(group)
	}
	return out
}

func (l *Layout) add(group []*Attr) {
	for _, a := range group {
		a.complete()
		if i, ok := l.byName[a.Root][a.Name]; ok {
			l.attrs[i] = a
			continue
		}
		if l.byName[a.Root] == nil {
			l.byName[a.Root] = map[string]Index{}
		}
		l.byName[a.Root][a.Name] = Index(len(l.attrs))
		l.attrs = append(l.attrs, a)
	}
}

// Len is the number of slots.
func (l *Layout) Len() int { return len(l.attrs) }

// Attr gives the attribute of a slot.
func (l *Layout) Attr(i Index) *Attr { return l.attrs[i] }

// Lookup finds an attribute by root and name.
func (l *Layout) Lookup(r Root, name string) (Index, bool) {
	i, ok := l.byName[r][name]
	return i, ok
}

// Names lists the attributes of a root, in the order of the layout.
func (l *Layout) Names(r Root) []string {
	var out []string
	for _, a := range l.attrs {
		if a.Root == r {
			out = append(out, a.Name)
		}
	}
	return out
}

// Slots of the built-in attributes, the same in every layout.
const (
	UserAuthenticated Index = iota
	UserID
	UserType
	UserIssuer
	UserMethod
	UserTenant
	UserRoles
	UserScopes
	UserGroups
	ActionName
	ResourceType
	ResourceID
	EnvTime
	EnvIP
	RequestID
	RequestMethod
	RequestScheme
	RequestHost
	RequestPath
	RequestSegments
	RequestQuery
	RequestHeaders
	builtinCount
)

// MaxListFromCredential bounds the built-in lists of a user.
const MaxListFromCredential = 200

func builtins() []*Attr {
	credential := []Provider{Credential}
	user := func(name string, t *Type, optional bool) *Attr {
		return &Attr{Root: User, Name: name, Type: t, Optional: optional, From: credential, MaxItems: MaxListFromCredential}
	}
	request := func(name string, t *Type) *Attr {
		return &Attr{Root: Request, Name: name, Type: t, Optional: true, MaxLength: 8192, MaxItems: 4096, MaxEntries: 256}
	}
	return []*Attr{
		UserAuthenticated: {Root: User, Name: "authenticated", Type: boolType},
		UserID:            {Root: User, Name: "id", Type: stringType, Demanded: true, From: credential},
		UserType:          {Root: User, Name: "type", Type: stringType, Demanded: true},
		UserIssuer:        {Root: User, Name: "issuer", Type: stringType, Optional: true},
		UserMethod:        {Root: User, Name: "method", Type: stringType},
		UserTenant:        user("tenant", stringType, true),
		UserRoles:         user("roles", stringsType, false),
		UserScopes:        user("scopes", stringsType, false),
		UserGroups:        user("groups", stringsType, false),
		ActionName:        {Root: Action, Name: "name", Type: stringType},
		ResourceType:      {Root: Resource, Name: "type", Type: stringType},
		ResourceID:        {Root: Resource, Name: "id", Type: stringType, Optional: true, From: []Provider{Path, Caller}},
		EnvTime:           {Root: Env, Name: "time", Type: timeType},
		EnvIP:             {Root: Env, Name: "ip", Type: ipType, Optional: true},
		RequestID:         request("id", stringType),
		RequestMethod:     request("method", stringType),
		RequestScheme:     request("scheme", stringType),
		RequestHost:       request("host", stringType),
		RequestPath:       request("path", stringType),
		RequestSegments:   request("segments", stringsType),
		RequestQuery:      request("query", headersType),
		RequestHeaders:    request("headers", headersType),
	}
}
