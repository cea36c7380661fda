package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/engine/slot"
)

// Supply offers a provider's value for an attribute. Values that nobody
// declared, that this provider may not give, or that are about an anonymous
// user, are dropped and counted.
func (r *Request) Supply(from slot.Provider, root slot.Root, name string, in slot.Input) {
	if root == slot.User && r.anonymous {
		r.values.Drop()
		return
	}
	r.values.Supply(from, root, name, in)
}

// Fail says that the provider of an attribute did not answer.
func (r *Request) Fail(root slot.Root, name string, err error) { r.values.Fail(root, name, err) }

// FailSource says that the attribute source of the resource did not answer:
// everything that a source may supply is unavailable, whoever else supplied it.
func (r *Request) FailSource(err error) {
	if r.res == nil {
		return
	}
	for _, name := range r.res.layout.Names(slot.Resource) {
		if i, _ := r.res.layout.Lookup(slot.Resource, name); slices.Contains(r.res.layout.Attr(i).From, slot.Source) {
			r.Fail(slot.Resource, name, err)
		}
	}
}

// Invalidate says that a provider's value for an attribute cannot be used.
func (r *Request) Invalidate(root slot.Root, name string, err error) {
	r.values.Invalidate(root, name, err)
}

// lookUp supplies what the set's Directories know about the resource.
func (r *Request) lookUp() {
	if len(r.set.directory) == 0 {
		return
	}
	id, state := r.values.Get(slot.ResourceID)
	if state != slot.Present {
		return
	}
	known := r.set.directory[resourceKey{r.res.name, id.Str()}]
	for i := range known {
		r.values.Give(&known[i])
	}
}

// LookUp supplies what the set's Directories know about the resource of a
// DirectRequest, once resource.id is supplied.
func (r *Request) LookUp() {
	if r.res != nil {
		r.lookUp()
	}
}

// Give supplies an attribute from text by whoever asks for an explanation,
// standing in for the provider. A list is written with commas.
func (r *Request) Give(root, name, text string) error {
	for at := slot.Root(0); at < slot.Roots; at++ {
		i, ok := r.values.Layout().Lookup(at, name)
		if at.String() != root || !ok || at == slot.Request {
			continue
		}
		switch {
		case at == slot.User && r.anonymous:
			return fmt.Errorf("%s.%s: the user is anonymous and has no attributes", root, name)
		case i == slot.UserAuthenticated || i == slot.ResourceType || i == slot.ActionName:
			return fmt.Errorf("%s.%s is never supplied: it follows from the request", root, name)
		}
		in := slot.Plain(text)
		if r.values.Layout().Attr(i).Type.Kind == slot.List {
			var items []slot.Input
			for part := range strings.SplitSeq(text, ",") {
				if text != "" {
					items = append(items, slot.Plain(part))
				}
			}
			in = slot.FromList(items)
		}
		if _, _, err := r.values.Layout().Attr(i).Convert(in); err != nil {
			return err
		}
		r.Supply(slot.Fixture, at, name, in)
		return nil
	}
	return fmt.Errorf("%s.%s is not declared", root, name)
}
