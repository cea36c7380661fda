package authn

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"
)

// Triggers of a fetch.
const (
	TriggerStart      = "start"
	TriggerScheduled  = "scheduled"
	TriggerUnknownKey = "unknown_kid"
	TriggerReplaced   = "bad_signature"
	TriggerManual     = "manual"
)

// Results of a fetch. Every one but ok is a failure and leaves the keys as they
// are.
const (
	ResultOK        = "ok"
	ResultCanceled  = "canceled" // the key set is being stopped
	ResultTimeout   = "timeout"
	ResultNetwork   = "network"         // no connection, TLS included
	ResultAddress   = "address_refused" // URL, resolved address or redirect is not allowed
	ResultStatus    = "http_status"     // not 200
	ResultTooLarge  = "too_large"       // body or number of keys
	ResultIssuer    = "issuer_mismatch" // the document is another issuer's
	ResultMalformed = "malformed"       // not the document it should be
	ResultEmpty     = "empty"           // no usable key
)

// Refresh reports one fetch.
type Refresh struct {
	Issuer  string
	Trigger string
	Result  string
	// Added and Removed are kids, escaped and cut to 64 characters.
	Added, Removed []string
	// Ignored lists the keys of the document that are not used.
	Ignored []IgnoredKey
	// Keys is the number of usable keys now, of an older document if the
	// fetch failed.
	Keys int
	Took time.Duration
}

// flight is one fetch that any number of callers wait for.
type flight struct {
	trigger string
	began   time.Time
	joined  int // requests that wait; KeySet.mu guards it
	done    chan struct{}
	err     error   // after done
	report  Refresh // after done
}

// wait gives the outcome of the fetch, or the error of ctx if that ends first.
func (f *flight) wait(ctx context.Context) error {
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// takeOff starts a fetch. The caller holds mu, and there is no flight.
func (k *KeySet) takeOff(trigger string) *flight {
	f := &flight{trigger: trigger, began: k.cfg.Clock(), done: make(chan struct{})}
	k.flight = f
	uri := k.jwksURI
	// Discovery belongs to the regular fetches: a stranger's kid causes one
	// request and not two.
	regular := trigger == TriggerStart || trigger == TriggerScheduled || trigger == TriggerManual
	if regular && (k.failures > 0 || f.began.Sub(k.discovered) >= rediscoverAfter) {
		uri = ""
	}
	ctx := k.life
	go func() {
		next, used, err := k.fetch(ctx, uri)
		if err == nil {
			// Before anybody uses the keys: nobody has seen the generation yet.
			if err := k.save(next); err != nil {
				k.cfg.Logger.Warn("last good keys not kept", "issuer", k.cfg.Issuer, "error", err)
			}
			next.document = nil
		}
		k.land(f, uri == "", next, used, err)
	}()
	return f
}

// land takes in what a flight brought and lets its callers go on.
func (k *KeySet) land(f *flight, discovered bool, next *generation, uri string, err error) {
	last := k.current.Load()
	now := k.cfg.Clock()
	report := Refresh{Issuer: k.cfg.Issuer, Trigger: f.trigger, Result: resultOf(err), Took: now.Sub(f.began)}

	k.mu.Lock()
	if discovered && uri != "" {
		k.jwksURI, k.discovered = uri, now
	}
	if err == nil {
		// Signatures that were checked with the same keys stay checked.
		if last != nil && maps.Equal(last.ring.prints, next.ring.prints) {
			next.ring = last.ring
		}
		k.current.Store(next)
		k.failures, k.lastErr = 0, ""
		k.due = now.Add(refreshIn(next.ttl))
		k.limits.absent.clear()
	} else {
		k.failures++
		k.lastErr = report.Result
		k.due = now.Add(k.retryIn(k.failures))
	}
	k.fetches[FetchCount{Trigger: f.trigger, Result: report.Result}]++
	k.flight = nil
	if g := k.current.Load(); g != nil {
		report.Keys = len(g.ring.keys)
	}
	if err == nil {
		report.Ignored = next.ignored
		report.Added, report.Removed = difference(last, next)
	}
	f.err, f.report = err, report
	k.mu.Unlock()
	close(f.done)
	select {
	case k.wake <- struct{}{}:
	default:
	}

	k.log(report, err)
	if k.cfg.OnRefresh != nil {
		k.cfg.OnRefresh(report)
	}
}

// difference gives the kids of keys that are only in next and only in last. A
// key replaced under its kid is in both.
func difference(last, next *generation) (added, removed []string) {
	var before map[keyPrint]struct{}
	if last != nil {
		before = last.ring.prints
	}
	after := next.ring.prints
	return missingFrom(before, after), missingFrom(after, before)
}

func missingFrom(these, those map[keyPrint]struct{}) (kids []string) {
	for key := range those {
		if _, both := these[key]; !both {
			kids = append(kids, printable(key.keyID))
		}
	}
	slices.Sort(kids)
	return kids
}

func resultOf(err error) string {
	if err == nil {
		return ResultOK
	}
	if e, ok := errors.AsType[*fetchError](err); ok {
		return e.result
	}
	return ResultNetwork
}

func (k *KeySet) log(r Refresh, err error) {
	attrs := []slog.Attr{
		slog.String("issuer", r.Issuer), slog.String("trigger", r.Trigger), slog.String("result", r.Result),
		slog.Int("keys", r.Keys), slog.Duration("took", r.Took),
	}
	ctx := context.Background()
	if err != nil {
		level := slog.LevelWarn
		if r.Result == ResultCanceled {
			level = slog.LevelDebug
		}
		k.cfg.Logger.LogAttrs(ctx, level, "keys not refreshed", append(attrs, slog.String("error", err.Error()))...)
		return
	}
	for _, key := range r.Ignored {
		if key.alarming() {
			k.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "issuer publishes a key that cannot be used",
				slog.String("issuer", r.Issuer), slog.String("kid", key.KeyID), slog.String("reason", key.Reason))
		}
	}
	k.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "keys refreshed",
		append(attrs, slog.Any("added", r.Added), slog.Any("removed", r.Removed))...)
}
