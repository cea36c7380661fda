package slot

// Ready is what a provider always answers for an attribute, typed once for any
// number of requests.
type Ready struct {
	from     Provider
	index    Index
	accepted bool
	value    Value
	ok       bool
	err      error
}

// Ready types a provider's value as [Values.Supply] does.
func (l *Layout) Ready(from Provider, r Root, name string, in Input) Ready {
	out := Ready{from: from}
	if out.index, out.accepted = l.Lookup(r, name); !out.accepted {
		return out
	}
	a := l.attrs[out.index]
	if out.accepted = a.AcceptsFrom(from); out.accepted {
		out.value, out.ok, out.err = a.Convert(in)
	}
	return out
}

// Give offers a value that was made ready by the layout of these values, as
// Supply does.
func (v *Values) Give(r *Ready) {
	if !r.accepted {
		v.dropped++
		return
	}
	v.take(r.from, r.index, r.value, r.ok, r.err)
}
