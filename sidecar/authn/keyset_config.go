package authn

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// KeySetConfig configures a [KeySet]. Every number has a default, which 0
// stands for, and a range outside which NewKeySet refuses it.
type KeySetConfig struct {
	// Issuer is the issuer identifier (OpenID Connect Discovery 1.0 section
	// 3): an https URL without query and fragment, or http on a loopback host.
	Issuer string
	// HTTP fetches the documents; nil means [NewHTTPClient] with loopback
	// allowed only for an issuer on loopback. A client given here keeps its
	// transport and timeout; the rules for redirects, status and body size are
	// the key set's own.
	HTTP *http.Client
	// Clock tells the time; nil means time.Now.
	Clock func() time.Time
	// Logger gets one line for each fetch; nil means none.
	Logger *slog.Logger
	// OnRefresh, if set, is called after each fetch, from its goroutine, for
	// audit and metrics. It must not block.
	OnRefresh func(Refresh)

	// SoftTTL is the age at which keys are due if the response has no
	// max-age: default 10 min. The refresh comes at 70–90 % of it.
	SoftTTL time.Duration
	// MinTTL and MaxTTL clamp max-age: defaults 5 min and 1 h, at least 1 min
	// and at most 24 h.
	MinTTL, MaxTTL time.Duration
	// StaleFor is how old keys may get while fetches fail: default 24 h, at
	// most 7 d. Below zero they die at their soft TTL.
	StaleFor time.Duration
	// DegradedAfter is the number of consecutive failures that counts as
	// degraded: default 2.
	DegradedAfter int
	// BackoffMin and BackoffMax bound the wait after a failure, which doubles
	// in between: defaults 1 s and 60 s.
	BackoffMin, BackoffMax time.Duration

	// UnknownEvery allows one fetch for an unknown kid in this time, without
	// saving up: default 10 s, at least 1 s.
	UnknownEvery time.Duration
	// UnknownPerClient is how many such fetches one client address (IPv6: one
	// /64) can cause in a minute: default 3.
	UnknownPerClient int
	// UnknownWait is how long a request waits for such a fetch: default 1 s, at
	// most 10 s.
	UnknownWait time.Duration
	// ReplacedEvery allows one background fetch in this time for a bad signature
	// under a known kid: default 5 min, at least 10 s.
	ReplacedEvery time.Duration
	// NegativeTTL and NegativeSize bound the memory of kids that a fetch did
	// not bring: defaults 30 s (at most 60 s) and 1024.
	NegativeTTL  time.Duration
	NegativeSize int

	// FetchTimeout bounds one fetch, with discovery where it is due: default 3 s, at most 30 s.
	FetchTimeout time.Duration
	// MaxBody bounds a document in bytes: default 256 KiB, at most 4 MiB.
	MaxBody int64
	// LastGood is a file that keeps the last good keys for a start while the
	// issuer is down: "" means none. It is written with mode 0600 after each fetch
	// and taken if it is at most StaleFor old, and at most a day.
	LastGood string
	// MaxKeys bounds the keys of a document: default 64, at most 1024. More is
	// a failed fetch.
	MaxKeys int
}

const week = 7 * 24 * time.Hour

// withDefaults fills in what is 0 and checks the ranges.
func (c KeySetConfig) withDefaults() (KeySetConfig, error) {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	none := c.StaleFor < 0
	if none {
		c.StaleFor = 0
	}
	err := errors.Join(
		setting("SoftTTL", &c.SoftTTL, 10*time.Minute, time.Minute, 24*time.Hour),
		setting("MinTTL", &c.MinTTL, 5*time.Minute, time.Minute, 24*time.Hour),
		setting("MaxTTL", &c.MaxTTL, time.Hour, time.Minute, 24*time.Hour),
		setting("StaleFor", &c.StaleFor, 24*time.Hour, time.Second, week),
		setting("DegradedAfter", &c.DegradedAfter, 2, 1, 1000),
		setting("BackoffMin", &c.BackoffMin, time.Second, 100*time.Millisecond, time.Minute),
		setting("BackoffMax", &c.BackoffMax, time.Minute, time.Second, time.Hour),
		setting("UnknownEvery", &c.UnknownEvery, 10*time.Second, time.Second, time.Hour),
		setting("UnknownPerClient", &c.UnknownPerClient, 3, 1, 60),
		setting("UnknownWait", &c.UnknownWait, time.Second, time.Millisecond, 10*time.Second),
		setting("ReplacedEvery", &c.ReplacedEvery, 5*time.Minute, 10*time.Second, 24*time.Hour),
		setting("NegativeTTL", &c.NegativeTTL, 30*time.Second, time.Second, time.Minute),
		setting("NegativeSize", &c.NegativeSize, 1024, 1, 1<<20),
		setting("FetchTimeout", &c.FetchTimeout, DefaultTimeout, 100*time.Millisecond, 30*time.Second),
		setting("MaxBody", &c.MaxBody, DefaultMaxBody, 1<<10, 4<<20),
		setting("MaxKeys", &c.MaxKeys, 64, 1, 1024),
	)
	if none {
		c.StaleFor = 0
	}
	if c.MinTTL > c.MaxTTL {
		err = errors.Join(err, errors.New("MinTTL is above MaxTTL"))
	}
	if c.BackoffMin > c.BackoffMax {
		err = errors.Join(err, errors.New("BackoffMin is above BackoffMax"))
	}
	return c, err
}

func setting[T int | int64 | time.Duration](name string, value *T, fallback, low, high T) error {
	if *value == 0 {
		*value = fallback
	}
	if *value < low || *value > high {
		return fmt.Errorf("%s is %v, must be from %v to %v", name, *value, low, high)
	}
	return nil
}

// checkIssuer gives the issuer's URL if documents may be fetched from it.
func checkIssuer(issuer string) (*url.URL, error) {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil, errors.New("not a URL")
	}
	if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errors.New("must have no query and no fragment")
	}
	return u, checkURL(u, loopbackHost(u.Hostname()))
}
