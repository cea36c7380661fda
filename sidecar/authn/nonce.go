package authn

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"sync"
	"time"
)

const (
	nonceLifetime = 5 * time.Minute
	nonceAhead    = time.Minute      // between the clocks of replicas
	nonceKeyEvery = 10 * time.Minute // in which one key seals
	nonceBytes    = 1 + 12 + 8 + 16  // which key, GCM nonce, time, tag
)

// nonces makes the nonces that proofs must have (RFC 9449 section 8) and knows
// them again without remembering any: a nonce is the time at which it was made,
// sealed with AES-256-GCM. The key changes every ten minutes and is derived from
// a secret and the time, so that replicas with one secret have the same keys.
type nonces struct {
	secret []byte

	mu   sync.Mutex
	keys map[int64]cipher.AEAD // by the number of their ten minutes; a few
}

func newNonces(secret []byte) *nonces {
	return &nonces{secret: secret, keys: map[int64]cipher.AEAD{}}
}

// key gives the key of ten minutes.
func (n *nonces) key(period int64) cipher.AEAD {
	n.mu.Lock()
	defer n.mu.Unlock()
	if k := n.keys[period]; k != nil {
		return k
	}
	// None of the three fails for a key of 32 bytes.
	derived, _ := hkdf.Key(sha256.New, n.secret, nil, "gwctl dpop nonce "+strconv.FormatInt(period, 10), 32)
	block, _ := aes.NewCipher(derived)
	k, _ := cipher.NewGCM(block)
	if len(n.keys) >= 4 {
		clear(n.keys)
	}
	n.keys[period] = k
	return k
}

func periodOf(at time.Time) int64 { return at.Unix() / int64(nonceKeyEvery/time.Second) }

// make gives a new nonce.
func (n *nonces) make(now time.Time) string {
	period := periodOf(now)
	out := make([]byte, 1+12, nonceBytes)
	out[0] = byte(period)
	_, _ = rand.Read(out[1:]) // it never fails
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], uint64(now.Unix()))
	return base64.RawURLEncoding.EncodeToString(n.key(period).Seal(out, out[1:13], at[:], out[:1]))
}

// good tells whether a nonce was made here within its lifetime.
func (n *nonces) good(text string, now time.Time) bool {
	if len(text) != base64.RawURLEncoding.EncodedLen(nonceBytes) {
		return false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(sealed) != nonceBytes {
		return false
	}
	for period := periodOf(now) - 1; period <= periodOf(now)+1; period++ {
		if byte(period) != sealed[0] {
			continue
		}
		at, err := n.key(period).Open(nil, sealed[1:13], sealed[13:], sealed[:1])
		if err != nil {
			return false
		}
		age := now.Sub(time.Unix(int64(binary.BigEndian.Uint64(at)), 0))
		return age <= nonceLifetime && age >= -nonceAhead
	}
	return false
}
