package health

import (
	"strconv"
	"sync"
	"time"
)

const (
	maxIssuers = 20 // named in one answer
	maxName    = 256
)

// State is what readiness depends on. The zero State is not ready: nothing is
// loaded. Its methods may be called from any goroutine.
type State struct {
	mu       sync.Mutex
	loaded   bool
	draining bool
	keyless  func() []string
	failed   bool // the last reload
	reload   time.Time
	insecure []string
}

// SetLoaded tells whether a policy set is in force.
func (s *State) SetLoaded(loaded bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loaded = loaded
}

// SetDraining ends readiness for good: the process is about to stop.
func (s *State) SetDraining() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true
}

// SetIssuers names the function that lists the required issuers for which
// there are no keys. It is asked for every answer, from any goroutine.
func (s *State) SetIssuers(keyless func() []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keyless = keyless
}

// SetReload tells the outcome of the last reload. A failed one is shown but
// does not end readiness: the state before it is still in force.
func (s *State) SetReload(failed bool, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed, s.reload = failed, at
}

// Problems says why the process is not ready, one fit-to-show line each. There
// are none when it is.
func (s *State) Problems() []string {
	s.mu.Lock()
	loaded, draining, keyless := s.loaded, s.draining, s.keyless
	s.mu.Unlock() // keyless is not ours and may take its time
	var problems []string
	if draining {
		problems = append(problems, "draining")
	}
	if !loaded {
		problems = append(problems, "policies not loaded")
	}
	if keyless == nil {
		return problems
	}
	names := keyless()
	for _, name := range names[:min(len(names), maxIssuers)] {
		problems = append(problems, "no keys for issuer "+strconv.QuoteToASCII(name[:min(len(name), maxName)]))
	}
	if more := len(names) - maxIssuers; more > 0 {
		problems = append(problems, "no keys for "+strconv.Itoa(more)+" more issuers")
	}
	return problems
}

// SetInsecure names the --insecure-… flags in force. Readiness tells of them and
// does not end.
func (s *State) SetInsecure(flags []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.insecure = flags
}

func (s *State) insecureFlags() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.insecure
}

func (s *State) reloadFailed() (at time.Time, failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reload, s.failed
}
