package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// mix is a constant load of several kinds of requests, each answer of which is
// judged by when it was asked for.
type mix struct {
	phase atomic.Int32
	halt  chan struct{}
	done  sync.WaitGroup

	mu       sync.Mutex
	answers  map[string]int // by kind, phase and status
	statuses map[int]int
	failures []string
}

// Phases of a mix.
const (
	phaseHealthy   int32 = iota
	phaseBetween         // on the way from one to another: nothing but the general rules hold
	phaseOutage          // what is not known here cannot be found out
	phaseRecovered       // everything is as it was
)

// kind is one kind of requests of a mix. A request that begins in one phase and
// ends in another is judged as between them.
type kind struct {
	name    string
	workers int
	every   time.Duration // of each worker
	ask     func() (request string, err error)
	want    map[int32]string // phase → " 200 503 ", what is allowed
}

// add puts a kind under load.
func (m *mix) add(s *sidecar, k kind) {
	for range k.workers {
		m.done.Go(func() {
			w := &wire{address: s.proxy}
			defer w.close()
			pace := time.NewTicker(k.every)
			defer pace.Stop()
			for {
				select {
				case <-m.halt:
					return
				case <-pace.C:
				}
				question, err := k.ask()
				if err != nil {
					m.note(k.name, phaseBetween, 0, "making a request: "+err.Error())
					continue
				}
				before := m.phase.Load()
				a, err := w.do(question)
				if err != nil {
					m.note(k.name, phaseBetween, 0, err.Error())
					continue
				}
				phase := m.phase.Load()
				if phase != before {
					phase = phaseBetween
				}
				m.note(k.name, phase, a.status, k.judge(phase, a))
			}
		})
	}
}

// judge says what is wrong with an answer, "" for nothing.
func (k kind) judge(phase int32, a answer) string {
	if !strings.Contains(k.want[phase], fmt.Sprintf(" %d ", a.status)) {
		return "the status is wrong: " + a.body
	}
	if a.status == 503 && (a.code() != "dependency_unavailable" || a.header.Get("Retry-After") == "" || a.header.Get("WWW-Authenticate") != "") {
		return fmt.Sprintf("a 503 with %v: %s", a.header, a.body)
	}
	return ""
}

func (m *mix) note(kind string, phase int32, status int, wrong string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answers[place(kind, phase, status)]++
	m.statuses[status]++
	if wrong != "" && len(m.failures) < 8 {
		m.failures = append(m.failures, fmt.Sprintf("%s: %s", place(kind, phase, status), wrong))
	}
}

func place(kind string, phase int32, status int) string {
	return fmt.Sprintf("%s, %s: %d", kind, [...]string{"healthy", "between", "outage", "recovered"}[phase], status)
}

// count gives how many answers there were.
func (m *mix) count(kind string, phase int32, status int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.answers[place(kind, phase, status)]
}

// startMix makes a load without requests.
func startMix(t testing.TB) *mix {
	m := &mix{halt: make(chan struct{}), answers: map[string]int{}, statuses: map[int]int{}}
	t.Cleanup(m.end)
	return m
}

func (m *mix) end() {
	select {
	case <-m.halt:
	default:
		close(m.halt)
	}
	m.done.Wait()
}

// stop ends the load and tells what it met.
func (m *mix) stop(t testing.TB) {
	t.Helper()
	m.end()
	for _, failure := range m.failures {
		t.Error(failure)
	}
	for _, where := range slices.Sorted(maps.Keys(m.answers)) {
		t.Logf("%s × %d", where, m.answers[where])
	}
}
