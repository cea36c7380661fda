package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// arrival is a request as the service behind the sidecar sees it.
type arrival struct {
	method, target, host string
	header               http.Header
}

// upstream is the service behind the sidecar. It answers 200 and repeats the
// request's X-Request-ID as its body. It holds requests whose path ends in
// /slow until release is called.
type upstream struct {
	*httptest.Server
	count   atomic.Int64
	holding atomic.Int64
	release func()

	mu   sync.Mutex
	last arrival
}

func startUpstream(t testing.TB) *upstream {
	t.Helper()
	u := &upstream{}
	released := make(chan struct{})
	u.release = sync.OnceFunc(func() { close(released) })
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.count.Add(1)
		u.mu.Lock()
		u.last = arrival{r.Method, r.RequestURI, r.Host, r.Header}
		u.mu.Unlock()
		if strings.HasSuffix(r.URL.Path, "/slow") {
			u.holding.Add(1)
			select {
			case <-released:
			case <-r.Context().Done():
			}
			u.holding.Add(-1)
		}
		_, _ = io.WriteString(w, r.Header.Get("X-Request-Id"))
	}))
	t.Cleanup(func() {
		u.release()
		u.Server.Close()
	})
	return u
}

// arrived gives the last request. The caller has its answer, so nothing else is
// on its way.
func (u *upstream) arrived() arrival {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.last
}
