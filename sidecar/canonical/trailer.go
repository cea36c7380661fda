package canonical

// Trailer judges one trailer of a request by its name, and its values where
// they are known. Not ok are what [Reader.Read] refuses when it is announced:
// protected headers in any spelling, names that are no tokens, and values with
// control characters. Those that do not pass are dropped, as headers of that
// name are.
func (r *Reader) Trailer(name string, values []string) (pass, ok bool) {
	c, aliased, token := r.classify(name)
	if !token || c.protected() {
		return false, false
	}
	for _, v := range values {
		if len(name)+len(v) > MaxHeaderBytes || !validValue(v) {
			return false, false
		}
	}
	if aliased {
		_, aliased = r.allowed[name]
		aliased = !aliased
	}
	return c == classPlain && !aliased, true
}
