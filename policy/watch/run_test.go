package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// simulation runs a Watcher without files or events on a clock of its own.
type simulation struct {
	*testing.T
	mu        sync.Mutex // the body holds it, but while time passes
	start     time.Time
	text      string // what a reading gives
	err       error
	each      func() // called by each reading, before it reads
	reads     []time.Duration
	delivered []string
	log       *logBuffer
	w         *Watcher[string]
	cancel    context.CancelFunc
	ended     chan error
}

func simulate(t *testing.T, text, last string, body func(s *simulation)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &simulation{T: t, start: time.Now(), text: text, log: new(logBuffer), ended: make(chan error, 1)}
		w, err := New(Options[string]{
			Roots: []string{"/nowhere"},
			Read: func() (string, string, error) {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.reads = append(s.reads, s.elapsed())
				if s.each != nil {
					s.each()
				}
				return s.text, s.text, s.err
			},
			Logger: slog.New(slog.NewTextHandler(s.log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		w.open = noEvents
		s.w = w
		ctx, cancel := context.WithCancel(t.Context())
		s.cancel = cancel
		defer cancel()
		s.mu.Lock()
		defer s.mu.Unlock()
		go func() {
			s.ended <- w.Run(ctx, last, func(value string, err error) {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.delivered = append(s.delivered, fmt.Sprintf("%v %q %v", s.elapsed(), value, err))
			})
		}()
		body(s)
	})
}

func (s *simulation) elapsed() time.Duration { return time.Since(s.start) }

// until lets the simulated time pass.
func (s *simulation) until(at time.Duration) {
	s.mu.Unlock()
	defer s.mu.Lock()
	time.Sleep(at - s.elapsed())
	synctest.Wait()
}

func (s *simulation) want(delivered ...string) {
	s.Helper()
	if !slices.Equal(s.delivered, delivered) {
		s.Errorf("delivered %q, want %q", s.delivered, delivered)
	}
}

const ms = time.Millisecond

func TestFirstReading(t *testing.T) {
	// Equal to what the caller uses: one reading at once, then one each poll.
	simulate(t, "a", "a", func(s *simulation) {
		s.until(5 * time.Second)
		s.want()
		if want := []time.Duration{0, 2 * time.Second, 4 * time.Second}; !slices.Equal(s.reads, want) {
			t.Errorf("read at %v, want %v", s.reads, want)
		}
	})
	// Different from it: a second reading confirms the first.
	simulate(t, "b", "a", func(s *simulation) {
		s.until(time.Second)
		s.want(`100ms "b" <nil>`)
		if want := []time.Duration{0, 100 * ms}; !slices.Equal(s.reads, want) {
			t.Errorf("read at %v, want %v", s.reads, want)
		}
	})
}

func TestBelief(t *testing.T) {
	t.Run("a change that comes to rest", func(t *testing.T) {
		simulate(t, "a", "a", func(s *simulation) {
			s.until(time.Second)
			n := 0
			s.each = func() {
				if n++; n <= 30 {
					s.text = fmt.Sprint("b", n)
				}
			}
			s.until(10 * time.Second)
			s.want(`5s "b30" <nil>`) // 2 s, and 30 times 100 ms
		})
	})
	t.Run("a change that is taken back", func(t *testing.T) {
		simulate(t, "a", "a", func(s *simulation) {
			s.until(time.Second)
			s.text = "b"
			s.until(2050 * ms)
			s.text = "a"
			s.until(10 * time.Second)
			s.want()
		})
	})
	t.Run("a change that never rests", func(t *testing.T) {
		simulate(t, "a", "a", func(s *simulation) {
			n := 0
			s.each = func() { n++; s.text = fmt.Sprint(n) }
			s.until(60 * time.Second)
			s.want()
			if n := s.log.lines("WARN"); n != 2 { // no events; no rest
				t.Errorf("the log has %d warnings, want 2", n)
			}
			s.each = nil
			s.until(61 * time.Second)
			if len(s.delivered) != 1 {
				t.Errorf("delivered %q after it came to rest", s.delivered)
			}
		})
	})
	t.Run("two changes", func(t *testing.T) {
		simulate(t, "a", "a", func(s *simulation) {
			s.until(time.Second)
			s.text = "b"
			s.until(3 * time.Second)
			s.text = "c"
			s.until(10 * time.Second)
			s.want(`2.1s "b" <nil>`, `4.2s "c" <nil>`)
		})
	})
}

func TestErrorsAreDelivered(t *testing.T) {
	simulate(t, "a", "a", func(s *simulation) {
		s.until(time.Second)
		s.err = errors.New("unreadable")
		s.until(7 * time.Second)
		s.want(`2.1s "" unreadable`) // once, and without a value
		s.err = errors.New("unreadable too")
		s.until(9 * time.Second)
		s.err = nil
		s.until(20 * time.Second)
		// What was in use before the error is delivered again.
		s.want(`2.1s "" unreadable`, `8.2s "" unreadable too`, `10.3s "a" <nil>`)
	})
}

func TestErrorInUse(t *testing.T) {
	simulate(t, "a", "unreadable", func(s *simulation) {
		s.err = errors.New("unreadable")
		s.until(5 * time.Second)
		s.want()
	})
}

func TestKick(t *testing.T) {
	t.Run("delivers what is equal", func(t *testing.T) {
		simulate(t, "a", "a", func(s *simulation) {
			s.until(500 * ms)
			s.reads = nil
			s.w.Kick()
			s.until(1500 * ms)
			s.want(`600ms "a" <nil>`)
			if want := []time.Duration{500 * ms, 600 * ms}; !slices.Equal(s.reads, want) {
				t.Errorf("read at %v, want %v", s.reads, want)
			}
		})
	})
	t.Run("delivers an error again", func(t *testing.T) {
		simulate(t, "a", "unreadable", func(s *simulation) {
			s.err = errors.New("unreadable")
			s.until(500 * ms)
			s.w.Kick()
			s.until(1500 * ms)
			s.want(`600ms "" unreadable`)
		})
	})
	t.Run("counts once while it waits", func(t *testing.T) {
		simulate(t, "a", "a", func(s *simulation) {
			s.until(500 * ms)
			for range 10 {
				s.w.Kick()
			}
			s.until(1900 * ms)
			if len(s.delivered) == 0 || len(s.delivered) > 2 {
				t.Errorf("ten kicks delivered %q", s.delivered)
			}
		})
	})
	t.Run("between two readings", func(t *testing.T) {
		simulate(t, "a", "a", func(s *simulation) {
			s.until(time.Second)
			s.text = "b"
			s.until(2050 * ms)
			s.text = "a" // taken back, but somebody asks
			s.w.Kick()
			s.until(3900 * ms)
			s.want(`2.2s "a" <nil>`)
		})
	})
	t.Run("is not remembered", func(t *testing.T) {
		simulate(t, "a", "a", func(s *simulation) {
			s.until(500 * ms)
			s.w.Kick()
			s.until(30 * time.Second)
			s.want(`600ms "a" <nil>`)
		})
	})
}

func TestRunEnds(t *testing.T) {
	for _, at := range []time.Duration{50 * ms, 500 * ms} { // while it settles, while it waits
		simulate(t, "b", "a", func(s *simulation) {
			s.until(at)
			before := len(s.reads)
			delivered := slices.Clone(s.delivered)
			s.text = "c"
			s.cancel()
			s.until(at)
			select {
			case err := <-s.ended:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("ended with %v", err)
				}
			default:
				t.Errorf("still running after %v", at)
			}
			if s.elapsed() != at || len(s.reads) != before {
				t.Errorf("read on after the end: %v", s.reads)
			}
			s.want(delivered...)
		})
	}
}

// A reading that was under way when the context ended is not delivered.
func TestEndWhileReading(t *testing.T) {
	simulate(t, "b", "a", func(s *simulation) {
		s.until(50 * ms)
		s.each = func() { s.cancel() }
		s.until(time.Second)
		s.want()
		if len(s.reads) != 2 {
			t.Errorf("read at %v, want two readings", s.reads)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	read := func() (int, string, error) { return 0, "x", nil }
	good := Options[int]{Roots: []string{"."}, Read: read}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Options[int]){
		"no read":         func(o *Options[int]) { o.Read = nil },
		"no roots":        func(o *Options[int]) { o.Roots = nil },
		"empty root":      func(o *Options[int]) { o.Roots = []string{".", ""} },
		"negative poll":   func(o *Options[int]) { o.Poll = -1 },
		"negative settle": func(o *Options[int]) { o.Settle = -1 },
	} {
		o := good
		spoil(&o)
		if w, err := New(o); err == nil || w != nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
