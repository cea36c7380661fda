package authn

import (
	"crypto/sha256"
	"sync/atomic"
	"time"
)

// verified is a token whose signature is known to be good under a keyring.
type verified struct {
	ring   *keyring
	claims bearerClaims
	id     *Identity
}

// verifiedTokens keeps what the signatures of tokens have shown. It belongs to
// one method, hence to one issuer with its configuration, and is keyed by the
// hash of the token as it was presented: only the canonical spelling of a token
// ever gets in, so only that is found. Nothing of a kept token is taken for
// granted but its signature, and that only while the issuer publishes the same
// keys.
type verifiedTokens struct {
	table  *table[*verified]
	counts *verifiedCounts
}

// verifiedCounts belong to the key set, so that they outlive a reload.
type verifiedCounts struct{ hits, misses atomic.Uint64 }

const (
	maxVerifiedBytes = 64 << 20
	identityBytes    = 768 // what an identity weighs besides its claims, roughly
	claimsFactor     = 8   // claims as bytes, parsed, and as attributes
)

func newVerifiedTokens(size int, counts *verifiedCounts) *verifiedTokens {
	return &verifiedTokens{table: newTable[*verified](size, maxVerifiedBytes), counts: counts}
}

// find gives a token that was verified with the keys in force.
func (t *verifiedTokens) find(key digest, ring *keyring) *verified {
	v, ok := t.table.get(key)
	if !ok || v.ring != ring {
		t.counts.misses.Add(1)
		return nil
	}
	t.counts.hits.Add(1)
	return v
}

// digestOfToken hashes without memory from the heap for a token of usual size.
func digestOfToken(token string) digest {
	var short [2 << 10]byte
	if len(token) > len(short) {
		return sha256.Sum256([]byte(token))
	}
	return sha256.Sum256(short[:copy(short[:], token)])
}

func (t *verifiedTokens) keep(key digest, v *verified) {
	t.table.put(key, v, identityBytes+claimsFactor*len(v.id.Claims))
}

// known gives a token that was verified before, nil if it was not. What the
// configuration requires is judged anew; the error is a [*Refused]. What the
// token is bound to is not looked at.
func (j *JWT) known(token string, now time.Time) (key digest, v *verified, err error) {
	if j.kept == nil || len(token) > j.cfg.MaxToken {
		return key, nil, nil
	}
	key = digestOfToken(token)
	g := j.keys.usable(now)
	if g == nil {
		return key, nil, nil
	}
	if v = j.kept.find(key, g.ring); v == nil {
		return key, nil, nil
	}
	if err := j.judge(&v.claims, now); err != nil {
		j.kept.table.remove(key)
		return key, nil, flag(err, v.id.IgnoredHeaders)
	}
	return key, v, nil
}
