package health

import (
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

const maxText = 256 // bytes of a label that is a text of the configuration

// JWKSStatus is the state of one issuer's key set.
type JWKSStatus struct {
	Issuer  string      // the configured issuer, never one out of a token
	Age     float64     // seconds since the last good fetch, negative if there was none
	Fetches []JWKSFetch // so far in this process
	Known   uint64      // tokens whose signature had been verified before
	Looked  uint64      // tokens that had to be looked at
}

// JWKSFetch counts the fetches of a key set with one result and trigger.
type JWKSFetch struct {
	Result  string // "ok", "failed", …
	Trigger string // "scheduled", "unknown_kid", …
	Count   uint64
}

// AuditStats are the counters of one sink of the audit log, field by field those
// of the log itself.
type AuditStats struct {
	Sink    string // a code word: stdout, file, file_2, …
	Written uint64 // in the sink
	Dropped uint64 // found the queue full, as a gap record says
	Lost    uint64 // came too late or were given up
	Queued  uint64 // not in the sink yet
	Failed  uint64 // attempts to write that failed; no events
}

// CertificateStatus is the end of a certificate in use.
type CertificateStatus struct {
	Use     string  // "listener", "client_ca", "upstream" or "upstream_ca"
	Expires float64 // seconds from now, negative if it is over
}

// sources collects at scrape time what others count themselves.
type sources struct {
	jwks  atomic.Pointer[func() []JWKSStatus]
	audit atomic.Pointer[func() []AuditStats]

	methods      atomic.Pointer[func() Methods]
	certificates atomic.Pointer[func() []CertificateStatus]
}

var (
	jwksFetches = prometheus.NewDesc("gwctl_jwks_fetch_total", "Fetches of an issuer's key set, by result and trigger.",
		[]string{"issuer", "result", "trigger"}, nil)
	jwksAge = prometheus.NewDesc("gwctl_jwks_age_seconds", "Time since an issuer's key set was last fetched.",
		[]string{"issuer"}, nil)
	tokens = prometheus.NewDesc("gwctl_token_cache_total", "Tokens of an issuer by whether their signature had been verified before.",
		[]string{"issuer", "result"}, nil)
	auditRecords = prometheus.NewDesc("gwctl_audit_records_total", "Audit records by sink and what became of them.",
		[]string{"sink", "result"}, nil)
	auditFailures = prometheus.NewDesc("gwctl_audit_write_failures_total", "Failed attempts to write to an audit sink.", []string{"sink"}, nil)
	certExpiry    = prometheus.NewDesc("gwctl_certificate_expiry_seconds", "Time until the first certificate of a use ends.", []string{"use"}, nil)
	auditQueued   = prometheus.NewDesc("gwctl_audit_queued", "Audit records not written yet, by sink.", []string{"sink"}, nil)
)

// Describe is part of prometheus.Collector.
func (s *sources) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{jwksFetches, jwksAge, tokens, auditRecords, auditFailures, auditQueued, certExpiry} {
		out <- d
	}
	describeMethods(out)
}

// Collect is part of prometheus.Collector.
func (s *sources) Collect(out chan<- prometheus.Metric) {
	if f := s.jwks.Load(); f != nil && *f != nil {
		collectJWKS(out, (*f)())
	}
	if f := s.methods.Load(); f != nil && *f != nil {
		collectMethods(out, (*f)())
	}
	if f := s.certificates.Load(); f != nil && *f != nil {
		first := map[string]float64{}
		for _, c := range (*f)() {
			if least, ok := first[label(c.Use)]; !ok || c.Expires < least {
				first[label(c.Use)] = c.Expires
			}
		}
		for use, seconds := range first {
			out <- gauge(certExpiry, seconds, use)
		}
	}
	if f := s.audit.Load(); f != nil && *f != nil {
		for _, a := range (*f)() { // no two sinks have one name
			sink := label(a.Sink)
			for result, n := range map[string]uint64{"written": a.Written, "dropped": a.Dropped, "lost": a.Lost} {
				out <- counter(auditRecords, n, sink, result)
			}
			out <- counter(auditFailures, a.Failed, sink)
			out <- gauge(auditQueued, float64(a.Queued), sink)
		}
	}
}

// collectJWKS adds up what has the same labels: two metrics that are alike
// would make the whole scrape fail.
func collectJWKS(out chan<- prometheus.Metric, all []JWKSStatus) {
	type labels struct{ issuer, result, trigger string }
	fetches := make(map[labels]uint64)
	ages := make(map[string]float64)
	known := make(map[[2]string]uint64)
	for _, s := range all {
		issuer := labelText(s.Issuer)
		for _, f := range s.Fetches {
			fetches[labels{issuer, label(f.Result), label(f.Trigger)}] += f.Count
		}
		if s.Age >= 0 {
			ages[issuer] = max(ages[issuer], s.Age)
		}
		known[[2]string{issuer, "hit"}] += s.Known
		known[[2]string{issuer, "miss"}] += s.Looked
	}
	for l, n := range known {
		out <- counter(tokens, n, l[0], l[1])
	}
	for l, n := range fetches {
		out <- counter(jwksFetches, n, l.issuer, l.result, l.trigger)
	}
	for issuer, age := range ages {
		out <- gauge(jwksAge, age, issuer)
	}
}

func labelText(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxText)], "")
}

func counter(d *prometheus.Desc, n uint64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
}

func gauge(d *prometheus.Desc, v float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}
