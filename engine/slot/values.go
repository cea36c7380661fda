package slot

// State tells what is known about a slot.
type State uint8

// The states of a slot. Unavailable is not absent: the one who should have
// answered did not.
const (
	Absent State = iota
	Present
	Unavailable
	Malformed // what was supplied breaks the attribute's type or bounds
	Conflicting
)

var stateNames = [...]string{"absent", "present", "unavailable", "invalid", "conflict"}

// String gives the state as records write it.
func (s State) String() string { return stateNames[s] }

type cell struct {
	state State
	from  Provider
	value Value
	err   error
}

// Values are one request's values in the order of a Layout.
type Values struct {
	layout  *Layout
	cells   []cell
	dropped int
	body    bool
}

// NewValues makes values that are all absent.
func NewValues(l *Layout) *Values { return &Values{layout: l, cells: make([]cell, l.Len())} }

// Layout is the layout that the values follow.
func (v *Values) Layout() *Layout { return v.layout }

// Get gives a slot's state, and its value if it is Present.
func (v *Values) Get(i Index) (Value, State) {
	c := &v.cells[i]
	if c.state != Present {
		return Value{}, c.state
	}
	return c.value, c.state
}

// Err says why a slot is Malformed or Unavailable.
func (v *Values) Err(i Index) error { return v.cells[i].err }

// From tells who supplied a slot's value.
func (v *Values) From(i Index) Provider { return v.cells[i].from }

// Set puts a value of the attribute's own type into a slot, unchecked. It is
// for values that gwctl makes itself.
func (v *Values) Set(i Index, value Value) {
	v.cells[i] = cell{state: Present, from: Builtin, value: value}
}

// Supply offers a provider's value for an attribute. A value from someone
// whom the attribute does not name, or for an attribute that is not declared,
// is dropped and counted. A second, different value makes the slot
// Conflicting; one that breaks its type or bounds makes it Malformed.
func (v *Values) Supply(from Provider, r Root, name string, in Input) {
	i, ok := v.layout.Lookup(r, name)
	if !ok || !v.layout.attrs[i].AcceptsFrom(from) {
		v.dropped++
		return
	}
	value, ok, err := v.convert(from, v.layout.attrs[i], in)
	c := &v.cells[i]
	switch {
	case err != nil:
		c.malformed(from, err)
	case !ok, c.state == Malformed, c.state == Conflicting:
	case c.supplied() && !c.value.Equal(value):
		c.state = Conflicting
	case c.state == Unavailable:
		c.from, c.value = from, value // to be compared, not to be read
	default:
		*c = cell{state: Present, from: from, value: value}
	}
}

// convert types an input. A value of the path is also what the upstream sees,
// so there it has one spelling only.
func (v *Values) convert(from Provider, a *Attr, in Input) (Value, bool, error) {
	text, isText := in.Text()
	if from == Path && isText && text == "" {
		return Value{}, false, nil
	}
	value, ok, err := a.Convert(in)
	if from == Path && ok && value.Text() != text {
		return Value{}, false, &InvalidError{Attribute: a.FullName(), Rule: "must be written in its one spelling"}
	}
	return value, ok, err
}

// supplied tells whether somebody gave a value, Unavailable or not.
func (c *cell) supplied() bool {
	return c.value.Kind() != Invalid && c.from != Builtin
}

// malformed keeps the first thing that was wrong.
func (c *cell) malformed(from Provider, err error) {
	if c.state != Malformed {
		*c = cell{state: Malformed, from: from, err: err}
	}
}

// Fail marks an attribute unavailable: its provider did not answer. A value
// that someone else supplied does not stand in for it. What is Malformed or
// Conflicting stays so, whoever comes first.
func (v *Values) Fail(r Root, name string, err error) {
	if i, ok := v.layout.Lookup(r, name); ok {
		if c := &v.cells[i]; c.state == Absent || c.state == Present {
			c.state, c.err = Unavailable, err
		}
	}
}

// Invalidate marks an attribute as supplied with something unusable.
func (v *Values) Invalidate(r Root, name string, err error) {
	if i, ok := v.layout.Lookup(r, name); ok {
		v.cells[i].malformed(NoProvider, err)
	}
}

// Drop counts a value that nobody may supply.
func (v *Values) Drop() { v.dropped++ }

// SetBody says that the request has a body that conditions can read.
func (v *Values) SetBody() { v.body = true }

// HasBody tells whether request.body is there.
func (v *Values) HasBody() bool { return v.body }

// Dropped counts the values that nobody may supply.
func (v *Values) Dropped() int { return v.dropped }
