package canonical

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"time"
)

// validID tells whether a trusted peer's request id may be taken over:
// `[A-Za-z0-9._-]{8,64}`.
func validID(s string) bool {
	if len(s) < 8 || len(s) > 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if b := s[i]; !isAlphaNum(b) && b != '.' && b != '_' && b != '-' {
			return false
		}
	}
	return true
}

// NewUUIDv7 makes an id of RFC 9562 section 5.7: 48 bits of Unix milliseconds, the rest
// random.
func NewUUIDv7(now time.Time) string {
	var b [16]byte
	// Not secrets: nobody gets anywhere by guessing one. They are drawn from the
	// generator of the runtime, which the system seeds, without asking the system.
	binary.NativeEndian.PutUint64(b[8:], rand.Uint64())
	binary.NativeEndian.PutUint16(b[6:], uint16(rand.Uint32()))
	ms := uint64(now.UnixMilli())
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80

	var t [36]byte
	hex.Encode(t[0:8], b[0:4])
	hex.Encode(t[9:13], b[4:6])
	hex.Encode(t[14:18], b[6:8])
	hex.Encode(t[19:23], b[8:10])
	hex.Encode(t[24:36], b[10:16])
	t[8], t[13], t[18], t[23] = '-', '-', '-', '-'
	return string(t[:])
}
