package e2e

import "testing"

// TestMalformed sends, byte by byte, requests that two readers could understand
// differently. The positive twin of all of them is a plain path.
func TestMalformed(t *testing.T) {
	idp, service := startProvider(t, 0), startUpstream(t)
	s := startSidecar(t, setup{issuer: idp.issuer, upstream: service.URL})
	token := bearer(idp.token(t, reader, rs256, allScopes))
	tests := []struct {
		name, method, target string
		headers              []string
		status               int
		code                 string
	}{
		{"dot segments", "GET", "/a/../b", nil, 400, "request_not_canonical"},
		{"dot segments into what is public", "GET", "/tenants/../public", nil, 400, "request_not_canonical"},
		{"encoded dot segments", "GET", "/tenants/acme/orders/%2e%2e/42", nil, 400, "request_not_canonical"},
		{"an encoded slash", "GET", "/tenants/acme/orders%2f42", nil, 400, "request_not_canonical"},
		{"an encoded zero byte", "GET", order42 + "%00", nil, 400, "request_not_canonical"},
		{"a backslash", "GET", `/a\..\b`, nil, 400, "request_not_canonical"},
		{"an empty segment", "GET", "//tenants/acme/orders/42", nil, 400, "request_not_canonical"},
		{"path parameters", "GET", order42 + ";v=1", nil, 400, "request_not_canonical"},
		{"a fragment", "GET", "/public#top", nil, 400, "request_not_canonical"},
		{"a semicolon in the query", "GET", "/public?a=1;b=2", nil, 400, "request_not_canonical"},
		{"a second token", "GET", order42, []string{"Authorization: Bearer x"}, 400, "request_not_canonical"},
		{"a hop-by-hop token", "GET", order42, []string{"Connection: Authorization"}, 400, "hop_by_hop_abuse"},
		{"a hop-by-hop identity", "GET", order42, []string{"Connection: X-User-ID"}, 400, "hop_by_hop_abuse"},
		{"TRACE", "TRACE", order42, nil, 405, "method_not_allowed"},
		{"a method in small letters", "get", order42, nil, 405, "method_not_allowed"},
	}
	before := service.count.Load()
	answers := make([]answer, len(tests))
	for i, test := range tests {
		answers[i] = s.expect(t, request(test.method, test.target, append(test.headers, token)...), test.status, test.code)
	}
	if n := service.count.Load() - before; n > 0 {
		t.Errorf("the upstream was asked %d times", n)
	}
	// Records are written in batches, so they come last.
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if e := s.record(t, answers[i]); e.Event != "request_rejected" || e.Reason != test.code || e.Status != test.status {
				t.Errorf("record is %+v", e)
			}
		})
	}
	s.expect(t, request("GET", order42, token), 200, "")
}
