package authn

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/gwctl/gwctl/sidecar/fair"
)

// lookup is what a token says about its key, and who sent it.
type lookup struct {
	keyID    string
	hasKeyID bool
	alg      string
	client   netip.Addr
}

// find gives the key for a token, and the keyring it is of. Its error is a [*Refused], or a [*Broken] if
// there are no keys or the answer hangs on a fetch that failed or has not ended. Only a kid that
// is not known can make it wait.
func (k *KeySet) find(ctx context.Context, want lookup) (jose.JSONWebKey, *keyring, error) {
	key, ring, g, err := k.pick(want)
	if g == nil || err != nil {
		return key, ring, err
	}
	ctx, cancel := context.WithTimeout(ctx, k.cfg.UnknownWait)
	defer cancel()
	for {
		f, own := k.fetchFor(want, g)
		if f == nil {
			return jose.JSONWebKey{}, nil, k.unknown(want.keyID)
		}
		// The key may be in what has not come: nobody can say that it is wrong.
		if f.wait(ctx) != nil {
			return jose.JSONWebKey{}, nil, k.broken("kid is unknown and the fetch has brought nothing yet")
		}
		if key, ring, g, err = k.pick(want); g == nil || err != nil {
			return key, ring, err
		}
		// A fetch that was joined may have begun before the issuer had the key:
		// only after one of our own is a miss an answer.
		if own {
			k.remember(want.keyID)
			return jose.JSONWebKey{}, nil, k.unknown(want.keyID)
		}
	}
}

// pick looks at the keys at hand. It gives their generation if and only if they
// have no key of this kid.
func (k *KeySet) pick(want lookup) (jose.JSONWebKey, *keyring, *generation, error) {
	g := k.usable(k.cfg.Clock())
	if g == nil {
		return jose.JSONWebKey{}, nil, nil, k.broken("no usable keys")
	}
	key, outcome := g.ring.pick(want.keyID, want.hasKeyID, want.alg)
	switch outcome {
	case keyFound:
		return key, g.ring, nil, nil
	case keyUnfit:
		k.suspectReplaced()
		return key, nil, nil, refuse(ReasonAlgorithmNotAllowed, "the key is not for this alg")
	case keyAmbiguous:
		return key, nil, nil, refuse(ReasonKeyUnknown, "no kid, and not exactly one key for this alg")
	}
	return key, nil, g, nil
}

// landed stands for a fetch that has ended well.
func landed() *flight {
	f := &flight{done: make(chan struct{})}
	close(f.done)
	return f
}

// maxJoined bounds the requests that wait for one fetch; the others are answered
// at once. It is far above what a rotation makes wait.
const maxJoined = 4096

var errCrowded = errors.New("too many requests wait for the fetch")

// crowded stands for a fetch that others wait for, and that one more must not.
func crowded() *flight {
	f := landed()
	f.err = errCrowded
	return f
}

// fetchFor gives the fetch that may bring a key which g lacks: the one under
// way, or one of the request's own if the limits allow it, or nil.
func (k *KeySet) fetchFor(want lookup, g *generation) (f *flight, own bool) {
	now := k.cfg.Clock()
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.life == nil || k.life.Err() != nil || k.limits.isAbsent(want.keyID, now):
		return nil, false
	case k.current.Load() != g:
		return landed(), false
	case k.flight != nil && k.flight.joined >= maxJoined:
		return crowded(), false
	case k.flight != nil:
		k.flight.joined++
		return k.flight, false
	case !k.limits.take(want.client, now, k.cfg):
		return nil, false
	}
	return k.takeOff(TriggerUnknownKey), true
}

// suspectReplaced follows a bad signature: the issuer may have replaced a key
// under its kid. The request does not wait; a later one profits.
func (k *KeySet) suspectReplaced() {
	now := k.cfg.Clock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.life == nil || k.life.Err() != nil || k.flight != nil || !k.limits.takeReplaced(now, k.cfg) {
		return
	}
	k.takeOff(TriggerReplaced)
}

func (k *KeySet) remember(kid string) {
	now := k.cfg.Clock()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.limits.absent.put(sha256.Sum256([]byte(kid)), now.Add(k.cfg.NegativeTTL))
}

// unknown is the answer about a kid that the keys at hand lack. While fetches
// fail nobody can say that it is wrong.
func (k *KeySet) unknown(kid string) error {
	k.mu.Lock()
	failing := k.failures > 0
	k.mu.Unlock()
	if failing {
		return k.broken("kid is unknown and the last fetch failed")
	}
	return &Refused{Reason: ReasonKeyUnknown, Err: fmt.Errorf("issuer has no key of kid '%s'", printable(kid))}
}

func (k *KeySet) broken(detail string) error {
	return &Broken{Dependency: k.cfg.Issuer, RetryAfter: brokenRetryAfter, Err: errors.New(detail)}
}

const (
	maxClients   = 4096
	clientWindow = time.Minute
)

// fetchLimits bound the fetches that requests cause. KeySet.mu guards them.
type fetchLimits struct {
	nextUnknown  time.Time
	nextReplaced time.Time
	clients      *lru[netip.Addr, []time.Time] // fetches of the last minute
	absent       *lru[[sha256.Size]byte, time.Time]
}

// isAbsent tells whether a fetch has lately shown that the issuer has no such
// key.
func (l *fetchLimits) isAbsent(kid string, now time.Time) bool {
	until, ok := l.absent.get(sha256.Sum256([]byte(kid)))
	return ok && now.Before(until)
}

// take allows a fetch for an unknown kid. What one limit refuses does not count
// against the other, so that a client is not charged for a fetch it did not get.
func (l *fetchLimits) take(client netip.Addr, now time.Time, cfg KeySetConfig) bool {
	if !elapsed(l.nextUnknown, now, cfg.UnknownEvery) {
		return false
	}
	network := fair.Network(client)
	times, _ := l.clients.get(network)
	recent := make([]time.Time, 0, cfg.UnknownPerClient)
	for _, t := range times {
		if now.Sub(t) < clientWindow {
			recent = append(recent, t)
		}
	}
	if len(recent) >= cfg.UnknownPerClient {
		return false
	}
	l.clients.put(network, append(recent, now))
	l.nextUnknown = now.Add(cfg.UnknownEvery)
	return true
}

func (l *fetchLimits) takeReplaced(now time.Time, cfg KeySetConfig) bool {
	if !elapsed(l.nextReplaced, now, cfg.ReplacedEvery) {
		return false
	}
	l.nextReplaced = now.Add(cfg.ReplacedEvery)
	return true
}

// elapsed tells whether next has come. A next further away than its interval
// comes from a clock that was set back.
func elapsed(next, now time.Time, every time.Duration) bool {
	return !now.Before(next) || next.Sub(now) > every
}
