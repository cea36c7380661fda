package audit

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gwctl/gwctl/engine/record"
)

func TestConcurrentWrites(t *testing.T) {
	const producers, each = 16, 300
	for name, o := range map[string]Options{
		"wide queue":   {},
		"narrow queue": {Queue: 3, Flush: time.Millisecond},
		"one place":    {Queue: 1, Flush: time.Millisecond},
		"drop":         {Queue: 8, Flush: time.Millisecond, Overflow: OverflowDrop},
	} {
		t.Run(name, func(t *testing.T) {
			sink := new(memory)
			l := New(sink, o)
			var wg sync.WaitGroup
			for range producers {
				wg.Go(func() {
					for range each {
						l.Write(event())
						l.Stats()
					}
				})
			}
			wg.Wait()
			if err := l.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			lines, dropped := wantAccounted(t, sink.text())
			s := stats(l)
			if lines+dropped != producers*each || s != (Stats{Written: lines, Dropped: dropped}) {
				t.Errorf("%d lines, %d in gaps, %d writes; %+v", lines, dropped, producers*each, s)
			}
			if o.Overflow != OverflowDrop && dropped != 0 {
				t.Errorf("%d events dropped while blocking", dropped)
			}
			if sink.synced != len(sink.text()) || sink.closed != 1 {
				t.Errorf("synced at %d of %d bytes, closed %d times", sink.synced, len(sink.text()), sink.closed)
			}
		})
	}
}

func TestFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := new(memory)
		l := New(sink, Options{Queue: 10})
		l.Write(event())
		time.Sleep(199 * time.Millisecond)
		l.Write(event())
		synctest.Wait()
		if got := sink.text(); got != "" {
			t.Errorf("written before its time: %q", got)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if n := len(readEvents(t, sink.text())); n != 2 || sink.writes != 1 {
			t.Errorf("%d events in %d writes after 200 ms, want 2 in 1", n, sink.writes)
		}
		for range 5 { // half the queue does not wait
			l.Write(event())
		}
		synctest.Wait()
		if n := len(readEvents(t, sink.text())); n != 7 {
			t.Errorf("%d events written, want 7", n)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWriteFillsIn(t *testing.T) {
	at := time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)
	sink := new(memory)
	l := New(sink, Options{Clock: func() time.Time { return at }})
	given := at.Add(-time.Second)
	l.Write(event())
	e := event()
	e.Time, e.Seq = given, 77
	l.Write(e)
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := readEvents(t, sink.text())
	if !got[0].Time.Equal(at) || got[0].Seq != 1 || !got[1].Time.Equal(given) || got[1].Seq != 2 {
		t.Errorf("wrote %s", sink.text())
	}
}

func TestDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		sink := &memory{write: func(p []byte) (int, error) { <-gate; return len(p), nil }}
		l := New(sink, Options{Queue: 2, Overflow: OverflowDrop})
		l.Write(event())
		synctest.Wait()   // 1 is in the sink
		for range 2 + 3 { // 2 and 3 wait, 4 to 6 find no place
			l.Write(event())
		}
		if got, want := stats(l), (Stats{Dropped: 3, Queued: 3}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		gate <- struct{}{}
		synctest.Wait() // the queue is empty again, its events in the sink
		l.Write(event())
		gate <- struct{}{}
		synctest.Wait()
		// Nobody had to write or close for the gap to be told.
		if lines, dropped := wantAccounted(t, sink.text()); lines != 3 || dropped != 3 {
			t.Errorf("%d lines and %d in gaps, want 3 and 3:\n%s", lines, dropped, sink.text())
		}
		l.Write(event())
		l.Write(event()) // dropped, and told by Close
		close(gate)
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		lines, dropped := wantAccounted(t, sink.text())
		if s := stats(l); lines+dropped != 9 || s != (Stats{Written: lines, Dropped: dropped}) {
			t.Errorf("%d lines, %d in gaps, want 9 together; %+v\n%s", lines, dropped, s, sink.text())
		}
	})
}

func TestBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		sink := &memory{write: func(p []byte) (int, error) { <-gate; return len(p), nil }}
		l := New(sink, Options{Queue: 2, Overflow: "unknown"})
		l.Write(event())
		synctest.Wait()
		returned := 0
		var mu sync.Mutex
		for range 5 {
			go func() {
				l.Write(event())
				mu.Lock()
				defer mu.Unlock()
				returned++
			}()
		}
		time.Sleep(time.Hour)
		mu.Lock()
		if returned != 2 {
			t.Errorf("%d writes returned with a queue of 2", returned)
		}
		mu.Unlock()
		if got := stats(l); got != (Stats{Queued: 6}) {
			t.Errorf("%+v, want 6 queued", got)
		}
		// Those that wait when Close comes are not lost.
		closed := make(chan error)
		go func() { closed <- l.Close(t.Context()) }()
		synctest.Wait()
		close(gate)
		if err := <-closed; err != nil {
			t.Fatal(err)
		}
		if lines, dropped := wantAccounted(t, sink.text()); lines != 6 || dropped != 0 {
			t.Errorf("%d lines and %d dropped, want 6 and 0", lines, dropped)
		}
		synctest.Wait()
		if returned != 5 {
			t.Errorf("%d writes returned after Close, want 5", returned)
		}
	})
}

func TestFailingSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("no space left on device")
		mended := time.Now().Add(10 * time.Minute)
		sink := &memory{write: func(p []byte) (int, error) {
			if time.Now().Before(mended) {
				return len(p) / 2, full // the half of a line gets through
			}
			return len(p), nil
		}}
		var logged bytes.Buffer
		l := New(sink, Options{Queue: 2, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
		for range 20 { // all but the first few wait for the disk
			l.Write(event())
		}
		if time.Now().Before(mended) {
			t.Error("20 events went into a queue of 2 and a full disk")
		}
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if lines, dropped := wantAccounted(t, sink.text()); lines != 20 || dropped != 0 {
			t.Errorf("%d lines and %d dropped, want 20 and 0", lines, dropped)
		}
		s := stats(l)
		if s.Written != 20 || s.Failed < 500 || s.Failed > 700 || s.Lost != 0 {
			t.Errorf("%+v, want 20 written and about one failure a second", s)
		}
		if n := strings.Count(logged.String(), "level=ERROR"); n != 10 {
			t.Errorf("%d complaints in ten minutes, want 10:\n%s", n, &logged)
		}
		if n := strings.Count(logged.String(), "level=INFO"); n != 1 {
			t.Errorf("%d lines about the recovery, want 1", n)
		}
		if !strings.Contains(logged.String(), full.Error()) {
			t.Errorf("the log does not say why:\n%s", &logged)
		}
	})
}

func TestOddSink(t *testing.T) {
	for name, n := range map[string]int{"short without error": 3, "negative": -1, "none": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				sink := &memory{write: func(p []byte) (int, error) {
					if calls++; calls < 4 {
						return n, nil
					}
					return len(p) + 1, nil
				}}
				l := New(sink, Options{})
				l.Write(event())
				if err := l.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
				if lines, _ := wantAccounted(t, sink.text()); lines != 1 || stats(l) != (Stats{Written: 1, Failed: 3}) {
					t.Errorf("%q, %+v", sink.text(), stats(l))
				}
			})
		})
	}
}

func TestCloseGivesUp(t *testing.T) {
	broken := func(p []byte) (int, error) { return 0, errors.New("input/output error") }
	release := make(chan struct{})
	for name, write := range map[string]func([]byte) (int, error){
		"failing sink": broken,
		"hanging sink": func(p []byte) (int, error) { <-release; return len(p), nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release = make(chan struct{})
				sink := &memory{write: write}
				l := New(sink, Options{Queue: 2})
				l.Write(event())
				time.Sleep(time.Second)
				var wg sync.WaitGroup
				for range 4 { // two fill the queue, two wait
					wg.Go(func() { l.Write(event()) })
				}
				synctest.Wait()
				start := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				err := l.Close(ctx)
				if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "5 events") {
					t.Errorf("error %q", err)
				}
				if took := time.Since(start); took != 5*time.Second {
					t.Errorf("Close took %v of 5 s", took)
				}
				wg.Wait() // nobody is left waiting
				l.Write(event())
				s := stats(l)
				if s.Failed = 0; s != (Stats{Lost: 6}) {
					t.Errorf("%+v, want 6 lost", s)
				}
				close(release)
				if err := l.Close(t.Context()); err != nil {
					t.Errorf("second Close: %v", err)
				}
				if s := stats(l); s.Lost != 6 || s.Written != 0 || sink.closed != 1 {
					t.Errorf("%+v after the end, sink closed %d times", s, sink.closed)
				}
			})
		})
	}
}

func TestCloseReportsSink(t *testing.T) {
	sink := &memory{sync: errors.New("sync fault"), close: errors.New("close fault")}
	l := New(sink, Options{})
	l.Write(event())
	err := l.Close(t.Context())
	if !errors.Is(err, sink.sync) || !errors.Is(err, sink.close) {
		t.Errorf("error %v hides a fault of the sink", err)
	}
	if again := l.Close(t.Context()); !errors.Is(again, sink.sync) {
		t.Errorf("second Close says %v", again)
	}
	l.Write(event())
	if s := stats(l); s != (Stats{Written: 1, Lost: 1}) {
		t.Errorf("%+v, want one written and one lost", s)
	}
}

func TestManyEventsGoInChunks(t *testing.T) {
	sizes := []int{}
	sink := &memory{write: func(p []byte) (int, error) { sizes = append(sizes, len(p)); return len(p), nil }}
	l := New(sink, Options{Queue: 4000, Flush: time.Hour})
	for range 1000 {
		e := event()
		e.Detail = strings.Repeat("x", record.MaxField)
		l.Write(e)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(sizes) < 3 || slices.Max(sizes) > chunkSize {
		t.Errorf("writes of %v bytes", sizes)
	}
	if lines, _ := wantAccounted(t, sink.text()); lines != 1000 {
		t.Errorf("%d lines, want 1000", lines)
	}
}
