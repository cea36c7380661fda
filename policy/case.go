package policy

import (
	"slices"

	"github.com/gwctl/gwctl/policy/document"
)

// Case is one request with the decision that is expected of it. Either
// Request or Resource and Action say what is asked.
type Case struct {
	Name     Text
	User     Text
	Env      []document.ValueEntry
	Request  *RequestSpec
	Resource Text
	Action   Text
	Delivers []document.ValueEntry // what an attribute source answers
	Failing  bool                  // the attribute source does not answer
	Tags     []Text
	Skip     Text // why the case is not run; unset if it is
	Expect   Expect
	Span     Span
}

// MaxRows is how many rows the table of one case may have.
const MaxRows = 10000

// readCase reads a case, or the rows of one that has a table: each row is the
// case with the keys of the row in place of its own.
func readCase(w *reader, n *document.Node) []*Case {
	o := w.Object(n, "a case")
	base := &Case{Span: n.Span()}
	base.read(w, o)
	if !o.Has("table") {
		o.Done()
		o.Require("name")
		base.needs(w, n, o, o)
		base.check(w, o, n)
		return []*Case{base}
	}
	rows := o.List("table")
	o.Done()
	o.Require("name")
	if len(rows) > MaxRows {
		w.Error(o.Key("table"), "bad_case", "split the table", "a table has at most %d rows", MaxRows)
		return []*Case{base}
	}
	var out []*Case
	for _, rn := range rows {
		ro := w.Object(rn, "a row")
		row := *base
		row.Span, row.Name = rn.Span(), Text{}
		row.read(w, ro)
		ro.Done()
		ro.Require("name")
		row.check(w, ro, rn)
		if row.Name.IsSet() && base.Name.IsSet() {
			row.Name = row.Name.Renamed(base.Name.Value() + ": " + row.Name.Value())
		}
		row.needs(w, rn, o, ro)
		out = append(out, &row)
	}
	return out
}

// needs reports what neither the case nor, in a table, its row says.
func (c *Case) needs(w *reader, n *document.Node, o, row *document.Object) {
	for _, key := range []string{"user", "expect"} {
		if n.IsMap() && !o.Has(key) && !row.Has(key) {
			w.Error(n.Span(), "missing_key", "add "+key+" here, or in a case with a table once for all its rows", "the case has no %q", key)
		}
	}
}

// read takes the keys that are there; the others stay as they are.
func (c *Case) read(w *reader, o *document.Object) {
	override(&c.Name, o, "name")
	override(&c.User, o, "user")
	override(&c.Skip, o, "skip")
	if o.Has("tags") {
		c.Tags = slices.Concat(c.Tags, o.Texts("tags"))
	}
	if o.Has("env") {
		c.Env = slices.Concat(c.Env, readFields(w, o.Object("env")))
	}
	// A row that asks in another way than its case does so instead of it.
	if o.Has("request") {
		c.Resource, c.Action = Text{}, Text{}
	}
	if o.Has("resource") {
		c.Request = nil
	}
	override(&c.Resource, o, "resource")
	override(&c.Action, o, "action")
	if rn := o.Node("request"); rn != nil {
		c.Request = readRequest(w, rn)
	}
	if o.Has("delivers") {
		c.readDelivers(w, o)
	}
	if en := o.Node("expect"); en != nil {
		c.Expect = readExpect(w, en)
	}
}

func override(to *Text, o *document.Object, key string) {
	if o.Has(key) {
		*to = o.Text(key)
	}
}

func (c *Case) readDelivers(w *reader, o *document.Object) {
	c.Delivers, c.Failing = nil, false
	dn := o.Node("delivers")
	if dn == nil || !dn.IsScalar() {
		c.Delivers = readFields(w, o.Object("delivers"))
		return
	}
	t := w.Text(dn, "delivers")
	c.Failing = t.Value() == "unavailable"
	if t.IsSet() && !c.Failing {
		w.Error(t.Span(), "bad_case", "write the values, or unavailable", "delivers: %q is not known", t.Value())
	}
}

// check finds questions that nobody can answer.
func (c *Case) check(w *reader, o *document.Object, n *document.Node) {
	byRequest := c.Request != nil || o.Has("request")
	switch {
	case byRequest && (c.Resource.IsSet() || c.Action.IsSet()):
		w.Error(o.Key("request"), "bad_case", "keep request, or resource and action", "a case asks by request or by resource and action, not both")
	case n.IsMap() && !byRequest && (!c.Resource.IsSet() || !c.Action.IsSet()):
		w.Error(n.Span(), "bad_case", "add request: GET /path, or resource and action", "the case asks nothing")
	case !byRequest && (c.Failing || c.Delivers != nil || o.Has("delivers")):
		w.Error(o.Key("delivers"), "bad_case", "put the values into the resource", "delivers belongs to cases with a request")
	}
}
