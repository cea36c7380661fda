package authn

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Results of an introspection, for counters. The first three cost no exchange.
const (
	IntrospectionHit      = "hit"      // remembered
	IntrospectionJoined   = "joined"   // another request asks the same
	IntrospectionRejected = "rejected" // breaker open, or too many at once
	IntrospectionStale    = "stale"    // the server cannot be asked, and its last answer does
	IntrospectionActive   = "active"
	IntrospectionInactive = "inactive"
	IntrospectionFailed   = "failed"
)

// exchange is one question that any number of requests wait for.
type exchange struct {
	purges uint64 // when it began
	done   chan struct{}
	answer *answer // after done
	err    error   // after done; every waiter gets its own *Broken
}

// newSeed makes the beginning of every digest of a method: parts of different
// configurations cannot run into each other, and nobody outside can find two
// tokens that share a place in a table.
func newSeed(cfg IntrospectionConfig) []byte {
	seed := make([]byte, 16)
	_, _ = rand.Read(seed) // it never fails
	for _, part := range []string{cfg.Name, cfg.Endpoint, cfg.Auth.ID, cfg.Issuer} {
		seed = appendPart(seed, part)
	}
	return seed
}

func appendPart(to []byte, part string) []byte {
	return append(binary.BigEndian.AppendUint64(to, uint64(len(part))), part...)
}

func (i *Introspection) digest(token string) digest {
	return sha256.Sum256(appendPart(append(make([]byte, 0, len(i.seed)+8+len(token)), i.seed...), token))
}

// remembered gives an answer that still counts.
func (i *Introspection) remembered(key digest, now time.Time) *answer {
	for _, t := range [...]*table[*answer]{i.active, i.inactive} {
		if a, ok := t.get(key); ok && now.Before(a.until) && now.Sub(a.asked) >= 0 {
			return a
		}
	}
	return nil
}

// ask gives the answer about a token: one that is remembered, one that another
// request is waiting for, or a new one. The error is a [*Broken].
func (i *Introspection) ask(ctx context.Context, token string) (*answer, error) {
	key, now := i.digest(token), i.cfg.Clock()
	if a := i.remembered(key, now); a != nil {
		i.count(IntrospectionHit)
		return a, nil
	}
	if wait, ok := i.breaker.peek(now); !ok {
		i.count(IntrospectionRejected)
		return nil, i.broken(wait, errors.New("the endpoint has failed and is left alone"))
	}
	i.mu.Lock()
	x := i.flights[key]
	switch {
	case x != nil && x.purges == i.purges:
		i.counts[IntrospectionJoined]++
	case len(i.flights) >= i.cfg.InFlight+i.cfg.Queue:
		i.counts[IntrospectionRejected]++
		i.mu.Unlock()
		return nil, i.broken(time.Second, errors.New("too many tokens are being asked about"))
	default:
		x = &exchange{done: make(chan struct{}), purges: i.purges}
		i.flights[key] = x
		// It does not end with the request: others may wait for it.
		go i.fly(context.WithoutCancel(ctx), key, token, x)
	}
	i.mu.Unlock()
	select {
	case <-x.done:
	case <-ctx.Done():
		return nil, i.broken(0, ctx.Err())
	}
	if x.err != nil {
		b, _ := errors.AsType[*Broken](x.err)
		return nil, i.broken(b.RetryAfter, b.Err)
	}
	return x.answer, nil
}

func (i *Introspection) broken(after time.Duration, err error) error {
	if after <= 0 {
		after = brokenRetryAfter
	}
	return &Broken{Dependency: i.cfg.Endpoint, RetryAfter: after, Err: err}
}

// fly makes one exchange and lets its callers go on.
func (i *Introspection) fly(ctx context.Context, key digest, token string, x *exchange) {
	ctx, cancel := context.WithTimeout(ctx, i.cfg.Timeout)
	defer cancel()
	result := IntrospectionFailed
	defer func() {
		// Nobody above would catch a panic here; it must not end the process.
		if recover() != nil || x.answer == nil && x.err == nil {
			x.answer, x.err = nil, i.broken(0, errors.New("the exchange ended without an answer"))
		}
		i.mu.Lock()
		if i.flights[key] == x {
			delete(i.flights, key)
		}
		i.counts[result]++
		i.mu.Unlock()
		close(x.done)
	}()
	select {
	case i.slots <- struct{}{}:
		defer func() { <-i.slots }()
	case <-ctx.Done():
		result = IntrospectionRejected
		x.err = i.broken(time.Second, errors.New("no exchange has ended in time for another one"))
		return
	}
	probe, wait, ok := i.breaker.allow(i.cfg.Clock())
	if !ok {
		result = IntrospectionRejected
		x.err = i.broken(wait, errors.New("the endpoint has failed and is left alone"))
		return
	}
	alive, fair := false, true
	defer func() {
		if fair || probe {
			i.landed(probe, alive, x.err)
		}
	}()
	deadline, _ := ctx.Deadline()
	late := time.Until(deadline) < i.cfg.Timeout/2
	a, err := i.exchange(ctx, token)
	alive = err == nil || errors.Is(err, errQuestion)
	// Where the time went into waiting for a slot, it says nothing of the endpoint.
	fair = alive || !late || ctx.Err() == nil
	if err != nil {
		x.err = i.broken(0, err)
		return
	}
	result = IntrospectionInactive
	if a.refused == nil {
		result = IntrospectionActive
	}
	i.remember(key, a, x.purges)
	x.answer = a
}

// remember keeps an answer, unless somebody has purged since it was asked for.
func (i *Introspection) remember(key digest, a *answer, purges uint64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case !a.until.After(a.asked): // no-store, or about to expire
		i.active.remove(key) // what was known before is over, too
		i.inactive.remove(key)
	case purges != i.purges:
	case a.refused != nil:
		i.active.remove(key)
		i.inactive.put(key, a, identityBytes)
	default:
		i.inactive.remove(key)
		i.active.put(key, a, identityBytes+claimsFactor*len(a.id.Claims))
	}
}

// landed tells the breaker and the log how an exchange ended.
func (i *Introspection) landed(probe, alive bool, err error) {
	changed := i.breaker.done(i.cfg.Clock(), probe, alive)
	text := ""
	if !alive && err != nil {
		text = err.Error()
	}
	i.mu.Lock()
	i.lastErr = text
	i.mu.Unlock()
	if !changed {
		return
	}
	if i.cfg.OnState != nil {
		i.cfg.OnState(!alive)
	}
	at := slog.String("endpoint", i.cfg.Endpoint)
	if alive {
		i.cfg.Logger.LogAttrs(context.Background(), slog.LevelInfo, "introspection endpoint answers again", at)
		return
	}
	i.cfg.Logger.LogAttrs(context.Background(), slog.LevelWarn, "introspection endpoint fails; its tokens are answered with 503", at, slog.String("error", text))
}

// errQuestion is an answer that faults one token and not the endpoint: a client
// that sends such tokens must not stop the exchanges of others.
var errQuestion = errors.New("the endpoint does not take the question")

// exchange asks once.
func (i *Introspection) exchange(ctx context.Context, token string) (*answer, error) {
	now := i.cfg.Clock()
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}}
	if err := i.auth.apply(form, header, i.cfg.Endpoint, now); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, i.cfg.Endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, errors.New("endpoint is not a URL")
	}
	req.Header = header
	resp, err := i.client.Do(req)
	if err != nil {
		return nil, classify(err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusUnprocessableEntity:
		return nil, fmt.Errorf("%w: %w", errQuestion, statusError(resp.StatusCode))
	default:
		return nil, statusError(resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, classify(err)
	}
	return i.read(body, resp.Header, token, now)
}

func (i *Introspection) count(result string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.counts[result]++
}
