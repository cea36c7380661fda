package health

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestMetrics(t *testing.T) {
	m := NewMetrics()
	m.Decision("proxy", "allow", "allowed", 3*time.Microsecond)
	m.Decision("proxy", "allow", "allowed", 30*time.Microsecond)
	m.Decision("ext_authz", "deny", "no_matching_rule", time.Minute)
	m.Authn("jwt", "ok")
	m.HeadersDropped("underscore", 3)
	m.HeadersDropped("underscore", 0)
	m.HeadersDropped("underscore", -1)
	m.AttributesDropped(2)
	m.AttributesDropped(-2)
	m.Rejected("bad_path")
	m.Verified(true)
	m.Verified(true)
	m.Verified(false)
	m.InFlight(1)
	m.InFlight(1)
	m.InFlight(-1)
	m.Reload(true, time.UnixMilli(1_768_471_200_500))
	m.Reload(false, time.UnixMilli(1_768_471_300_000))
	m.JWKS(func() []JWKSStatus { t.Error("a replaced function is called"); return nil })
	m.JWKS(func() []JWKSStatus {
		return []JWKSStatus{
			{Issuer: "https://idp.example.com", Age: 12.5, Fetches: []JWKSFetch{
				{"ok", "scheduled", 4}, {"failed", "unknown_kid", 2}, {"Not A Word", "x", 1}, {"another one", "x", 2},
			}, Known: 40, Looked: 3},
			{Issuer: "https://idp.example.com", Age: 3, Fetches: []JWKSFetch{{"ok", "scheduled", 1}}, Known: 2},
			{Issuer: "https://down.example.com/\xff", Age: -1},
			{Issuer: "https://new.example.com/" + strings.Repeat("é", 300), Age: 0},
		}
	})
	m.ShadowDiff("orders/tried", "allow", "deny")
	m.ShadowDiff("", "allow", "deny")
	m.Audit(func() []AuditStats {
		return []AuditStats{{Sink: "file", Written: 10, Dropped: 2, Lost: 1, Queued: 4, Failed: 3}, {Sink: "stdout", Written: 12}}
	})
	want := `
# HELP gwctl_attributes_dropped_total Attribute values from somebody who may not supply them, or undeclared.
# TYPE gwctl_attributes_dropped_total counter
gwctl_attributes_dropped_total 2
# HELP gwctl_audit_queued Audit records not written yet, by sink.
# TYPE gwctl_audit_queued gauge
gwctl_audit_queued{sink="file"} 4
gwctl_audit_queued{sink="stdout"} 0
# HELP gwctl_audit_records_total Audit records by sink and what became of them.
# TYPE gwctl_audit_records_total counter
gwctl_audit_records_total{result="dropped",sink="file"} 2
gwctl_audit_records_total{result="lost",sink="file"} 1
gwctl_audit_records_total{result="written",sink="file"} 10
gwctl_audit_records_total{result="dropped",sink="stdout"} 0
gwctl_audit_records_total{result="lost",sink="stdout"} 0
gwctl_audit_records_total{result="written",sink="stdout"} 12
# HELP gwctl_audit_write_failures_total Failed attempts to write to an audit sink.
# TYPE gwctl_audit_write_failures_total counter
gwctl_audit_write_failures_total{sink="file"} 3
gwctl_audit_write_failures_total{sink="stdout"} 0
# HELP gwctl_authn_total Credentials judged, by method and result.
# TYPE gwctl_authn_total counter
gwctl_authn_total{method="jwt",result="ok"} 1
# HELP gwctl_config_last_reload_success_timestamp_seconds Time of the last reload that was taken.
# TYPE gwctl_config_last_reload_success_timestamp_seconds gauge
gwctl_config_last_reload_success_timestamp_seconds 1.7684712005e+09
# HELP gwctl_config_last_reload_successful 1 if the last reload was taken, else 0.
# TYPE gwctl_config_last_reload_successful gauge
gwctl_config_last_reload_successful 0
# HELP gwctl_config_reloads_total Reloads of the configuration, by result.
# TYPE gwctl_config_reloads_total counter
gwctl_config_reloads_total{result="failed"} 1
gwctl_config_reloads_total{result="ok"} 1
# HELP gwctl_decisions_total Decisions by door, effect and reason code.
# TYPE gwctl_decisions_total counter
gwctl_decisions_total{door="ext_authz",effect="deny",reason="no_matching_rule"} 1
gwctl_decisions_total{door="proxy",effect="allow",reason="allowed"} 2
# HELP gwctl_headers_dropped_total Request headers removed, by reason.
# TYPE gwctl_headers_dropped_total counter
gwctl_headers_dropped_total{reason="underscore"} 3
# HELP gwctl_jwks_age_seconds Time since an issuer's key set was last fetched.
# TYPE gwctl_jwks_age_seconds gauge
gwctl_jwks_age_seconds{issuer="https://idp.example.com"} 12.5
gwctl_jwks_age_seconds{issuer="https://new.example.com/` + strings.Repeat("é", 116) + `"} 0
# HELP gwctl_jwks_fetch_total Fetches of an issuer's key set, by result and trigger.
# TYPE gwctl_jwks_fetch_total counter
gwctl_jwks_fetch_total{issuer="https://idp.example.com",result="failed",trigger="unknown_kid"} 2
gwctl_jwks_fetch_total{issuer="https://idp.example.com",result="ok",trigger="scheduled"} 5
gwctl_jwks_fetch_total{issuer="https://idp.example.com",result="other",trigger="x"} 3
# HELP gwctl_requests_in_flight Requests being served.
# TYPE gwctl_requests_in_flight gauge
gwctl_requests_in_flight 1
# HELP gwctl_requests_rejected_total Requests refused as malformed or over a limit, by reason.
# TYPE gwctl_requests_rejected_total counter
gwctl_requests_rejected_total{reason="bad_path"} 1
# HELP gwctl_shadow_diff_total Decisions that shadow rules would have turned, by the rule that would decide.
# TYPE gwctl_shadow_diff_total counter
gwctl_shadow_diff_total{from="allow",rule="none",to="deny"} 1
gwctl_shadow_diff_total{from="allow",rule="orders/tried",to="deny"} 1
# HELP gwctl_token_cache_total Tokens of an issuer by whether their signature had been verified before.
# TYPE gwctl_token_cache_total counter
gwctl_token_cache_total{issuer="https://down.example.com/",result="hit"} 0
gwctl_token_cache_total{issuer="https://down.example.com/",result="miss"} 0
gwctl_token_cache_total{issuer="https://idp.example.com",result="hit"} 42
gwctl_token_cache_total{issuer="https://idp.example.com",result="miss"} 3
gwctl_token_cache_total{issuer="https://new.example.com/` + strings.Repeat("é", 116) + `",result="hit"} 0
gwctl_token_cache_total{issuer="https://new.example.com/` + strings.Repeat("é", 116) + `",result="miss"} 0
# HELP gwctl_verify_total Decisions evaluated once more with CEL, by what came of it.
# TYPE gwctl_verify_total counter
gwctl_verify_total{result="different"} 1
gwctl_verify_total{result="same"} 2
`
	var names []string
	for line := range strings.Lines(want) {
		if name, ok := strings.CutPrefix(line, "# TYPE "); ok {
			names = append(names, strings.Fields(name)[0])
		}
	}
	if err := testutil.GatherAndCompare(m.registry, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
	// Whatever is not compared above must at least be there.
	for _, name := range []string{"gwctl_decision_duration_seconds", "gwctl_build_info", "go_goroutines", "process_cpu_seconds_total"} {
		if n, err := testutil.GatherAndCount(m.registry, name); err != nil || n != 1 {
			t.Errorf("%d of %s, want 1 (%v)", n, name, err)
		}
	}
}

func TestMetricNames(t *testing.T) {
	m := NewMetrics()
	m.Decision("proxy", "allow", "allowed", 0)
	m.Authn("jwt", "ok")
	m.HeadersDropped("x", 1)
	m.Rejected("x")
	m.Audit(func() []AuditStats { return []AuditStats{{}} })
	m.JWKS(func() []JWKSStatus { return []JWKSStatus{{Fetches: []JWKSFetch{{}}}} })
	problems, err := testutil.GatherAndLint(m.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestUnsetSources(t *testing.T) {
	m := NewMetrics()
	m.JWKS(nil)
	m.Audit(nil)
	if n, err := testutil.GatherAndCount(m.registry, "gwctl_jwks_age_seconds", "gwctl_audit_queued"); n != 0 || err != nil {
		t.Errorf("%d metrics, %v", n, err)
	}
}

func TestLabelsAreBounded(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"code":       {"no_matching_rule", "no_matching_rule"},
		"digits":     {"status_451", "status_451"},
		"at bound":   {strings.Repeat("a", maxLabel), strings.Repeat("a", maxLabel)},
		"over bound": {strings.Repeat("a", maxLabel+1), other},
		"empty":      {"", other},
		"capitals":   {"Expired", other},
		"text":       {"bad token", other},
		"line end":   {"x\n", other},
		"quote":      {`x"`, other},
		"not UTF-8":  {"\xff", other},
		"not ASCII":  {"é", other},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := NewMetrics()
			m.Decision("proxy", "deny", tt.in, 0)
			m.Authn(tt.in, tt.in)
			m.HeadersDropped(tt.in, 1)
			m.Rejected(tt.in)
			for what, c := range map[string]prometheus.Counter{
				"decisions": m.decisions.WithLabelValues("proxy", "deny", tt.want),
				"authn":     m.authn.WithLabelValues(tt.want, tt.want),
				"headers":   m.headersDropped.WithLabelValues(tt.want),
				"rejected":  m.rejected.WithLabelValues(tt.want),
			} {
				if got := testutil.ToFloat64(c); got != 1 {
					t.Errorf("%s are not counted under %q", what, tt.want)
				}
			}
		})
	}
}

func TestDoorsAndEffectsAreFixed(t *testing.T) {
	m := NewMetrics()
	m.Decision("forward_auth", "allow", "allowed", 0)
	m.Decision("authzen", "maybe", "allowed", 0)
	m.Decision("door_of_a_client", "deny", "allowed", math.MinInt64)
	for _, labels := range [][]string{{"forward_auth", "allow"}, {"authzen", other}, {other, "deny"}} {
		if got := testutil.ToFloat64(m.decisions.WithLabelValues(labels[0], labels[1], "allowed")); got != 1 {
			t.Errorf("%v is counted %v times", labels, got)
		}
	}
}

func TestOwnRegistry(t *testing.T) {
	NewMetrics()
	NewMetrics() // no clash between two
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "gwctl_") {
			t.Errorf("%s is in the default registry", f.GetName())
		}
	}
}

func BenchmarkDecision(b *testing.B) {
	m := NewMetrics()
	b.ReportAllocs()
	for b.Loop() {
		m.Decision("ext_authz", "deny", "no_matching_rule", time.Microsecond)
	}
}
