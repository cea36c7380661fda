package dev

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

func TestEcho(t *testing.T) {
	srv := httptest.NewServer(Echo())
	defer srv.Close()
	req, err := http.NewRequest("PUT", srv.URL+"/a%2Fb/%41;x//c?q=1&&r=%zz", strings.NewReader("12345"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{
		"X-User-Id": {"alice"}, "X-User-Roles": {"a", "b"}, "Authorization": {"Bearer s3cret", "Basic s3cret"},
		"X-Auth-Claims": {"shown"}, "X-Forwarded-Authorization": {"s3cret"}, "proxy_Authorization": {"s3cret"}, "Cookie": {"sid=s3cret"}, "X.Api.Key": {"s3cret"}, "Dpop": {"s3cret"},
		"User-Agent": {"test"}, "Accept-Encoding": {"identity"},
	}
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(body), "s3cret") {
		t.Errorf("a credential is echoed: %s", body)
	}
	var got struct {
		Method  string      `json:"method"`
		Path    string      `json:"path"`
		Query   string      `json:"query"`
		Headers http.Header `json:"headers"`
		Body    int         `json:"body_bytes"`
	}
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if got.Method != "PUT" || got.Path != "/a%2Fb/%41;x//c" || got.Query != "q=1&&r=%zz" || got.Body != 5 {
		t.Errorf("answer %s", body)
	}
	want := http.Header{
		"X-User-Id": {"alice"}, "X-User-Roles": {"a", "b"}, "Authorization": {hidden, hidden},
		"X-Auth-Claims": {"shown"}, "X-Forwarded-Authorization": {hidden}, "Proxy_authorization": {hidden}, "Cookie": {hidden}, "X.api.key": {hidden}, "Dpop": {hidden},
		"User-Agent": {"test"}, "Accept-Encoding": {"identity"}, "Content-Length": {"5"}, "Host": {strings.TrimPrefix(srv.URL, "http://")},
	}
	if !reflect.DeepEqual(got.Headers, want) {
		t.Errorf("headers %v\nwant    %v", got.Headers, want)
	}
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/json" || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	at := -1
	for _, name := range []string{`"Accept-Encoding"`, `"Authorization"`, `"Host"`, `"User-Agent"`, `"X-User-Id"`} {
		next := strings.Index(string(body), name)
		if next <= at {
			t.Errorf("%s is not in its place: %s", name, body)
		}
		at = next
	}
}

func TestEchoBody(t *testing.T) {
	fault := io.MultiReader(strings.NewReader("x"), faulty{})
	tests := map[string]struct {
		body   io.Reader
		status int
		has    string
	}{
		"none":      {nil, 200, `"body_bytes": 0`},
		"at bound":  {io.LimitReader(zeros{}, maxBody), 200, `"body_bytes": 10485760`},
		"too large": {io.LimitReader(zeros{}, maxBody+1), 413, "too large"},
		"broken":    {fault, 400, "not readable"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			Echo().ServeHTTP(w, httptest.NewRequest("POST", "/", tt.body))
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.has) {
				t.Errorf("%d %s, want %d with %q", w.Code, w.Body, tt.status, tt.has)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type faulty struct{}

func (faulty) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
