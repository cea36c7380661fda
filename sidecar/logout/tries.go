package logout

import (
	"net/netip"
	"sync"
	"time"

	"github.com/gwctl/gwctl/sidecar/fair"
)

const (
	mostTries  = 50 // that are not taken, of one client in one window
	window     = time.Second
	maxClients = 4096
)

// tries counts what clients have sent that was not taken. Whoever sends too much
// of it is not read for the rest of the window; good logout tokens are not
// counted.
type tries struct {
	mu    sync.Mutex
	began time.Time
	bads  map[netip.Addr]int
}

func newTries() *tries { return &tries{bads: map[netip.Addr]int{}} }

// wait tells for how long a client is not read, 0 for not at all.
func (t *tries) wait(client netip.Addr, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	left := t.began.Add(window).Sub(now)
	if left <= 0 || left > window { // or the clock was set back
		return 0
	}
	if t.bads[fair.Network(client)] >= mostTries {
		return left
	}
	return 0
}

// bad counts one. Clients beyond those that are counted are not.
func (t *tries) bad(client netip.Addr, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if age := now.Sub(t.began); age >= window || age < 0 {
		t.began = now
		clear(t.bads)
	}
	who := fair.Network(client)
	if _, known := t.bads[who]; !known && len(t.bads) >= maxClients {
		return // this many different ones within a second are no one's to count
	}
	t.bads[who]++
}
