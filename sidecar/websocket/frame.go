package websocket

import (
	"encoding/binary"
	"errors"
)

// Opcodes (RFC 6455 section 5.2).
const (
	opContinuation = 0x0
	opBinary       = 0x2
	opClose        = 0x8
	opPong         = 0xA
)

const (
	maxControl   = 125 // bytes of a control frame
	maxHeader    = 14
	maxCloseText = maxControl - 2
)

// errProtocol is a byte sequence that is no frame, or none that may come here.
var errProtocol = errors.New("not a frame of a WebSocket")

// frames follows one direction of a WebSocket: where its frames begin and end.
type frames struct {
	masked bool // as all frames of a client are, and none of a server

	header  [maxHeader]byte
	have    int    // bytes of the header
	left    uint64 // bytes of the payload that are to come
	inside  bool   // the header is complete and the frame is not
	open    bool   // a message has begun and is not complete
	closing bool   // the frame at hand is a close frame
	closed  bool   // it has passed; nothing may follow
}

// atEnd tells whether a frame may begin.
func (f *frames) atEnd() bool { return f.have == 0 && !f.inside }

// next takes bytes of p up to the end of the frame at hand.
func (f *frames) next(p []byte) (n int, err error) {
	for !f.inside && n < len(p) {
		f.header[f.have] = p[n]
		f.have, n = f.have+1, n+1
		switch f.have {
		case 2:
			err = f.begin()
		case f.size():
			err = f.complete()
		}
		if err != nil || f.atEnd() { // a frame without payload
			return n, err
		}
	}
	if f.inside {
		rest := uint64(len(p) - n)
		take := min(rest, f.left)
		f.left, n = f.left-take, n+int(take)
		if f.left == 0 {
			f.end()
		}
	}
	return n, nil
}

// size is the length of the header at hand, at least 2.
func (f *frames) size() int {
	size := 2
	switch f.header[1] & 0x7f {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	if f.masked {
		size += 4
	}
	return size
}

// begin judges the first two bytes.
func (f *frames) begin() error {
	final, op := f.header[0]&0x80 != 0, f.header[0]&0xf
	length := f.header[1] & 0x7f
	control := op >= opClose
	switch {
	case f.closed, f.masked != (f.header[1]&0x80 != 0):
		return errProtocol
	case control && (op > opPong || !final || length > maxControl):
		return errProtocol
	case !control && (op > opBinary || (op == opContinuation) != f.open):
		return errProtocol
	}
	if !control {
		f.open = !final
	}
	f.closing = op == opClose
	if f.size() == 2 {
		return f.complete()
	}
	return nil
}

// complete reads the length.
func (f *frames) complete() error {
	f.left = uint64(f.header[1] & 0x7f)
	switch f.left {
	case 126:
		if f.left = uint64(binary.BigEndian.Uint16(f.header[2:])); f.left < 126 {
			return errProtocol
		}
	case 127:
		if f.left = binary.BigEndian.Uint64(f.header[2:]); f.left < 1<<16 || f.left >= 1<<63 {
			return errProtocol
		}
	}
	f.inside = true
	if f.left == 0 {
		f.end()
	}
	return nil
}

func (f *frames) end() {
	f.inside, f.have = false, 0
	f.closed = f.closed || f.closing
}

// closeFrame is a whole close frame. A mask is for those that go to a server.
func closeFrame(code Code, text string, mask *[4]byte) []byte {
	text = text[:min(len(text), maxCloseText)]
	payload := append(binary.BigEndian.AppendUint16(nil, uint16(code)), text...)
	frame := []byte{0x80 | opClose, byte(len(payload))}
	if mask != nil {
		frame[1] |= 0x80
		frame = append(frame, mask[:]...)
		for i := range payload {
			payload[i] ^= mask[i%4]
		}
	}
	return append(frame, payload...)
}
