package health

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// What the methods of authentication tell is published once a name, and no text
// becomes a result.
func TestMethods(t *testing.T) {
	m := NewMetrics()
	m.Methods(func() Methods {
		return Methods{
			Introspection: []Introspection{
				{Endpoint: "https://idp.example.com", Breaker: "open", InFlight: 3, Results: []IntrospectionResult{{"hit", 5}, {"A text", 1}, {"another", 2}, {"other", 4}}},
				{Endpoint: "https://idp.example.com", Breaker: "closed"},
				{Endpoint: "https://half.example.com", Breaker: "half_open"},
				{Endpoint: "https://good.example.com", Breaker: "closed"},
			},
			APIKeys: []APIKey{
				{ID: "job", LastUsed: time.Unix(1_768_471_200, 0), Expires: time.Unix(1_768_481_200, 0)},
				{ID: "idle", Expires: time.Unix(1_768_481_300, 0)},
				{ID: "job", Expires: time.Unix(1, 0)},
			},
		}
	})
	w := httptest.NewRecorder()
	Handler(&State{}, m).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	var got []string
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "gwctl_introspection") || strings.HasPrefix(line, "gwctl_idp") || strings.HasPrefix(line, "gwctl_api_key") {
			got = append(got, line)
		}
	}
	want := `gwctl_api_key_expiry_timestamp_seconds{id="idle"} 1.7684813e+09
gwctl_api_key_expiry_timestamp_seconds{id="job"} 1.7684812e+09
gwctl_api_key_last_used_timestamp_seconds{id="job"} 1.7684712e+09
gwctl_idp_breaker_state{endpoint="https://good.example.com"} 0
gwctl_idp_breaker_state{endpoint="https://half.example.com"} 1
gwctl_idp_breaker_state{endpoint="https://idp.example.com"} 2
gwctl_introspection_cache_total{endpoint="https://idp.example.com",result="another"} 2
gwctl_introspection_cache_total{endpoint="https://idp.example.com",result="hit"} 5
gwctl_introspection_cache_total{endpoint="https://idp.example.com",result="other"} 5
gwctl_introspection_in_flight{endpoint="https://good.example.com"} 0
gwctl_introspection_in_flight{endpoint="https://half.example.com"} 0
gwctl_introspection_in_flight{endpoint="https://idp.example.com"} 3
`
	if text := strings.Join(got, ""); text != want {
		t.Errorf("got\n%s", text)
	}
}
