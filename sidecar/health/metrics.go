package health

import (
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// other stands for a label value that is not one of ours.
const other = "other"

const maxLabel = 64 // bytes of a label value

// Metrics holds the counters of one process in a registry of their own. Its
// methods may be called from any goroutine.
//
// Label values are code words: `[a-z0-9_]+`, at most 64 bytes. Anything else
// is counted as "other", so that no text from outside can become a label.
type Metrics struct {
	registry *prometheus.Registry

	decisions         *prometheus.CounterVec
	decided           counters[decision]
	decisionDuration  prometheus.Histogram
	authn             *prometheus.CounterVec
	judged            counters[[2]string] // method and result
	headersDropped    *prometheus.CounterVec
	attributesDropped prometheus.Counter
	rejected          *prometheus.CounterVec
	verified          *prometheus.CounterVec
	shadow            *prometheus.CounterVec
	handshakes        *prometheus.CounterVec
	http2Errors       *prometheus.CounterVec
	inFlight          prometheus.Gauge
	reloads           *prometheus.CounterVec
	reloadOK          prometheus.Gauge
	reloadSuccess     prometheus.Gauge
	sources           *sources
}

// NewMetrics makes the metrics of a process, among them those of the Go
// runtime, the process and the build.
func NewMetrics() *Metrics {
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &Metrics{
		registry:  prometheus.NewRegistry(),
		decisions: counters("gwctl_decisions_total", "Decisions by door, effect and reason code.", "door", "effect", "reason"),
		decisionDuration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "gwctl_decision_duration_seconds", Help: "Time to reach a decision.",
			// A decision takes microseconds; with an attribute source, milliseconds.
			Buckets: []float64{1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 0.1, 0.5, 2.5},
		}),
		authn:          counters("gwctl_authn_total", "Credentials judged, by method and result.", "method", "result"),
		headersDropped: counters("gwctl_headers_dropped_total", "Request headers removed, by reason.", "reason"),
		attributesDropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "gwctl_attributes_dropped_total", Help: "Attribute values from somebody who may not supply them, or undeclared.",
		}),
		rejected:    counters("gwctl_requests_rejected_total", "Requests refused as malformed or over a limit, by reason.", "reason"),
		verified:    counters("gwctl_verify_total", "Decisions evaluated once more with CEL, by what came of it.", "result"),
		handshakes:  counters("gwctl_tls_handshake_failures_total", "TLS handshakes of clients that failed, by result.", "result"),
		http2Errors: counters("gwctl_http2_errors_total", "Faults of HTTP/2 clients, by kind.", "kind"),
		shadow: counters("gwctl_shadow_diff_total", "Decisions that shadow rules would have turned, by the rule that would decide.",
			"rule", "from", "to"),
		inFlight:      gauge("gwctl_requests_in_flight", "Requests being served."),
		reloads:       counters("gwctl_config_reloads_total", "Reloads of the configuration, by result.", "result"),
		reloadOK:      gauge("gwctl_config_last_reload_successful", "1 if the last reload was taken, else 0."),
		reloadSuccess: gauge("gwctl_config_last_reload_success_timestamp_seconds", "Time of the last reload that was taken."),
		sources:       new(sources),
	}
	m.decided.of = func(d decision) prometheus.Counter { return m.decisions.WithLabelValues(d.labels()...) }
	m.judged.of = func(of [2]string) prometheus.Counter { return m.authn.WithLabelValues(label(of[0]), label(of[1])) }
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "gwctl_build_info", Help: "1, labelled with the version of gwctl.", ConstLabels: prometheus.Labels{"version": Version()},
	})
	build.Set(1)
	// A rate needs its counter to be there before the first event.
	m.reloads.WithLabelValues("ok")
	m.reloads.WithLabelValues("failed")
	m.verified.WithLabelValues("same")
	m.verified.WithLabelValues("different")
	m.registry.MustRegister(
		m.decisions, m.decisionDuration, m.authn, m.headersDropped, m.attributesDropped, m.rejected, m.verified, m.shadow, m.handshakes, m.http2Errors, m.inFlight,
		m.reloads, m.reloadOK, m.reloadSuccess, m.sources, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// Decision counts one decision and the time d it took. The door is proxy,
// forward_auth, ext_authz or authzen, the effect allow or deny, the reason the
// decision's code.
func (m *Metrics) Decision(door, effect, reason string, d time.Duration) {
	m.decided.get(decision{door, effect, reason}).Inc()
	m.decisionDuration.Observe(max(d, 0).Seconds()) // a clock may step back
}

// decision is what a decision is counted by.
type decision struct{ door, effect, reason string }

func (d decision) labels() []string {
	switch d.door {
	case "proxy", "forward_auth", "ext_authz", "authzen":
	default:
		d.door = other
	}
	if d.effect != "allow" && d.effect != "deny" {
		d.effect = other
	}
	return []string{d.door, d.effect, label(d.reason)}
}

// Authn counts one credential that a method has judged.
func (m *Metrics) Authn(method, result string) {
	m.judged.get([2]string{method, result}).Inc()
}

// HeadersDropped counts n request headers that were removed for one reason.
func (m *Metrics) HeadersDropped(reason string, n int) {
	if n > 0 {
		m.headersDropped.WithLabelValues(label(reason)).Add(float64(n))
	}
}

// AttributesDropped counts n attribute values that nobody asked for or that
// came from somebody who may not supply them.
func (m *Metrics) AttributesDropped(n int) {
	if n > 0 {
		m.attributesDropped.Add(float64(n))
	}
}

// Rejected counts one request that got no decision because it was malformed
// or over a limit.
func (m *Metrics) Rejected(reason string) {
	m.rejected.WithLabelValues(label(reason)).Inc()
}

// Verified counts one decision that was evaluated once more. Same is false
// where the two evaluations differ.
func (m *Metrics) Verified(same bool) {
	result := "different"
	if same {
		result = "same"
	}
	m.verified.WithLabelValues(result).Inc()
}

// ShadowDiff counts one decision that would have had another effect with the
// shadow rules enforced. The rule is the one that would have decided, as
// policy/rule, "" for none.
func (m *Metrics) ShadowDiff(rule, from, to string) {
	if rule == "" {
		rule = "none"
	}
	m.shadow.WithLabelValues(labelText(rule), label(from), label(to)).Inc()
}

// HandshakeFailed counts one TLS handshake of a client that failed.
func (m *Metrics) HandshakeFailed(result string) { m.handshakes.WithLabelValues(label(result)).Inc() }

// HTTP2Error counts one fault of an HTTP/2 client, by the kind that net/http's
// server gives it.
func (m *Metrics) HTTP2Error(kind string) { m.http2Errors.WithLabelValues(label(kind)).Inc() }

// InFlight adds delta to the number of requests being served: 1 at a request's
// start, -1 at its end.
func (m *Metrics) InFlight(delta int) { m.inFlight.Add(float64(delta)) }

// Reload tells the outcome of a reload that ended at the given time. The first
// load of a process counts, too.
func (m *Metrics) Reload(ok bool, at time.Time) {
	if !ok {
		m.reloads.WithLabelValues("failed").Inc()
		m.reloadOK.Set(0)
		return
	}
	m.reloads.WithLabelValues("ok").Inc()
	m.reloadOK.Set(1)
	m.reloadSuccess.Set(float64(at.UnixMilli()) / 1000)
}

// JWKS names the function that tells about the key sets at every scrape; it
// may be called from several goroutines. A later call replaces it.
func (m *Metrics) JWKS(status func() []JWKSStatus) { m.sources.jwks.Store(&status) }

// Audit names the function that tells about the audit log at every scrape; it
// may be called from several goroutines. A later call replaces it.
func (m *Metrics) Audit(stats func() []AuditStats) { m.sources.audit.Store(&stats) }

// Certificates names the function that tells about the certificates in use at
// every scrape; it may be called from several goroutines. A later call replaces
// it.
func (m *Metrics) Certificates(status func() []CertificateStatus) {
	m.sources.certificates.Store(&status)
}

func label(s string) string {
	if s == "" || len(s) > maxLabel {
		return other
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return other
		}
	}
	return s
}

// Version is the version that the build stamped into the binary.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
