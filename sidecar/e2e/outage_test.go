package e2e

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// mostRecovery bounds the time from the first probe that can succeed to the
// first opaque token that is accepted again.
const mostRecovery = 5 * time.Second

// A88 and the matrix of outages: TestProviderOutages puts toxiproxy between gwctl and a real provider and lets
// it fail in four ways under constant load. What gwctl knows it goes on serving;
// what it does not know is 503, never 401 and never 403.
func TestProviderOutages(t *testing.T) {
	for name, outage := range map[string]struct{ begin, end func(testing.TB, *toxic) }{
		"down": {func(t testing.TB, x *toxic) { x.down(t) }, func(t testing.TB, x *toxic) { x.up(t) }},
		"3 s latency": {func(t testing.TB, x *toxic) { x.add(t, "latency", `{"latency": 3000}`) },
			func(t testing.TB, x *toxic) { x.remove(t, "latency") }},
		"slow body": {func(t testing.TB, x *toxic) { x.add(t, "slicer", `{"average_size": 1, "delay": 20000}`) },
			func(t testing.TB, x *toxic) { x.remove(t, "slicer") }},
		"reset": {func(t testing.TB, x *toxic) { x.add(t, "reset_peer", `{"timeout": 0}`) },
			func(t testing.TB, x *toxic) { x.remove(t, "reset_peer") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testOutage(t, outage.begin, outage.end)
		})
	}
}

func testOutage(t *testing.T, begin, end func(testing.TB, *toxic)) {
	idp, way := startProviderBehind(t)
	service := startUpstream(t)
	endpoint := idp.issuer + "/token/introspection"
	// No JWT is remembered: each is verified with the keys that are there.
	// Three seconds of latency are beyond what keys may take.
	s := startSidecar(t, setup{issuer: idp.issuer, upstream: service.URL, jwt: ", token_cache: 0, jwks: {fetch_timeout: 2s}", methods: introspect(t, endpoint, time.Minute, "")})
	breaker := func() float64 { return s.metric(t, `gwctl_idp_breaker_state{endpoint="`+endpoint+`"}`) }
	order := func(token string) string { return request("GET", order42, bearer(token)) }
	same := func(token string) func() (string, error) {
		text := order(token)
		return func() (string, error) { return text, nil }
	}

	m := startMix(t)
	valid, cached := idp.token(t, reader, rs256, allScopes), idp.token(t, reader, opaque, allScopes)
	s.expect(t, order(cached), 200, "")
	always := func(status string) map[int32]string {
		return map[int32]string{phaseHealthy: status, phaseBetween: status, phaseOutage: status, phaseRecovered: status}
	}
	part := strings.Split(valid, ".")
	forged := part[0] + "." + part[1] + "." + strings.Split(idp.token(t, stranger, rs256, allScopes), ".")[2]
	var n atomic.Int64
	const pace = 20 * time.Millisecond
	for _, k := range []kind{
		{"a valid JWT", 1, pace / 2, same(valid), always(" 200 ")},
		{"a forged JWT", 1, pace, same(forged), always(" 401 ")},
		{"a remembered opaque token", 1, pace, same(cached), always(" 200 ")},
		{"a new opaque token", 1, 2 * pace, func() (string, error) {
			token, err := idp.grant(t.Context(), reader, opaque, allScopes)
			return order(token), err
		}, map[int32]string{phaseHealthy: " 200 ", phaseBetween: " 200 503 ", phaseOutage: " 503 ", phaseRecovered: " 200 "}},
		{"an unknown opaque token", 4, 2 * pace, func() (string, error) {
			return order(fmt.Sprint("nobody-has-issued-", n.Add(1))), nil
		}, map[int32]string{phaseHealthy: " 401 ", phaseBetween: " 401 503 ", phaseOutage: " 503 ", phaseRecovered: " 401 "}},
	} {
		m.add(s, k)
	}
	eventually(t, 10*time.Second, "load", func() bool {
		return m.count("a new opaque token", phaseHealthy, 200) > 5 && m.count("an unknown opaque token", phaseHealthy, 401) > 5
	})

	m.phase.Store(phaseBetween)
	begin(t, way)
	// The provider goes on behind its trouble: it has new keys that gwctl has
	// never seen.
	idp.rotate(t)
	m.add(s, kind{"a JWT with a new key", 2, pace, same(idp.token(t, reader, es256, allScopes)),
		map[int32]string{phaseBetween: " 200 503 ", phaseOutage: " 503 ", phaseRecovered: " 200 "}})
	eventually(t, 10*time.Second, "the breaker to open", func() bool { return breaker() == 2 })
	m.phase.Store(phaseOutage)
	eventually(t, 20*time.Second, "answers in the outage", func() bool {
		return m.count("a new opaque token", phaseOutage, 503) > 20 && m.count("a JWT with a new key", phaseOutage, 503) > 3 &&
			m.count("a valid JWT", phaseOutage, 200) > 50
	})
	if status, body := s.get("/readyz"); status != 200 {
		t.Errorf("/readyz: %d %s", status, body)
	}

	m.phase.Store(phaseBetween)
	before := m.count("a new opaque token", phaseBetween, 200)
	end(t, way)
	returned := time.Now()
	eventually(t, 40*time.Second, "a probe", func() bool { return breaker() != 2 })
	probed := time.Now()
	eventually(t, 40*time.Second, "opaque tokens to be accepted", func() bool { return m.count("a new opaque token", phaseBetween, 200) > before })
	took := time.Since(probed)
	t.Logf("a probe %v after the return, opaque tokens accepted %v later", probed.Sub(returned).Round(time.Millisecond), took.Round(time.Millisecond))
	if took > mostRecovery {
		t.Errorf("recovery took %v from the first probe", took)
	}
	eventually(t, 40*time.Second, "the new keys", func() bool { return m.count("a JWT with a new key", phaseBetween, 200) > 0 })
	t.Logf("new keys accepted %v after the return", time.Since(returned).Round(time.Millisecond))
	m.phase.Store(phaseRecovered)
	eventually(t, 10*time.Second, "answers after it", func() bool {
		return m.count("a new opaque token", phaseRecovered, 200) > 5 && m.count("an unknown opaque token", phaseRecovered, 401) > 5 &&
			m.count("a JWT with a new key", phaseRecovered, 200) > 5 && m.count("a forged JWT", phaseRecovered, 401) > 5
	})
	m.stop(t)
	eventually(t, 10*time.Second, "a record of each 503", func() bool {
		records := 0
		for _, line := range s.stdout.from(0) {
			if strings.Contains(line, `"status":503`) {
				records++
			}
		}
		return records == m.statuses[503]
	})
}
