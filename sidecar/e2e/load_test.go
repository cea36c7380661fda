package e2e

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// load asks the same question on several connections, without a pause, and
// judges every answer.
type load struct {
	answered atomic.Int64
	failed   atomic.Int64
	halt     chan struct{}
	done     sync.WaitGroup

	mu       sync.Mutex
	failures []string // the first few
}

// startLoad starts workers. judge says what is wrong with an answer, "" for
// nothing; it is called from all of them.
func startLoad(t testing.TB, s *sidecar, workers int, request string, judge func(answer) string) *load {
	t.Helper()
	return startWorkers(t, s, workers, request, func() func(answer) string { return judge })
}

// startWorkers gives every worker a judge of its own.
func startWorkers(t testing.TB, s *sidecar, workers int, request string, judge func() func(answer) string) *load {
	t.Helper()
	l := &load{halt: make(chan struct{})}
	for range workers {
		w, judge := &wire{address: s.proxy}, judge()
		l.done.Go(func() {
			defer w.close()
			for {
				select {
				case <-l.halt:
					return
				default:
				}
				a, err := w.do(request)
				if err != nil {
					l.fail(err.Error())
					continue
				}
				l.answered.Add(1)
				if wrong := judge(a); wrong != "" {
					l.fail(fmt.Sprintf("%s: %d %s", wrong, a.status, a.body))
				}
			}
		})
	}
	t.Cleanup(l.end)
	return l
}

func (l *load) fail(what string) {
	l.failed.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.failures) < 5 {
		l.failures = append(l.failures, what)
	}
}

func (l *load) end() {
	select {
	case <-l.halt:
	default:
		close(l.halt)
	}
	l.done.Wait()
}

// stop ends the load and demands that it met answers and no failure.
func (l *load) stop(t testing.TB) {
	t.Helper()
	l.end()
	if n := l.failed.Load(); n > 0 {
		t.Errorf("%d of %d requests failed: %q", n, l.answered.Load()+n, l.failures)
	}
	if l.answered.Load() == 0 {
		t.Error("nothing was answered")
	}
}
