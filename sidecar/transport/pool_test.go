package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/config"
)

func upstream(match, address string) config.Upstream {
	return config.DefaultUpstream(policy.NewText(match), &url.URL{Scheme: "http", Host: address}, config.Propagation{})
}

// Only a GET or HEAD without a body is tried again, once, and only if there was
// no connection.
func TestRetry(t *testing.T) {
	for _, tt := range []struct {
		method, body string
		fail         error
		want         int
	}{
		{"GET", "", &dialError{errors.New("refused")}, 2},
		{"HEAD", "", &dialError{errors.New("refused")}, 2},
		{"GET", "body", &dialError{errors.New("refused")}, 1},
		{"POST", "", &dialError{errors.New("refused")}, 1},
		{"DELETE", "", &dialError{errors.New("refused")}, 1},
		{"OPTIONS", "", &dialError{errors.New("refused")}, 1},
		{"GET", "", errors.New("anything else"), 1},
	} {
		p, found := newPool(upstream("/{rest...}", "127.0.0.1:1"), nil, time.Now)
		if len(found) > 0 {
			t.Fatal(found)
		}
		dials := 0
		p.http.DialContext = func(context.Context, string, string) (net.Conn, error) {
			dials++
			return nil, tt.fail
		}
		var r *http.Request
		var err error
		if tt.body == "" {
			r, err = http.NewRequest(tt.method, "http://127.0.0.1:1/", nil)
		} else {
			r, err = http.NewRequest(tt.method, "http://127.0.0.1:1/", strings.NewReader(tt.body))
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.roundTrip(r, nil); err == nil || dials != tt.want {
			t.Errorf("%s %s after %v: %d dials, want %d (%v)", tt.method, tt.body, tt.fail, dials, tt.want, err)
		}
	}
	// Nobody waits any more.
	p, _ := newPool(upstream("/{rest...}", "127.0.0.1:1"), nil, time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	dials := 0
	p.http.DialContext = func(context.Context, string, string) (net.Conn, error) {
		dials++
		cancel()
		return nil, &dialError{errors.New("refused")}
	}
	r, err := http.NewRequestWithContext(ctx, "GET", "http://127.0.0.1:1/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.roundTrip(r, nil); err == nil || dials != 1 {
		t.Errorf("%d dials, %v", dials, err)
	}
}

// The settings arrive where they work, and no proxy of the environment is used.
func TestPoolSettings(t *testing.T) {
	u := upstream("/{rest...}", "127.0.0.1:1")
	u.Connections.Idle = 7
	p, found := newPool(u, nil, time.Now)
	if len(found) > 0 {
		t.Fatal(found)
	}
	h := p.http
	if h.Proxy != nil || !h.DisableCompression || h.MaxIdleConnsPerHost != 7 || h.IdleConnTimeout != 90*time.Second || h.ResponseHeaderTimeout != 30*time.Second || h.TLSHandshakeTimeout != 5*time.Second || h.MaxResponseHeaderBytes != 64<<10 {
		t.Errorf("made %+v", h)
	}
}

func TestTableRefuses(t *testing.T) {
	for _, list := range [][]config.Upstream{
		{upstream("public", "127.0.0.1:1")},
		{upstream("/{a...}", "127.0.0.1:1"), upstream("/{b...}", "127.0.0.1:1")},
	} {
		if table, found := NewPools(time.Now).Table(list, nil); table != nil || !found.HasErrors() || found[0].Code != "bad_route" {
			t.Errorf("%+v: %v", list, found)
		}
	}
	if u := (*Table)(nil).Match(nil); u != nil {
		t.Errorf("no table leads to %+v", u)
	}
}

// A table uses the connections of the one before for what has not changed.
func TestKeep(t *testing.T) {
	pools := NewPools(time.Now)
	table := func(list ...config.Upstream) *Table {
		t.Helper()
		out, found := pools.Table(list, nil)
		if len(found) > 0 {
			t.Fatal(found)
		}
		return out
	}
	a, b := upstream("/a", "127.0.0.1:1"), upstream("/b", "127.0.0.1:2")
	slow := a
	slow.Timeouts.Connect = time.Second
	learns := a
	learns.Match = policy.NewText("/c")
	learns.Propagate.Roles.All = true
	first := table(a, b)
	pools.Keep(first)
	second := table(slow, b, learns)
	if second.upstreams[0].pool == first.upstreams[0].pool || second.upstreams[1].pool != first.upstreams[1].pool || second.upstreams[2].pool != first.upstreams[0].pool {
		t.Error("the connections are not those of the table before")
	}
	if !second.upstreams[2].Propagate.Roles.All || first.upstreams[0].Propagate.Roles.All {
		t.Error("what an upstream learns came from the table before")
	}
	pools.Keep(table(b))
	if len(pools.open) != 1 {
		t.Errorf("%d pools are kept", len(pools.open))
	}
	pools.Close()
}
