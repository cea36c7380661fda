package slot

// At gives a slot's state, and a pointer to its value if it is Present; nil
// otherwise. The value must not be changed, and the pointer is good until the
// slot is set anew. A Value is large: whoever reads many of them saves the
// copies.
func (v *Values) At(i Index) (*Value, State) {
	c := &v.cells[i]
	if c.state != Present {
		return nil, c.state
	}
	return &c.value, Present
}
