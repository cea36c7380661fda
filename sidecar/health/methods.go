package health

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Methods is the state of the methods of authentication that have one.
type Methods struct {
	Introspection []Introspection
	APIKeys       []APIKey
}

// Introspection is the state of an authorization server that is asked about
// tokens.
type Introspection struct {
	Endpoint string // the configured one
	Breaker  string // closed, half_open or open
	InFlight int    // tokens that are being asked about
	Results  []IntrospectionResult
}

// IntrospectionResult counts the tokens with one result.
type IntrospectionResult struct {
	Result string // "hit", "active", …
	Count  uint64
}

// APIKey is the state of the keys of one id, which comes from a file of the
// operator and never from a request.
type APIKey struct {
	ID       string
	LastUsed time.Time // zero if never in this process
	Expires  time.Time
}

var (
	introspections = prometheus.NewDesc("gwctl_introspection_cache_total", "Tokens for introspection, by what came of them.",
		[]string{"endpoint", "result"}, nil)
	introspecting = prometheus.NewDesc("gwctl_introspection_in_flight", "Tokens that an authorization server is being asked about.",
		[]string{"endpoint"}, nil)
	breakerState = prometheus.NewDesc("gwctl_idp_breaker_state", "Whether an authorization server is called: 0 closed, 1 half open, 2 open.",
		[]string{"endpoint"}, nil)
	keyUsed = prometheus.NewDesc("gwctl_api_key_last_used_timestamp_seconds", "When an API key was last accepted by this process.",
		[]string{"id"}, nil)
	keyExpires = prometheus.NewDesc("gwctl_api_key_expiry_timestamp_seconds", "When the last API key of an id expires.",
		[]string{"id"}, nil)
)

func describeMethods(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{introspections, introspecting, breakerState, keyUsed, keyExpires} {
		out <- d
	}
}

// collectMethods takes each endpoint and id once: two metrics that are alike
// would make the whole scrape fail.
func collectMethods(out chan<- prometheus.Metric, m Methods) {
	seen := map[string]bool{}
	for _, i := range m.Introspection {
		endpoint := labelText(i.Endpoint)
		if seen[endpoint] {
			continue
		}
		seen[endpoint] = true
		results := map[string]uint64{}
		for _, r := range i.Results {
			results[label(r.Result)] += r.Count
		}
		for result, n := range results {
			out <- counter(introspections, n, endpoint, result)
		}
		out <- gauge(introspecting, float64(i.InFlight), endpoint)
		out <- gauge(breakerState, breakerValue(i.Breaker), endpoint)
	}
	ids := map[string]bool{}
	for _, k := range m.APIKeys {
		id := labelText(k.ID)
		if ids[id] {
			continue
		}
		ids[id] = true
		if !k.LastUsed.IsZero() {
			out <- gauge(keyUsed, float64(k.LastUsed.Unix()), id)
		}
		out <- gauge(keyExpires, float64(k.Expires.Unix()), id)
	}
}

func breakerValue(state string) float64 {
	switch state {
	case "closed":
		return 0
	case "half_open":
		return 1
	}
	return 2
}

// Methods names the function that tells about the methods of authentication at
// every scrape; it may be called from several goroutines. A later call replaces
// it.
func (m *Metrics) Methods(status func() Methods) { m.sources.methods.Store(&status) }
