package authn

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"sync"
	"sync/atomic"
)

// digest is the key of a table: SHA-256 of everything that the value depends
// on.
type digest = [sha256.Size]byte

const ways = 8

// table is a bounded map from digests to values. A digest can stand in one set
// of eight places only, so that nothing has to be locked to find it; a full set
// forgets what was used least recently. It is safe for concurrent use.
type table[V any] struct {
	sets   []tableSet[V]
	budget int // bytes of one set
}

type tableSet[V any] struct {
	ways [ways]atomic.Pointer[tableEntry[V]]
	tick atomic.Uint64
	mu   sync.Mutex // of writers
}

type tableEntry[V any] struct {
	key   digest
	value V
	bytes int
	used  atomic.Uint64 // tick of the set
}

// newTable makes a table for at least size values that together weigh at most
// about so many bytes.
func newTable[V any](size, bytes int) *table[V] {
	n := max(1, (size+ways-1)/ways)
	return &table[V]{sets: make([]tableSet[V], n), budget: bytes / n}
}

func (t *table[V]) set(key digest) *tableSet[V] {
	i, _ := bits.Mul64(binary.LittleEndian.Uint64(key[:8]), uint64(len(t.sets)))
	return &t.sets[i]
}

func (t *table[V]) get(key digest) (value V, ok bool) {
	s := t.set(key)
	for i := range s.ways {
		if e := s.ways[i].Load(); e != nil && e.key == key {
			// A token in constant use by several cores is not written to each time.
			if now := s.tick.Load(); e.used.Load() != now {
				e.used.Store(s.tick.Add(1))
			}
			return e.value, true
		}
	}
	return value, false
}

// put keeps a value. One that is heavier than the share of its set is not kept.
func (t *table[V]) put(key digest, value V, bytes int) {
	if bytes > t.budget {
		return
	}
	e := &tableEntry[V]{key: key, value: value, bytes: bytes}
	s := t.set(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	e.used.Store(s.tick.Add(1))
	free, total := -1, bytes
	for i := range s.ways {
		switch old := s.ways[i].Load(); {
		case old == nil:
			free = i
		case old.key == key:
			s.ways[i].Store(nil)
			free = i
		default:
			total += old.bytes
		}
	}
	for free < 0 || total > t.budget {
		free = s.oldest()
		total -= s.ways[free].Swap(nil).bytes
	}
	s.ways[free].Store(e)
}

// oldest gives the place of the value that was used least recently. There is
// one: a value that fits the budget alone is never the last to go.
func (s *tableSet[V]) oldest() int {
	at, least := -1, uint64(0)
	for i := range s.ways {
		if e := s.ways[i].Load(); e != nil && (at < 0 || e.used.Load() < least) {
			at, least = i, e.used.Load()
		}
	}
	return at
}

// drop forgets the values that a function picks and gives their number.
func (t *table[V]) drop(pick func(key digest, value V) bool) (dropped int) {
	for i := range t.sets {
		s := &t.sets[i]
		s.mu.Lock()
		for w := range s.ways {
			if e := s.ways[w].Load(); e != nil && pick(e.key, e.value) {
				s.ways[w].Store(nil)
				dropped++
			}
		}
		s.mu.Unlock()
	}
	return dropped
}

// remove forgets one value.
func (t *table[V]) remove(key digest) {
	s := t.set(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.ways {
		if e := s.ways[w].Load(); e != nil && e.key == key {
			s.ways[w].Store(nil)
		}
	}
}
