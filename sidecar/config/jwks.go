package config

import (
	"time"

	"github.com/gwctl/gwctl/policy/document"
)

// JWKS says how the keys of an issuer are kept.
type JWKS struct {
	SoftTTL          time.Duration
	MinTTL           time.Duration
	MaxTTL           time.Duration
	StaleFor         time.Duration // 0: keys die at their TTL
	UnknownEvery     time.Duration
	UnknownPerClient int
	UnknownWait      time.Duration
	ReplacedEvery    time.Duration
	NegativeTTL      time.Duration
	NegativeSize     int
	FetchTimeout     time.Duration
	MaxKeys          int
	LastGood         string // file; "" for none
}

// jwks reads the settings; what is left out has its default.
func (r *reader) jwks(o *document.Object) JWKS {
	k := JWKS{
		SoftTTL:          r.duration(o, "soft_ttl", 10*time.Minute, time.Minute, 24*time.Hour),
		MinTTL:           r.duration(o, "min_ttl", 5*time.Minute, time.Minute, 24*time.Hour),
		MaxTTL:           r.duration(o, "max_ttl", time.Hour, time.Minute, 24*time.Hour),
		StaleFor:         r.duration(o, "stale_for", 24*time.Hour, 0, 7*24*time.Hour),
		UnknownEvery:     r.duration(o, "unknown_every", 10*time.Second, time.Second, time.Hour),
		UnknownPerClient: r.integer(o, "unknown_per_client", 3, 1, 60),
		UnknownWait:      r.duration(o, "unknown_wait", time.Second, time.Millisecond, 10*time.Second),
		ReplacedEvery:    r.duration(o, "replaced_every", 5*time.Minute, 10*time.Second, 24*time.Hour),
		NegativeTTL:      r.duration(o, "negative_ttl", 30*time.Second, time.Second, time.Minute),
		NegativeSize:     r.integer(o, "negative_size", 1024, 1, 1<<20),
		FetchTimeout:     r.duration(o, "fetch_timeout", 3*time.Second, 100*time.Millisecond, 30*time.Second),
		MaxKeys:          r.integer(o, "max_keys", 64, 1, 1024),
	}
	if t := o.Text("last_good"); t.IsSet() {
		k.LastGood = r.resolve(t.Value())
	}
	if k.MinTTL > k.MaxTTL {
		r.w.Error(o.Span(), "bad_setting", "make max_ttl the longer of the two", "min_ttl is longer than max_ttl")
	}
	o.Done()
	return k
}
