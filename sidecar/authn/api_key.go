package authn

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
)

// An API key is "gwk_", an id, "_", and 32 random bytes in base64url. The prefix
// lets scanners find a key that leaked. Everything before the last part is
// public.
const (
	keyPrefix      = "gwk_"
	keySecretBytes = 32
	keySecretChars = 43
	maxKeyName     = 64
)

var keyName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// ValidKeyID tells whether an id can be that of an API key: lower-case letters,
// digits and -, at most 64.
func ValidKeyID(id string) bool { return keyName.MatchString(id) }

// NewAPIKey makes a key for an id, which must be valid, and the hash that a key
// file holds of it. The key itself is stored nowhere.
func NewAPIKey(id string) (key, hash string) {
	secret := make([]byte, keySecretBytes)
	_, _ = rand.Read(secret) // it never fails
	key = keyPrefix + id + "_" + base64.RawURLEncoding.EncodeToString(secret)
	sum := sha256.Sum256([]byte(key))
	return key, hashPrefix + hex.EncodeToString(sum[:])
}

const hashPrefix = "sha256:"

// parseHash reads the hash of a key file; only one spelling is good.
func parseHash(text string) (sum digest, ok bool) {
	digits, ok := strings.CutPrefix(text, hashPrefix)
	if !ok || len(digits) != 2*len(sum) || strings.ToLower(digits) != digits {
		return sum, false
	}
	_, err := hex.Decode(sum[:], []byte(digits))
	return sum, err == nil
}

// keyID gives the id of a key in its one spelling; ok is false for anything
// else.
func keyID(key string) (id string, ok bool) {
	rest, ok := strings.CutPrefix(key, keyPrefix)
	if !ok || len(rest) < keySecretChars+2 || len(rest) > keySecretChars+1+maxKeyName {
		return "", false
	}
	id, secret := rest[:len(rest)-keySecretChars-1], rest[len(rest)-keySecretChars:]
	var raw [keySecretBytes]byte
	n, err := base64.RawURLEncoding.Strict().Decode(raw[:], []byte(secret))
	return id, err == nil && n == len(raw) && rest[len(id)] == '_' && keyName.MatchString(id)
}
