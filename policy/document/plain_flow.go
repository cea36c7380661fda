package document

// flow reads the flow collection that begins at a byte of the current line, and
// gives the place after it, which may be on a later line.
func (r *plainReader) flow(at int) (n *Node, end int, ok bool) {
	k, last := listNode, byte(']')
	if r.text[at] == '{' {
		k, last = mapNode, '}'
	}
	n, base, ok := r.open(k, at)
	for at++; ok; {
		if at, ok = r.token(at); !ok {
			break
		}
		if r.text[at] == last {
			return r.closed(n, base), at + 1, true
		}
		if k == mapNode {
			if at, ok = r.flowKey(at); !ok {
				break
			}
		}
		var item *Node
		if item, at, ok = r.flowValue(at); !ok {
			break
		}
		r.stack = append(r.stack, item)
		if at, ok = r.token(at); !ok {
			break
		}
		if r.text[at] == ',' {
			at++
		} else {
			ok = r.text[at] == last
		}
	}
	return nil, 0, false
}

// flowKey reads a key with its colon and gives the place of the value.
func (r *plainReader) flowKey(at int) (value int, ok bool) {
	key, end, ok := r.scalar(at, true)
	if !ok {
		return 0, false
	}
	r.stack = append(r.stack, key)
	if value, ok = r.colon(at, end); !ok {
		return 0, false
	}
	return r.token(value)
}

func (r *plainReader) flowValue(at int) (n *Node, end int, ok bool) {
	if c := r.text[at]; c == '[' || c == '{' {
		return r.flow(at)
	}
	return r.scalar(at, true)
}

// token passes over blanks, comments and line ends inside a flow collection.
func (r *plainReader) token(at int) (int, bool) {
	for {
		i := skip(r.text, at)
		if i < len(r.text) && r.text[i] != '#' {
			return i, i > 0
		}
		if i < len(r.text) && (i == 0 || r.text[i-1] != ' ') || r.number >= r.src.count() {
			return 0, false
		}
		r.enter(r.number + 1)
		at = 0
	}
}
