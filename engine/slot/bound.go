package slot

import (
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"
)

// HTTP is what an HTTP request contributes. Path is in canonical form and
// Segments are its decoded segments; nothing is repaired here.
type HTTP struct {
	ID, Method, Scheme, Host, Path string
	Segments                       []string
	Query, Headers                 map[string][]string // header names in any case
	ClientIP                       netip.Addr
}

// bound is what slots are worked out from when they are first looked at: most
// requests are decided on a few of them.
type bound struct {
	http             HTTP
	user             *Values
	userOwned        bool // some slot of the user is no longer the user's
	resource, action string
	pathSlots        []Index
	pathTexts        []string
	lists            lists
}

func (b *bound) reset() {
	b.user, b.userOwned, b.pathSlots, b.pathTexts = nil, false, nil, nil
	b.lists.reset()
}

// BindHTTP binds request.* and env.ip. The request's lists and maps must not
// change until the next Reset.
func (v *Values) BindHTTP(h *HTTP) {
	v.bound.http = *h
	of := (*[RequestHeaders - RequestID + 1]mark)(v.marks[RequestID:])
	for i := range of {
		of[i] = mark{state: fromRequest}
	}
	if h.ClientIP.IsValid() {
		v.marks[EnvIP] = mark{state: fromRequest}
	}
}

// BindUser binds user.*, as other values have it. Those must be of the same
// policy set, and must not change any more.
func (v *Values) BindUser(user *Values) {
	v.bound.user = user
	if !v.bound.userOwned {
		return
	}
	for _, i := range v.layout.users {
		v.marks[i] = mark{state: fromUser}
	}
	v.bound.userOwned = false
}

// UserIsBound tells whether all of user.* is as BindUser bound it.
func (v *Values) UserIsBound() bool { return v.bound.user != nil && !v.bound.userOwned }

// BindTarget binds resource.type and action.name.
func (v *Values) BindTarget(resource, action string) {
	v.bound.resource, v.bound.action = resource, action
	v.marks[ResourceType], v.marks[ActionName] = mark{state: fromRequest}, mark{state: fromRequest}
}

// BindPath binds attributes to the texts of a path, in the same order.
func (v *Values) BindPath(slots []Index, texts []string) {
	v.bound.pathSlots, v.bound.pathTexts = slots, texts
	for _, i := range slots {
		v.marks[i] = mark{state: fromRequest}
	}
}

// isRequest tells whether a slot is bound by BindHTTP and nobody else.
func isRequest(i Index) bool { return i >= RequestID && i <= RequestHeaders }

// settle works out what is bound to a slot.
func (v *Values) settle(i Index) {
	v.marks[i] = mark{}
	if at := slices.Index(v.bound.pathSlots, i); at >= 0 {
		text := v.bound.pathTexts[at]
		if a := v.layout.attrs[i]; a.takes(text) {
			v.marks[i], v.values[i] = mark{Present, Path}, StringValue(text)
			return
		}
		v.supply(Path, i, Plain(text))
		return
	}
	v.put(i, Builtin, v.builtin(i))
}

// builtin makes a value of the request's own.
func (v *Values) builtin(i Index) Value {
	h := &v.bound.http
	switch i {
	case ActionName:
		return StringValue(v.bound.action)
	case ResourceType:
		return StringValue(v.bound.resource)
	case EnvIP:
		return IPValue(h.ClientIP)
	case RequestID:
		return StringValue(h.ID)
	case RequestMethod:
		return StringValue(h.Method)
	case RequestScheme:
		return StringValue(h.Scheme)
	case RequestHost:
		return StringValue(h.Host)
	case RequestPath:
		return StringValue(h.Path)
	case RequestSegments:
		return v.bound.lists.strings(h.Segments)
	case RequestQuery:
		return v.bound.lists.named(h.Query, false)
	}
	return v.bound.lists.named(h.Headers, true) // RequestHeaders, the only one left
}

// User makes out the values of user.* alone, all worked out. They must not
// change any more, so that any number of others may be bound to them.
func (v *Values) User(out *Values, base *Layout) {
	out.Reset(base)
	for _, i := range base.users {
		m, value := v.look(i)
		out.marks[i], out.values[i] = *m, *value
		out.fault(i, v.Err(i))
	}
	out.dropped = v.Dropped()
}

// Single gives the value of a header, named in lower case, or of a query
// parameter, with how often it was sent. ok is false if it was not there at
// all. It does not make the map of all of them.
func (v *Values) Single(from Index, name string) (text string, times int, ok bool) {
	if v.marks[from].state != fromRequest {
		list, _ := v.Get(from)
		e, ok := list.Entry(name)
		if items := e.Items(); len(items) > 0 {
			text, times = items[0].str, len(items)
		}
		return text, times, ok
	}
	if from == RequestQuery {
		list, ok := v.bound.http.Query[name]
		if len(list) > 0 {
			text = list[0]
		}
		return text, len(list), ok
	}
	for key, list := range v.bound.http.Headers {
		if !isLower(key, name) {
			continue
		}
		ok = true
		if times += len(list); len(list) > 0 {
			text = list[0] // counts only if it is the only one
		}
	}
	return text, times, ok
}

// isLower tells whether lower is strings.ToLower(name).
func isLower(name, lower string) bool {
	for i := range len(name) {
		c := name[i]
		if c >= utf8.RuneSelf {
			return strings.ToLower(name) == lower
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if i >= len(lower) || c != lower[i] {
			return false
		}
	}
	return len(name) == len(lower)
}
