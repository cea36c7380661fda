package health

import (
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// maxKnown bounds the counters that are found without asking their vector.
const maxKnown = 512

// counters finds the counters of a vector by what their labels stand for. A
// vector would check and hash the labels of each request anew.
type counters[K comparable] struct {
	of    func(K) prometheus.Counter
	known atomic.Pointer[map[K]prometheus.Counter] // never changed
	mu    sync.Mutex                               // of who puts another one in its place
}

func (c *counters[K]) get(key K) prometheus.Counter {
	known := c.known.Load()
	if known != nil {
		if counter, ok := (*known)[key]; ok {
			return counter
		}
	}
	counter := c.of(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	more := map[K]prometheus.Counter{key: counter}
	if known = c.known.Load(); known != nil {
		if len(*known) >= maxKnown {
			return counter
		}
		for k, v := range *known {
			more[k] = v
		}
	}
	c.known.Store(&more)
	return counter
}
