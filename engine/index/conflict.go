package index

// ConflictError says that a pattern cannot stand beside another one.
type ConflictError struct {
	Route  int // the route that was there first
	Reason string
}

func (e *ConflictError) Error() string { return e.Reason }

// overlap finds where a pattern ends that shares paths with the given one while
// neither contains the other. Going down, more and less tell whether the new
// pattern has been the more or the less specific one somewhere above.
func (t *tries) overlap(at ref, segments []segment, more, less bool) ref {
	if at == 0 {
		return 0
	}
	n := &t.nodes[at]
	if len(segments) == 0 {
		// A pattern that goes on can still match here only by an empty rest,
		// and contains this one if it does.
		if less && t.ends(n.rest) {
			return n.rest
		}
		if t.ends(at) && more && less {
			return at
		}
		return 0
	}
	s, tail := segments[0], segments[1:]
	if less && s.kind != rest && t.ends(n.rest) {
		return n.rest
	}
	switch s.kind {
	case literal:
		if n.first != 0 {
			if found := t.overlap(t.literal(at, s.text), tail, more, less); found != 0 {
				return found
			}
		}
		if n.param != 0 {
			return t.overlap(n.param, tail, true, less)
		}
	case param:
		for _, c := range t.literals(at) {
			if found := t.overlap(c, tail, more, true); found != 0 {
				return found
			}
		}
		if n.param != 0 {
			return t.overlap(n.param, tail, more, less)
		}
	case rest:
		if more {
			// An existing rest here contains the new one, unless that is also the
			// less specific one; all else is only shared.
			if less && n.rest != 0 {
				return n.rest
			}
			return t.below(at, false)
		}
	}
	return 0
}

// below finds where some pattern ends, at the node or below it; a rest right
// below it counts only if asked for.
func (t *tries) below(at ref, withRest bool) ref {
	if at == 0 || t.ends(at) {
		return at
	}
	for _, c := range t.literals(at) {
		if found := t.below(c, true); found != 0 {
			return found
		}
	}
	if found := t.below(t.nodes[at].param, true); found != 0 || !withRest {
		return found
	}
	return t.below(t.nodes[at].rest, true)
}
