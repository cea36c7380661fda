package authn

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"
)

// Bounds of what [Proofs] remembers.
const (
	maxProofs      = 100_000
	proofShards    = 16
	proofRetention = 5 * time.Minute // longer than any proof is accepted
)

// Proofs remembers the DPoP proofs that were accepted, so that none is accepted
// twice, and makes the nonces of the process. One object serves all methods and
// outlives configuration reloads. It is safe for concurrent use.
//
// It holds 100,000 proofs for five minutes each. When there is no place, the
// oldest are forgotten and every proof that was issued no later than a forgotten
// one is refused from then on, so that what is forgotten cannot come back: under
// a flood proofs have to be younger, and none is ever accepted twice. Keys are
// spread over sixteen parts, and a flood of one key is felt in its part only.
type Proofs struct {
	seed   [sha256.Size]byte // nobody outside can choose the part of a key
	nonces *nonces
	shards [proofShards]proofShard
}

// NewProofs makes an empty memory with a new key for nonces.
func NewProofs() *Proofs {
	var secret [sha256.Size]byte
	_, _ = rand.Read(secret[:]) // it never fails
	p := &Proofs{nonces: newNonces(secret[:])}
	_, _ = rand.Read(p.seed[:])
	for i := range p.shards {
		p.shards[i] = proofShard{limit: maxProofs / proofShards, seen: map[proofID]struct{}{}, bySecond: map[int64][]proofID{}}
	}
	return p
}

// proofID stands for the key and the jti of a proof.
type proofID [16]byte

// take tells whether a proof is new, and remembers it. Otherwise it gives the
// reason to refuse it.
func (p *Proofs) take(key [sha256.Size]byte, jti string, issued int64, now time.Time) (reason string) {
	part := sha256.Sum256(append(p.seed[:len(p.seed):len(p.seed)], key[:]...))
	id := sha256.Sum256(append(part[:len(part):len(part)], jti...))
	s := &p.shards[binary.LittleEndian.Uint64(part[:8])%proofShards]
	return s.take(proofID(id[:16]), issued, now.Add(-proofRetention).Unix())
}

// size is the number of proofs that are remembered.
func (p *Proofs) size() (n int) {
	for i := range p.shards {
		s := &p.shards[i]
		s.mu.Lock()
		n += len(s.seen)
		s.mu.Unlock()
	}
	return n
}

type proofShard struct {
	mu       sync.Mutex
	limit    int
	seen     map[proofID]struct{}
	bySecond map[int64][]proofID // by iat
	swept    int64
	// floor is the latest second of which something was forgotten: a proof of then,
	// or before, may have been seen.
	floor int64
}

// take remembers a proof of a second, if it is new. What was issued before last
// is accepted nowhere any more.
func (s *proofShard) take(id proofID, issued, last int64) (reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last > s.swept {
		s.swept = last
		for second := range s.bySecond {
			if second < last {
				s.forget(second)
			}
		}
	}
	if _, seen := s.seen[id]; seen {
		return ReasonProofReplayed
	}
	for issued > s.floor && len(s.seen) >= s.limit {
		oldest := s.oldest()
		if oldest >= issued {
			break // nothing older can make place for it
		}
		s.forget(oldest)
	}
	if issued <= s.floor || len(s.seen) >= s.limit {
		return ReasonProofsForgotten
	}
	s.seen[id] = struct{}{}
	s.bySecond[issued] = append(s.bySecond[issued], id)
	return ""
}

func (s *proofShard) oldest() int64 {
	first, oldest := true, int64(0)
	for second := range s.bySecond {
		if first || second < oldest {
			first, oldest = false, second
		}
	}
	return oldest
}

func (s *proofShard) forget(second int64) {
	for _, id := range s.bySecond[second] {
		delete(s.seen, id)
	}
	delete(s.bySecond, second)
	s.floor = max(s.floor, second)
}
