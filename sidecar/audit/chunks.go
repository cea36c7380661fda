package audit

const (
	chunkSize = 64 << 10 // bytes that go to the sink at once, if no line is longer
	maxSpare  = 32       // chunks that are kept for later
	maxHead   = 64       // bytes before the tail of a line
)

// chunks hold whole lines. A queue grows by chunks, so that nothing is copied,
// and shrinks when it has been written.
type chunks struct {
	list [][]byte
	size int // bytes in the list
}

// room gives a chunk with space for n more bytes: the last, a spare one, or a
// new one.
func (c *chunks) room(n int, spare *chunks) *[]byte {
	last := len(c.list) - 1
	if last >= 0 && cap(c.list[last])-len(c.list[last]) >= n {
		return &c.list[last]
	}
	var fresh []byte
	if at := len(spare.list) - 1; at >= 0 && n <= chunkSize {
		fresh, spare.list = spare.list[at], spare.list[:at]
	} else {
		fresh = make([]byte, 0, max(n, chunkSize))
	}
	c.list = append(c.list, fresh)
	return &c.list[last+1]
}

// keep takes chunks back that are empty now.
func (c *chunks) keep(done chunks) {
	for _, chunk := range done.list {
		if cap(chunk) == chunkSize && len(c.list) < maxSpare {
			c.list = append(c.list, chunk[:0])
		}
	}
}
