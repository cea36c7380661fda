package engine

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// body is what a route reads of a JSON body.
type body struct {
	maxBytes int64
	fields   []*slot.Attr
	chooser  string            // member that chooses the action; "" for none
	actions  map[string]string // its value → action
}

// ErrBodyInvalid is a body that is not what its route declares.
var ErrBodyInvalid = errors.New("the body is not what the route declares")

// pool joins the declarations of several places, such as routes, by name.
type pool struct {
	attrs []*slot.Attr
	place map[string]int // of the attributes, by name
	count map[string]int
}

// add takes a declaration in; join says what becomes of one of the same name
// and type that is there. ok is false for another type.
func (p *pool) add(a *slot.Attr, join func(have *slot.Attr) *slot.Attr) (ok bool) {
	if p.count == nil {
		p.count, p.place = map[string]int{}, map[string]int{}
	}
	p.count[a.Name]++
	at, known := p.place[a.Name]
	switch {
	case !known:
		a.Demanded = false
		p.place[a.Name] = len(p.attrs)
		p.attrs = append(p.attrs, a)
	case p.attrs[at].Type.String() != a.Type.String() || a.Type.Kind == slot.Object:
		return false
	default:
		p.attrs[at] = join(p.attrs[at])
	}
	return true
}

// of gives the joined declarations of n places. One that some place lacks is
// optional to conditions.
func (p *pool) of(n int) []*slot.Attr {
	for _, a := range p.attrs {
		if p.count[a.Name] < n {
			a.Optional = true
		}
	}
	return p.attrs
}

// bodyFields joins the fields that the routes of a resource declare.
func (c *compiler) bodyFields(d *policy.Resource) []*slot.Attr {
	var fields pool
	for i := range d.Routes {
		if d.Routes[i].Body == nil {
			continue
		}
		for _, f := range d.Routes[i].Body.Fields {
			a := c.typed(slot.Body, slot.Body.String(), f)
			if a == nil {
				continue
			}
			// Each route holds its own bodies to its own bounds; conditions only
			// need to know what all of them keep.
			if !fields.add(a, func(have *slot.Attr) *slot.Attr { return widest(have, a) }) {
				c.w.Error(f.Name.Span(), "bad_body", "give one of them another name", "request.body.%s is declared with two types", a.Name)
			}
		}
	}
	return fields.of(len(d.Routes))
}

func widest(a, b *slot.Attr) *slot.Attr {
	w := *a
	w.Optional = a.Optional || b.Optional
	w.MaxLength, w.MaxItems, w.MaxEntries = wider(a.MaxLength, b.MaxLength, slot.DefaultMaxLength), wider(a.MaxItems, b.MaxItems, slot.DefaultMaxItems), wider(a.MaxEntries, b.MaxEntries, slot.DefaultMaxEntries)
	w.Enum, w.Pattern, w.Min, w.Max = nil, nil, slot.Value{}, slot.Value{}
	return &w
}

// wider of two sizes, of which 0 stands for the default.
func wider(a, b, normal int) int {
	return max(cmp.Or(a, normal), cmp.Or(b, normal))
}

// actionAttributes joins the attributes of a resource's actions.
func (c *compiler) actionAttributes(d *policy.Resource) []*slot.Attr {
	var attrs pool
	for _, action := range d.Actions {
		for _, f := range action.Attributes {
			a := c.attribute(slot.Action, f)
			if a == nil {
				continue
			}
			ok := attrs.add(a, func(have *slot.Attr) *slot.Attr {
				if !sameBounds(have, a) {
					// One declaration stands for all actions; a value held to the
					// bounds of none would pass unchecked.
					c.w.Error(f.Name.Span(), "bad_constraint", "declare it alike, or give one of them another name", "action.%s is declared with two constraints", a.Name)
					return have
				}
				have.Optional = have.Optional || a.Optional
				return have
			})
			if !ok {
				c.w.Error(f.Name.Span(), "bad_constraint", "give one of them another name", "action.%s is declared with two types", a.Name)
			}
		}
	}
	return attrs.of(len(d.Actions))
}

// sameBounds tells whether two declarations of one type hold values to the
// same, and name the same providers.
func sameBounds(a, b *slot.Attr) bool {
	x, y := *a, *b
	x.Optional, x.Demanded, y.Optional, y.Demanded = false, false, false, false
	return constraintLine(&x) == constraintLine(&y) && a.Sensitive == b.Sensitive && slices.Equal(sorted(a.From), sorted(b.From))
}

// body gives a route's body its meaning.
func (c *compiler) body(res *resource, d *policy.Route) *body {
	if d.Body == nil {
		return nil
	}
	b := &body{maxBytes: d.Body.MaxBytes}
	for _, f := range d.Body.Fields {
		i, ok := res.layout.Lookup(slot.Body, f.Name.Value())
		if !ok {
			continue
		}
		// The route's own bounds, under the type that all routes share.
		own := c.quiet().typed(slot.Body, slot.Body.String(), f)
		if own != nil {
			own.Type = res.layout.Attr(i).Type
			b.fields = append(b.fields, own)
		}
	}
	if d.BodyAction != nil {
		c.chooser(d)
		b.chooser, b.actions = d.BodyAction.Field.Value(), map[string]string{}
		for _, m := range d.BodyAction.Map {
			if _, ok := res.actions[m.Value.Value()]; !ok {
				c.undeclared(m.Value, "action", res.decl.ActionNames())
			}
			b.actions[m.Key.Value()] = m.Value.Value()
		}
	}
	return b
}

// chooser reports the member that chooses the action where the body has one of
// nearly that name: a misspelt one would refuse every request.
func (c *compiler) chooser(d *policy.Route) {
	var known []string
	for _, f := range d.Body.Fields {
		known = append(known, f.Name.Value())
	}
	name := d.BodyAction.Field
	if near, ok := document.Closest(name.Value(), known); ok && near != name.Value() {
		c.w.Error(name.Span(), "undeclared_attribute", fmt.Sprintf("did you mean %q?", near), "request.body.%s is not declared", name.Value())
	}
}

// quiet is a compiler whose findings are not kept: they were reported before.
func (c *compiler) quiet() *compiler { return &compiler{lib: c.lib, src: c.src, set: c.set} }

// BodyLimit is how many bytes of a JSON body the route reads; 0 when it reads
// none, and the body is passed on unread.
func (r *Request) BodyLimit() int64 {
	if r.way == nil || r.way.body == nil {
		return 0
	}
	return r.way.body.maxBytes
}

// Body binds the JSON body of a route that reads one. An error is ErrBodyInvalid,
// wrapped with what is wrong and without any value; the request is denied then.
func (r *Request) Body(data []byte) error {
	b := r.way.body
	in, err := slot.ParseBody(data)
	if err != nil {
		return r.refuseBody(err)
	}
	if err := in.CheckVariants(b.fields, b.chooser); err != nil {
		return r.refuseBody(err)
	}
	r.bodyReason, r.bodyStatus = "", 0
	r.values.SetBody()
	for _, f := range b.fields {
		member, _ := in.Member(f.Name)
		v, ok, err := f.Convert(member)
		switch i, _ := r.values.Layout().Lookup(slot.Body, f.Name); {
		case err != nil:
			return r.refuseBody(err)
		case ok:
			r.values.Set(i, v)
		case !f.Optional:
			return r.refuseBody(fmt.Errorf("request.body.%s is missing", f.Name))
		}
	}
	if b.chooser != "" {
		return r.chooseAction(in)
	}
	return nil
}

// chooseAction takes the action from a member of the body. A value that is not
// mapped has no route.
func (r *Request) chooseAction(in slot.Input) error {
	member, _ := in.Member(r.way.body.chooser)
	text, ok := member.Text()
	if !ok || !member.IsString() {
		return r.refuseBody(fmt.Errorf("request.body.%s is no string", r.way.body.chooser))
	}
	action, ok := r.way.body.actions[text]
	if !ok {
		r.cands, r.noRoute = nil, http.StatusForbidden
		return nil
	}
	r.setAction(action)
	r.values.Set(slot.ActionName, slot.StringValue(action))
	return nil
}

func (r *Request) refuseBody(err error) error {
	return r.BodyFailed(ReasonBodyInvalid, http.StatusBadRequest, fmt.Errorf("%w: %w", ErrBodyInvalid, err))
}

// BodyFailed says that the body cannot be used: it is not JSON (415), too
// large (413), or did not arrive (503). The request is denied with the reason
// before any rule. The error is returned.
func (r *Request) BodyFailed(reason string, status int, err error) error {
	r.bodyReason, r.bodyStatus = reason, status
	return err
}
