package audit

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gwctl/gwctl/engine/record"
)

// An event has one number everywhere, and each sink accounts for itself: a slow
// one that drops takes nothing from the others.
func TestSinksAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		slow := &memory{write: func(p []byte) (int, error) { <-gate; return len(p), nil }}
		fast, ocsf := new(memory), new(memory)
		l := Start(Options{}, Output{Name: "slow", Sink: slow, Queue: 2, Overflow: OverflowDrop}, Output{Name: "fast", Sink: fast},
			Output{Name: "ocsf", Sink: ocsf, Format: record.OCSF})
		for range 20 {
			l.Write(event())
			time.Sleep(time.Second)
			synctest.Wait()
		}
		close(gate)
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		lines, dropped := wantAccounted(t, slow.text())
		if lines+dropped != 20 || dropped < 10 {
			t.Errorf("the slow sink has %d lines and %d in gaps", lines, dropped)
		}
		if lines, dropped := wantAccounted(t, fast.text()); lines != 20 || dropped != 0 {
			t.Errorf("the fast sink has %d lines and %d in gaps", lines, dropped)
		}
		if n := strings.Count(ocsf.text(), `{"metadata":{"sequence":`); n != 20 || strings.Count(ocsf.text(), "\n") != 20 {
			t.Errorf("%d events in the form of OCSF: %s", n, ocsf.text())
		}
		want := []Stats{{Sink: "slow", Written: lines, Dropped: dropped}, {Sink: "fast", Written: 20}, {Sink: "ocsf", Written: 20}}
		for i, s := range l.Stats() {
			if s != want[i] {
				t.Errorf("%+v, want %+v", s, want[i])
			}
		}
	})
}

// Records that are required are refused once a sink is stuck for a second, at
// once and not each after a wait of its own, and are taken again when it moves.
func TestRequired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		stuck := &memory{write: func(p []byte) (int, error) { <-gate; return len(p), nil }}
		other := new(memory)
		l := Start(Options{Required: true}, Output{Sink: stuck, Queue: 2}, Output{Sink: other})
		for range 3 { // one is in the sink, two fill the queue
			if !l.TryWrite(event()) {
				t.Error("refused with space left")
			}
			time.Sleep(defaultFlush)
			synctest.Wait()
		}
		began := time.Now()
		if l.TryWrite(event()) {
			t.Error("taken without space")
		}
		if waited := time.Since(began); waited <= 0 || waited > time.Second {
			t.Errorf("refused after %v", waited)
		}
		began = time.Now()
		if l.TryWrite(event()) || time.Since(began) != 0 {
			t.Errorf("a stuck sink is waited for, %v", time.Since(began))
		}
		l.Write(event()) // tells of the refusal where there is space, and does not wait
		if time.Since(began) != 0 {
			t.Errorf("Write waited %v for a stuck sink", time.Since(began))
		}
		close(gate)
		time.Sleep(time.Second)
		synctest.Wait()
		if !l.TryWrite(event()) {
			t.Error("refused by a sink that moves again")
		}
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if lines, dropped := wantAccounted(t, stuck.text()); lines != 4 || dropped != 1 {
			t.Errorf("%d lines and %d in gaps, want 4 and 1:\n%s", lines, dropped, stuck.text())
		}
		if lines, dropped := wantAccounted(t, other.text()); lines != 5 || dropped != 0 {
			t.Errorf("the other sink has %d lines and %d in gaps, want 5 and 0", lines, dropped)
		}
		if l.TryWrite(event()) {
			t.Error("taken after Close")
		}
	})
}

// A sink that fails is stuck, although its queue has space; one that may drop
// holds nobody up.
func TestRequiredSinkFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mended atomic.Bool
		fails := func(p []byte) (int, error) {
			if !mended.Load() {
				return 0, errors.New("no space left on device")
			}
			return len(p), nil
		}
		for _, tt := range []struct {
			overflow string
			taken    bool
		}{{OverflowBlock, false}, {OverflowDrop, true}} {
			mended.Store(false)
			l := Start(Options{Required: true}, Output{Sink: &memory{write: fails}, Overflow: tt.overflow}, Output{Sink: new(memory)})
			l.Write(event())
			time.Sleep(stuckAfter / 2)
			if !l.TryWrite(event()) {
				t.Error("refused after half a second")
			}
			time.Sleep(stuckAfter)
			if got := l.TryWrite(event()); got != tt.taken {
				t.Errorf("%s: taken %v", tt.overflow, got)
			}
			synctest.Wait()
			mended.Store(true)
			if err := l.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}

// What takes long to write is bounded in bytes, too.
func TestQueueIsBoundedInBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		sink := &memory{write: func(p []byte) (int, error) { <-gate; return len(p), nil }}
		l := Start(Options{}, Output{Sink: sink, Overflow: OverflowDrop, Queue: maxQueue})
		l.Write(event())
		time.Sleep(defaultFlush)
		synctest.Wait() // it is in the sink
		big := event()
		for range 800 { // 800 KiB a line
			big.Inputs = append(big.Inputs, record.Input{Name: strings.Repeat("x", record.MaxField), State: record.StateAbsent})
		}
		for range 30 {
			l.Write(big)
		}
		if s := stats(l); s.Dropped == 0 || s.Queued > maxPending/(800<<10)+1 {
			t.Errorf("%+v", s)
		}
		close(gate)
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := stats(l); s.Written+s.Dropped != 31 || s.Written < 15 || strings.Count(sink.text(), "\n") != int(s.Written)+1 {
			t.Errorf("%+v in the end", s)
		}
	})
}

// Fsync says when records are synced.
func TestFsync(t *testing.T) {
	for name, tt := range map[string]struct {
		fsync  Fsync
		early  int // bytes synced right after the write, in lines
		second int // and a second later
	}{"none": {FsyncNone, 0, 0}, "interval": {FsyncInterval, 0, 1}, "always": {FsyncAlways, 1, 1}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sink := new(memory)
				l := Start(Options{}, Output{Sink: sink, Fsync: tt.fsync})
				l.Write(event())
				time.Sleep(defaultFlush)
				synctest.Wait()
				length := len(sink.text())
				if got := sink.isSynced(); length == 0 || got != tt.early*length {
					t.Errorf("%d of %d bytes are synced after the write", got, length)
				}
				time.Sleep(syncEvery)
				synctest.Wait()
				if got := sink.isSynced(); got != tt.second*length {
					t.Errorf("%d of %d bytes are synced a second later", got, length)
				}
				l.Reopen()
				synctest.Wait()
				if sink.reopened != 1 {
					t.Errorf("reopened %d times", sink.reopened)
				}
				if err := l.Close(t.Context()); err != nil || sink.isSynced() != length {
					t.Errorf("Close: %v, %d bytes synced", err, sink.isSynced())
				}
			})
		})
	}
}

func (m *memory) isSynced() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.synced
}
