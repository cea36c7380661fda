package websocket

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// frame makes a frame as an endpoint would.
func frame(first byte, masked bool, payload int) []byte {
	out := []byte{first}
	var bit byte
	if masked {
		bit = 0x80
	}
	switch {
	case payload < 126:
		out = append(out, bit|byte(payload))
	case payload < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, bit|126), uint16(payload))
	default:
		out = binary.BigEndian.AppendUint64(append(out, bit|127), uint64(payload))
	}
	if masked {
		out = append(out, 1, 2, 3, 4)
	}
	return append(out, bytes.Repeat([]byte{'x'}, payload)...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// ends follows data in pieces of a size and gives how many frames ended.
func ends(t testing.TB, f *frames, data []byte, size int) (count int, err error) {
	t.Helper()
	for len(data) > 0 {
		piece := data[:min(size, len(data))]
		data = data[len(piece):]
		for len(piece) > 0 {
			n, err := f.next(piece)
			if err != nil {
				return count, err
			}
			if n == 0 {
				t.Fatal("no byte was taken")
			}
			piece = piece[n:]
			if f.atEnd() {
				count++
			}
		}
	}
	return count, nil
}

func TestFrames(t *testing.T) {
	for name, tt := range map[string]struct {
		data   func(masked bool) []byte
		frames int
		closed bool
	}{
		"text":             {func(m bool) []byte { return frame(0x81, m, 5) }, 1, false},
		"empty":            {func(m bool) []byte { return frame(0x82, m, 0) }, 1, false},
		"125, 126, 127":    {func(m bool) []byte { return join(frame(0x81, m, 125), frame(0x81, m, 126), frame(0x81, m, 127)) }, 3, false},
		"64 KiB and less":  {func(m bool) []byte { return join(frame(0x82, m, 1<<16-1), frame(0x82, m, 1<<16)) }, 2, false},
		"a compressed one": {func(m bool) []byte { return frame(0xc1, m, 5) }, 1, false},
		"pieces with a ping between": {func(m bool) []byte {
			return join(frame(0x01, m, 5), frame(0x89, m, 125), frame(0x00, m, 0), frame(0x80, m, 1), frame(0x8a, m, 0), frame(0x82, m, 1))
		}, 6, false},
		"close": {func(m bool) []byte { return join(frame(0x81, m, 1), frame(0x88, m, 2)) }, 2, true},
	} {
		for _, masked := range []bool{true, false} {
			for _, size := range []int{1, 3, 4096, 1 << 20} {
				f := &frames{masked: masked}
				if n, err := ends(t, f, tt.data(masked), size); err != nil || n != tt.frames || f.closed != tt.closed || !f.atEnd() {
					t.Errorf("%s, masked %v, in pieces of %d: %d frames, closed %v, %v", name, masked, size, n, f.closed, err)
				}
				if n, err := ends(t, &frames{masked: !masked}, tt.data(masked), size); err == nil {
					t.Errorf("%s, masked %v where it must not be: %d frames", name, masked, n)
				}
			}
		}
	}
}

func TestNoFrames(t *testing.T) {
	long := func(n uint64) []byte { return binary.BigEndian.AppendUint64([]byte{0x82, 127}, n) }
	for name, data := range map[string][]byte{
		"HTTP":                             []byte("GET /admin HTTP/1.1\r\n"),
		"HTTP/2":                           []byte("PRI * HTTP/2.0\r\n"),
		"TLS":                              {0x16, 3, 1, 0, 1},
		"a reserved opcode":                {0x83, 0},
		"a reserved control opcode":        {0x8b, 0},
		"a control frame in pieces":        {0x09, 0},
		"a long control frame":             {0x89, 126, 0, 126},
		"a continuation of nothing":        {0x80, 0},
		"a message in another":             join(frame(0x01, false, 1), frame(0x81, false, 1)),
		"a continuation after the end":     join(frame(0x01, false, 1), frame(0x80, false, 1), frame(0x80, false, 1)),
		"a length that needs no two bytes": {0x82, 126, 0, 125},
		"a length that needs no eight":     long(1<<16 - 1),
		"a negative length":                long(1 << 63),
		"a frame after the close frame":    join(frame(0x88, false, 0), frame(0x81, false, 0)),
	} {
		if n, err := ends(t, &frames{}, data, 1<<20); err == nil {
			t.Errorf("%s: %d frames", name, n)
		}
	}
}

func TestCloseFrame(t *testing.T) {
	text := "so long, and thanks for all the fish: " + string(bytes.Repeat([]byte{'x'}, 200))
	for _, mask := range []*[4]byte{nil, {9, 8, 7, 6}} {
		data := closeFrame(PolicyViolation, text, mask)
		f := &frames{masked: mask != nil}
		if n, err := ends(t, f, data, 7); err != nil || n != 1 || !f.closed {
			t.Fatalf("masked %v: %d frames, closed %v, %v", mask != nil, n, f.closed, err)
		}
		payload := data[2:]
		if mask != nil {
			payload = bytes.Clone(data[6:])
			for i := range payload {
				payload[i] ^= mask[i%4]
			}
		}
		if len(payload) != 125 || binary.BigEndian.Uint16(payload) != 1008 || string(payload[2:]) != text[:123] {
			t.Errorf("payload %q", payload)
		}
	}
}

// FuzzFrames: pieces make no difference, and what is taken for frames holds
// together.
func FuzzFrames(f *testing.F) {
	f.Add(join(frame(0x01, true, 5), frame(0x89, true, 125), frame(0x80, true, 300)), true, 3)
	f.Add(join(frame(0x82, false, 70000), frame(0x88, false, 2)), false, 1000)
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), true, 1)
	f.Fuzz(func(t *testing.T, data []byte, masked bool, size int) {
		one, pieces := &frames{masked: masked}, &frames{masked: masked}
		n, err := ends(t, one, data, len(data)+1)
		m, pieceErr := ends(t, pieces, data, max(1, size))
		if n != m || (err == nil) != (pieceErr == nil) || err == nil && *one != *pieces {
			t.Fatalf("%d frames, %v; in pieces %d, %v", n, err, m, pieceErr)
		}
		if one.have > maxHeader || err == nil && one.inside && one.left == 0 {
			t.Fatalf("left at %+v", one)
		}
	})
}
