package assertion

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// grace is how long a key is published beyond the life of the last statement
// that it signed: clocks differ, and requests take time.
const grace = time.Minute

// Published is the key set that services check statements with: the keys of the
// Signer in force and, for as long as its statements live, the key of the one
// before.
type Published struct {
	clock func() time.Time

	mu      sync.Mutex
	current *Signer
	before  []replaced
}

type replaced struct {
	key   jose.JSONWebKey
	until time.Time
}

// NewPublished makes a key set without any key.
func NewPublished(clock func() time.Time) *Published { return &Published{clock: clock} }

// Replace puts a Signer into force, or none.
func (p *Published) Replace(s *Signer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock()
	p.before = slices.DeleteFunc(p.before, func(r replaced) bool { return !now.Before(r.until) })
	if old := p.current; old != nil && (s == nil || s.own.KeyID != old.own.KeyID) {
		p.before = append(p.before, replaced{old.own, now.Add(old.o.Lifetime + grace)})
	}
	p.current = s
}

// Document gives the key set in JSON (RFC 7517 section 5).
func (p *Published) Document() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	add := func(k jose.JSONWebKey) {
		if len(set.Key(k.KeyID)) == 0 {
			set.Keys = append(set.Keys, k)
		}
	}
	if p.current != nil {
		add(p.current.own)
		for _, k := range p.current.others {
			add(k)
		}
	}
	now := p.clock()
	for _, r := range p.before {
		if now.Before(r.until) {
			add(r.key)
		}
	}
	data, err := json.Marshal(set)
	if err != nil { // public keys that were parsed always encode
		return []byte(`{"keys":[]}`)
	}
	return data
}
