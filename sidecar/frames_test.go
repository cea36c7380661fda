package sidecar_test

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"testing"
	"time"
)

// Types and flags of HTTP/2 frames (RFC 9113 section 6).
const (
	frameData, frameHeaders, frameReset, frameSettings, frameGoAway, frameContinuation = 0, 1, 3, 4, 7, 9

	endStream, endHeaders = 1, 4
)

// frame is one as it comes back.
type frame struct {
	kind, flags byte
	stream      uint32
	payload     []byte
}

// frames is an HTTP/2 connection that sends what no client would.
type frames struct {
	testing.TB
	*tls.Conn
}

func (r *secured) frames() *frames {
	r.Helper()
	c, err := tls.Dial("tcp", r.car.Addr().String(), &tls.Config{RootCAs: r.ca.pool(), ServerName: "app.test", NextProtos: []string{"h2"}})
	if err != nil {
		r.Fatal(err)
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		r.Fatal(err)
	}
	f := &frames{r, c}
	if _, err := io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"); err != nil {
		r.Fatal(err)
	}
	if err := f.send(frameSettings, 0, 0, nil); err != nil {
		r.Fatal(err)
	}
	return f
}

func (f *frames) send(kind, flags byte, stream uint32, payload []byte) error {
	head := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags, 0, 0, 0, 0}
	binary.BigEndian.PutUint32(head[5:], stream)
	_, err := f.Write(append(head, payload...))
	return err
}

// fields writes pairs of names and values as HPACK literals (RFC 7541 section
// 6.2.2), none of them longer than 126 bytes.
func fields(pairs ...string) []byte {
	var out []byte
	for i, text := range pairs {
		if i%2 == 0 {
			out = append(out, 0)
		}
		out = append(append(out, byte(len(text))), text...)
	}
	return out
}

// next gives the next frame that is no part of keeping the connection; ok is
// false at its end.
func (f *frames) next() (got frame, ok bool) {
	for {
		var head [9]byte
		if _, err := io.ReadFull(f, head[:]); err != nil {
			return frame{}, false
		}
		got = frame{kind: head[3], flags: head[4], stream: binary.BigEndian.Uint32(head[5:]), payload: make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))}
		if _, err := io.ReadFull(f, got.payload); err != nil {
			return frame{}, false
		}
		switch got.kind {
		case frameSettings, 6, 8: // settings, ping and window update
		default:
			return got, true
		}
	}
}

// status reads the answer on a stream: the bytes of its header block are of the
// static table, where 8 to 14 are statuses, or literal.
func (f *frames) status(stream uint32) string {
	f.Helper()
	for {
		got, ok := f.next()
		switch {
		case !ok:
			return "closed"
		case got.stream != stream:
		case got.kind == frameReset:
			return "reset"
		case got.kind == frameHeaders:
			return statusOf(got.payload)
		}
	}
}

// statusOf decodes the first field of a block as net/http's server writes it.
func statusOf(block []byte) string {
	static := map[byte]string{0x88: "200", 0x89: "204", 0x8c: "400", 0x8d: "404", 0x8e: "500"}
	if s, ok := static[block[0]]; ok {
		return s
	}
	// A literal with the indexed name :status; three digits in Huffman code are
	// two bytes, of which the digits have five or six bits each.
	n := int(block[1] & 0x7f)
	if block[1]&0x80 == 0 {
		return string(block[2 : 2+n])
	}
	digits := map[uint]string{0: "0", 1: "1", 2: "2"}
	long := map[uint]string{0x19: "3", 0x1a: "4", 0x1b: "5", 0x1c: "6", 0x1d: "7", 0x1e: "8", 0x1f: "9"}
	var bits, have uint
	var out string
	for _, b := range block[2 : 2+n] {
		bits, have = bits<<8|uint(b), have+8
		for have >= 5 && len(out) < 3 {
			if d, ok := digits[bits>>(have-5)&0x1f]; ok {
				out, have = out+d, have-5
			} else if have >= 6 {
				out, have = out+long[bits>>(have-6)&0x3f], have-6
			} else {
				break
			}
		}
	}
	return out
}
