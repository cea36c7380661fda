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
	// Bound, and worked out when it is first looked at; nobody sees these.
	fromUser
	fromRequest
)

var stateNames = [...]string{"absent", "present", "unavailable", "invalid", "conflict"}

// String gives the state as records write it.
func (s State) String() string { return stateNames[s] }

// mark is what is known about a slot beside its value, which counts only where
// the mark says that there is one.
type mark struct {
	state State
	from  Provider
}

// Values are one request's values in the order of a Layout. They are used
// again and again, by one goroutine at a time, and must not be copied.
type Values struct {
	layout  *Layout
	marks   []mark
	values  []Value
	faults  []fault
	dropped int
	body    bool
	bound   bound
}

// fault is why a slot is Malformed or Unavailable.
type fault struct {
	slot Index
	err  error
}

// NewValues makes values that are all absent.
func NewValues(l *Layout) *Values {
	v := &Values{}
	v.Reset(l)
	return v
}

// Reset makes the values all absent, and has them follow a layout. What was
// read from them before may change.
func (v *Values) Reset(l *Layout) {
	v.layout = l
	n := l.Len()
	if n > cap(v.marks) {
		v.marks, v.values = make([]mark, n), make([]Value, n)
	}
	// Values stay where they are: without their marks they count for nothing.
	v.marks, v.values = v.marks[:n], v.values[:n]
	clear(v.marks[copy(v.marks, l.unread):])
	if len(v.faults) > 0 {
		clear(v.faults)
		v.faults = v.faults[:0]
	}
	v.dropped, v.body = 0, false
	v.bound.reset()
}

// Layout is the layout that the values follow.
func (v *Values) Layout() *Layout { return v.layout }

// look gives a slot's mark and value for reading: those of the user, or the
// slot's own once what is bound to it is worked out.
func (v *Values) look(i Index) (*mark, *Value) {
	m := &v.marks[i]
	switch m.state {
	case fromUser:
		if user := v.bound.user; user != nil {
			return &user.marks[i], &user.values[i]
		}
		*m = mark{}
	case fromRequest:
		v.settle(i)
	}
	return m, &v.values[i]
}

// own gives a slot's mark for changing it.
func (v *Values) own(i Index) *mark {
	m := &v.marks[i]
	if m.state == fromUser {
		v.bound.userOwned = true
		err := v.Err(i)
		from, value := v.look(i)
		*m, v.values[i] = *from, *value
		v.fault(i, err)
	}
	v.look(i)
	return m
}

// Get gives a slot's state, and its value if it is Present.
func (v *Values) Get(i Index) (Value, State) {
	m, value := v.look(i)
	if m.state != Present {
		return Value{}, m.state
	}
	return *value, Present
}

// State gives a slot's state, as Get does, without making a value that nobody
// may look at.
func (v *Values) State(i Index) State {
	switch state := v.marks[i].state; state {
	case fromUser:
		if user := v.bound.user; user != nil {
			return user.marks[i].state
		}
	case fromRequest:
		if isRequest(i) {
			return Present
		}
	default:
		return state
	}
	m, _ := v.look(i)
	return m.state
}

// HoldsAny tells whether a list of strings has one of the given ones, and the
// list's state.
func (v *Values) HoldsAny(i Index, items []string) (bool, State) {
	m, value := v.look(i)
	return m.state == Present && value.holdsAny(items), m.state
}

// Err says why a slot is Malformed or Unavailable.
func (v *Values) Err(i Index) error {
	if v.marks[i].state == fromUser && v.bound.user != nil {
		return v.bound.user.Err(i)
	}
	v.look(i)
	for _, f := range v.faults {
		if f.slot == i {
			return f.err
		}
	}
	return nil
}

// From tells who supplied a slot's value.
func (v *Values) From(i Index) Provider {
	m, _ := v.look(i)
	return m.from
}

// Set puts a value of the attribute's own type into a slot, unchecked. It is
// for values that gwctl makes itself.
func (v *Values) Set(i Index, value Value) {
	if i <= UserGroups || i >= builtinCount {
		v.bound.userOwned = true
	}
	v.put(i, Builtin, value)
}

func (v *Values) put(i Index, from Provider, value Value) {
	v.marks[i], v.values[i] = mark{Present, from}, value
	if len(v.faults) > 0 {
		v.fault(i, nil)
	}
}

// fault keeps what is wrong with a slot; nil is nothing.
func (v *Values) fault(i Index, err error) {
	for at := range v.faults {
		if v.faults[at].slot == i {
			v.faults[at].err = err
			return
		}
	}
	if err != nil {
		v.faults = append(v.faults, fault{i, err})
	}
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
	v.supply(from, i, in)
}

func (v *Values) supply(from Provider, i Index, in Input) {
	value, ok, err := v.convert(from, v.layout.attrs[i], in)
	v.take(from, i, value, ok, err)
}

func (v *Values) take(from Provider, i Index, value Value, ok bool, err error) {
	m := v.own(i)
	switch {
	case err != nil:
		v.malformed(i, from, err)
	case !ok, m.state == Malformed, m.state == Conflicting:
	case m.supplied() && !v.values[i].Equal(value):
		m.state = Conflicting
	case m.state == Unavailable:
		m.from, v.values[i] = from, value // to be compared, not to be read
	default:
		v.put(i, from, value)
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
	if from == Path && ok && !value.spells(text) {
		return Value{}, false, &InvalidError{Attribute: a.FullName(), Rule: "must be written in its one spelling"}
	}
	return value, ok, err
}

// supplied tells whether somebody gave a value that can be compared,
// Unavailable or not.
func (m *mark) supplied() bool {
	return m.state != Malformed && m.from != NoProvider && m.from != Builtin
}

// malformed keeps the first thing that was wrong.
func (v *Values) malformed(i Index, from Provider, err error) {
	if m := v.own(i); m.state != Malformed {
		*m = mark{Malformed, from}
		v.fault(i, err)
	}
}

// Fail marks an attribute unavailable: its provider did not answer. A value
// that someone else supplied does not stand in for it. What is Malformed or
// Conflicting stays so, whoever comes first.
func (v *Values) Fail(r Root, name string, err error) {
	if i, ok := v.layout.Lookup(r, name); ok {
		if m := v.own(i); m.state == Absent || m.state == Present {
			m.state = Unavailable
			v.fault(i, err)
		}
	}
}

// Invalidate marks an attribute as supplied with something unusable.
func (v *Values) Invalidate(r Root, name string, err error) {
	if i, ok := v.layout.Lookup(r, name); ok {
		v.malformed(i, NoProvider, err)
	}
}

// Recall puts a slot into the state that it was recorded in, whatever was
// supplied. The value counts for Present, the error for Unavailable and
// Malformed.
func (v *Values) Recall(i Index, s State, value Value, err error) {
	v.Set(i, value) // the slot is its own from here on
	v.marks[i].state = s
	if s != Present {
		v.fault(i, err)
	}
}

// Drop counts a value that nobody may supply.
func (v *Values) Drop() { v.dropped++ }

// SetBody says that the request has a body that conditions can read.
func (v *Values) SetBody() { v.body = true }

// HasBody tells whether request.body is there.
func (v *Values) HasBody() bool { return v.body }

// Dropped counts the values that nobody may supply.
func (v *Values) Dropped() int {
	if v.bound.user != nil {
		return v.dropped + v.bound.user.dropped
	}
	return v.dropped
}
