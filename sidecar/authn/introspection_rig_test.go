package authn

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const endpoint = "https://idp.test/introspect"

// authorizer is an introspection endpoint in memory whose answer a test can
// change.
type authorizer struct {
	mu     sync.Mutex
	status int
	body   string
	header http.Header
	delay  time.Duration
	fails  error // no answer at all
	asked  atomic.Int64
	last   url.Values
	auth   string // Authorization of the last request
}

func (a *authorizer) set(change func(*authorizer)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(a)
}

func (a *authorizer) says(body string) { a.set(func(a *authorizer) { a.body = body }) }

func (a *authorizer) RoundTrip(r *http.Request) (*http.Response, error) {
	a.asked.Add(1)
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.last, a.auth = r.PostForm, r.Header.Get("Authorization")
	status, body, header, delay, fails := a.status, a.body, a.header, a.delay, a.fails
	a.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	if fails != nil {
		return nil, fails
	}
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	maps.Copy(w.Header(), header)
	if status != 0 {
		w.WriteHeader(status)
	}
	_, _ = w.WriteString(body)
	return w.Result(), nil
}

// asking runs a test on a fake clock with an endpoint that knows one active
// token.
func asking(t *testing.T, change func(*IntrospectionConfig), test func(t *testing.T, a *authorizer, m *Introspection)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a := &authorizer{body: activeAnswer().String()}
		m := must(NewIntrospection(introspectionConfig(a, change)))
		test(t, a, m)
		synctest.Wait()
	})
}

func introspectionConfig(a http.RoundTripper, change func(*IntrospectionConfig)) IntrospectionConfig {
	cfg := IntrospectionConfig{
		Name: "opaque", Endpoint: endpoint, Auth: ClientAuth{ID: "gw", Secret: "s3cret"}, HTTP: &http.Client{Transport: a},
	}
	if change != nil {
		change(&cfg)
	}
	return cfg
}

// activeAnswer is a good answer; times are those of the bubble.
func activeAnswer() claimSet {
	now := time.Now().Unix()
	return claimSet{
		"active": "true", "sub": `"alice"`, "scope": `"orders:read orders:write"`, "client_id": `"shop"`, "token_type": `"Bearer"`,
		"iat": fmt.Sprint(now), "exp": fmt.Sprint(now + 3600), "jti": `"t-1"`,
	}
}

// refusedAs gives the reason of an outcome and, of a broken one, how long to wait.
func refusedAs(m Method, c Credentials) (reason string, after time.Duration) {
	_, err := m.Authenticate(context.Background(), c)
	if b, ok := errors.AsType[*Broken](err); ok {
		return "broken", b.RetryAfter
	}
	return outcome(m, c), 0
}
