package authn

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var someKey = sha256.Sum256([]byte("a key"))

// Whatever the order and the number, no proof is accepted twice while it could
// still be accepted.
func TestProofsAreTakenOnce(t *testing.T) {
	p := NewProofs()
	now := time.Unix(1_800_000_000, 0)
	other := sha256.Sum256([]byte("another key"))
	for i, tc := range []struct {
		key    [32]byte
		jti    string
		at     time.Duration
		issued time.Duration
		want   string
	}{
		{someKey, "a", 0, 0, ""},
		{someKey, "a", 0, 0, ReasonProofReplayed},
		{someKey, "b", 0, 0, ""},
		{other, "a", 0, 0, ""},
		{someKey, "a", time.Minute, 0, ReasonProofReplayed},
		{someKey, "a", proofRetention, 0, ReasonProofReplayed},
		{someKey, "c", proofRetention + time.Second, proofRetention, ""},
		{someKey, "a", proofRetention + time.Second, 0, ReasonProofsForgotten}, // long too old by then
		// The clock is set back: what was forgotten does not come back.
		{someKey, "a", 0, 0, ReasonProofsForgotten},
		{someKey, "c", 0, proofRetention, ReasonProofReplayed},
	} {
		if got := p.take(tc.key, tc.jti, now.Add(tc.issued).Unix(), now.Add(tc.at)); got != tc.want {
			t.Errorf("%d: %q, want %q", i, got, tc.want)
		}
	}
	// Only the part of a key that is asked about is swept.
	if got := p.size(); got > 2 {
		t.Errorf("%d are kept", got)
	}
}

// A flood makes proofs that are older than what can be remembered unwelcome. It
// never makes one acceptable twice, and takes no more memory.
func TestProofsUnderFlood(t *testing.T) {
	p := NewProofs()
	began := time.Unix(1_800_000_000, 0)
	const perSecond = 1000
	limit := maxProofs / proofShards
	var early []string
	for second := range 20 {
		now := began.Add(time.Duration(second) * time.Second)
		for i := range perSecond {
			jti := fmt.Sprint(second, "-", i)
			if got := p.take(someKey, jti, now.Unix(), now); got != "" {
				t.Fatalf("a new proof of now: %s", got)
			}
			if i == 0 {
				early = append(early, jti)
			}
		}
		for age, jti := range early {
			if got := p.take(someKey, jti, began.Add(time.Duration(age)*time.Second).Unix(), now); got == "" {
				t.Fatalf("second %d: a proof of second %d is accepted again", second, age)
			}
		}
		if p.size() > limit {
			t.Fatalf("%d proofs of one key are kept, more than %d", p.size(), limit)
		}
	}
	now := began.Add(20 * time.Second)
	for _, tc := range []struct {
		issued int
		want   string
	}{{0, ReasonProofsForgotten}, {12, ReasonProofsForgotten}, {17, ""}, {20, ""}} {
		if got := p.take(someKey, fmt.Sprint("late", tc.issued), began.Add(time.Duration(tc.issued)*time.Second).Unix(), now); got != tc.want {
			t.Errorf("issued in second %d: %q, want %q", tc.issued, got, tc.want)
		}
	}
	// Another key is, fifteen times out of sixteen, in another part.
	unharmed := 0
	for i := range 64 {
		if p.take(sha256.Sum256(fmt.Append(nil, i)), "x", began.Unix(), now) == "" {
			unharmed++
		}
	}
	if unharmed < 32 {
		t.Errorf("only %d of 64 other keys are not harmed", unharmed)
	}
}

// A flood of one second cannot be made place for: it ends with that second.
func TestProofsOfOneSecond(t *testing.T) {
	p := NewProofs()
	now := time.Unix(1_800_000_000, 0)
	taken := 0
	for i := range 2 * maxProofs / proofShards {
		switch got := p.take(someKey, fmt.Sprint(i), now.Unix(), now); got {
		case "":
			taken++
		case ReasonProofsForgotten:
		default:
			t.Fatal(got)
		}
	}
	if taken != maxProofs/proofShards || p.size() != taken {
		t.Errorf("%d taken, %d kept", taken, p.size())
	}
	if got := p.take(someKey, "older", now.Add(-time.Second).Unix(), now); got != ReasonProofsForgotten {
		t.Errorf("an older one: %q", got)
	}
	if got := p.take(someKey, "next", now.Add(time.Second).Unix(), now.Add(time.Second)); got != "" {
		t.Errorf("of the next second: %q", got)
	}
}

// Of many requests with one proof at the same time, one is accepted.
func TestProofsAtTheSameTime(t *testing.T) {
	p := NewProofs()
	now := time.Unix(1_800_000_000, 0)
	for round := range 20 {
		var accepted atomic.Int64
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if p.take(someKey, fmt.Sprint(round), now.Unix(), now) == "" {
					accepted.Add(1)
				}
			})
		}
		all.Wait()
		if accepted.Load() != 1 {
			t.Fatalf("accepted %d times", accepted.Load())
		}
	}
}

func TestNonces(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	n, other := newNonces([]byte(strings.Repeat("k", 32))), newNonces([]byte(strings.Repeat("l", 32)))
	replica := newNonces([]byte(strings.Repeat("k", 32)))
	nonce := n.make(now)
	if n.make(now) == nonce {
		t.Error("two nonces are equal")
	}
	flipped := []byte(must(base64.RawURLEncoding.DecodeString(nonce)))
	for name, tc := range map[string]struct {
		by    *nonces
		nonce string
		at    time.Duration
		want  bool
	}{
		"now":                {n, nonce, 0, true},
		"for five minutes":   {n, nonce, nonceLifetime, true},
		"not longer":         {n, nonce, nonceLifetime + time.Second, false},
		"days later":         {n, nonce, 256 * nonceKeyEvery, false}, // the number of the key comes around
		"a replica":          {replica, nonce, time.Minute, true},
		"a replica, behind":  {replica, nonce, -30 * time.Second, true},
		"far behind":         {replica, nonce, -2 * time.Minute, false},
		"another secret":     {other, nonce, 0, false},
		"empty":              {n, "", 0, false},
		"a byte less":        {n, nonce[:len(nonce)-1], 0, false},
		"padded":             {n, nonce + "=", 0, false},
		"a line break":       {n, nonce[:len(nonce)-1] + "\n", 0, false},
		"of zeros":           {n, strings.Repeat("A", len(nonce)), 0, false},
		"another spelling":   {n, nonce[:len(nonce)-1] + "_", 0, false},
		"of another process": {NewProofs().nonces, nonce, 0, false},
	} {
		if got := tc.by.good(tc.nonce, now.Add(tc.at)); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	for i := range flipped {
		flipped[i] ^= 1
		if n.good(base64.RawURLEncoding.EncodeToString(flipped), now) {
			t.Errorf("byte %d does not count", i)
		}
		flipped[i] ^= 1
	}
	// A day, in steps that do not fall together with the keys.
	for at := now; at.Before(now.Add(24 * time.Hour)); at = at.Add(97 * time.Second) {
		nonce := n.make(at)
		if !n.good(nonce, at.Add(nonceLifetime)) || n.good(nonce, at.Add(nonceLifetime+time.Second)) || strings.ContainsAny(nonce, `"\`) {
			t.Fatalf("at %s", at)
		}
	}
	if len(n.keys) > 4 {
		t.Errorf("%d keys", len(n.keys))
	}
}

// The nonce of a proof counts for as long as it was made for.
func TestProofNonces(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	r := rulesOf(t, DPoPConfig{Nonce: true})
	good := newProving("t", now)
	nonce := func(at time.Time) string { return quote(r.nonces.make(at)) }
	for name, tc := range map[string]struct{ nonce, want string }{
		"none": {"", ReasonProofNonce}, "empty": {`""`, ReasonProofNonce}, "made up": {`"x"`, ReasonProofNonce},
		"old": {nonce(now.Add(-nonceLifetime - time.Second)), ReasonProofNonce}, "of another": {quote(NewProofs().nonces.make(now)), ReasonProofNonce},
		"control": {nonce(now), "ok"}, "control: four minutes old": {nonce(now.Add(-4 * time.Minute)), "ok"},
	} {
		wantReasonOf(t, name, confirmed(r, good, good.with("claims", "nonce", tc.nonce).proof(), now), tc.want)
	}
	// A proof without a nonce takes up no memory, and its jti is not used up.
	same := good.with("claims", "jti", `"same"`)
	wantReason(t, confirmed(r, good, same.proof(), now), ReasonProofNonce)
	wantReason(t, confirmed(r, good, same.with("claims", "nonce", nonce(now)).proof(), now), "ok")
}
