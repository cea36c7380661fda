package engine

import (
	"fmt"
	"strings"
	"time"

	"github.com/gwctl/gwctl/engine/slot"
)

// Recorded is a question as a decision record tells it.
type Recorded struct {
	HTTP             *HTTP  // of a request over HTTP; nil for a direct question
	Resource, Action string // what it was about
	Principal        *Principal
	Time             time.Time // of the record; env.time among the inputs comes before it
	Inputs           []RecordedInput

	// BodyReason and BodyStatus are why the body could not be used; a reason of
	// "" is a body that could be, or none.
	BodyReason string
	BodyStatus int
}

// RecordedInput is one attribute that the decision read.
type RecordedInput struct {
	Name  string // root.name
	State slot.State
	Value slot.Input // counts for slot.Present
	Err   error      // why it is unavailable or invalid
}

// Recall makes the request that a record tells of, as far as it does. Inputs
// that the set does not declare, or that break its types, are left absent and
// come back by name. Attributes that are not among the inputs are absent, but
// for those that follow from the question itself.
func (s *Set) Recall(q Recorded) (r *Request, unusable []string) {
	if q.HTTP != nil {
		r = s.HTTPRequest(*q.HTTP)
		r.recallBody(q)
	} else {
		r = s.DirectRequest(q.Resource, q.Action)
	}
	r.SetTime(q.Time)
	if q.Principal != nil {
		r.Authenticate(*q.Principal)
	}
	for _, in := range q.Inputs {
		if err := r.recall(in); err != nil {
			unusable = append(unusable, in.Name)
		}
	}
	return r, unusable
}

// recallBody stands in for the body itself: its fields are among the inputs,
// and the action that it chose is known.
func (r *Request) recallBody(q Recorded) {
	switch {
	case q.BodyReason != "":
		r.bodyReason, r.bodyStatus = q.BodyReason, q.BodyStatus
	case r.BodyLimit() > 0:
		r.bodyReason, r.bodyStatus = "", 0
		r.values.SetBody()
		b := r.way.body
		if b.chooser == "" {
			return
		}
		if _, ok := r.res.actions[q.Action]; ok && q.Resource == r.res.name {
			r.setAction(q.Action)
			r.values.Set(slot.ActionName, slot.StringValue(q.Action))
		} else {
			r.cands, r.noRoute = nil, 403
		}
	}
}

func (r *Request) recall(in RecordedInput) error {
	root, name, _ := strings.Cut(in.Name, ".")
	layout := r.values.Layout()
	at, ok := r.find(root, name)
	if !ok {
		return fmt.Errorf("%s is not declared", in.Name)
	}
	if in.State != slot.Present {
		r.values.Recall(at, in.State, slot.Value{}, in.Err)
		return nil
	}
	value, ok, err := layout.Attr(at).Convert(in.Value)
	if err == nil && !ok {
		err = fmt.Errorf("%s has no value", in.Name)
	}
	if err != nil {
		r.values.Recall(at, slot.Absent, slot.Value{}, nil)
		return err
	}
	r.values.Recall(at, slot.Present, value, nil)
	return nil
}

// find looks an attribute up by its full name; that of a body is
// request.body.name.
func (r *Request) find(root, name string) (slot.Index, bool) {
	layout := r.values.Layout()
	for i := range layout.Len() {
		if layout.Attr(slot.Index(i)).FullName() == root+"."+name {
			return slot.Index(i), true
		}
	}
	return 0, false
}
