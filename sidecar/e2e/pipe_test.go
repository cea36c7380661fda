package e2e

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// pipe starts a sidecar whose records go to a pipe, with other keys of audit.
func pipe(t *testing.T, keys string) *sidecar {
	t.Helper()
	service := startUpstream(t)
	c := setup{issuer: "http://127.0.0.1:1", upstream: service.URL, sink: "{stdout: {queue: 64, flush: 1ms}}", unready: true}
	yaml := c.yaml
	c.whole = func(proxy, health string) string {
		text := yaml(proxy, health)
		with := strings.Replace(text, "overflow: block", keys, 1)
		if with == text {
			t.Fatal("the configuration has no overflow")
		}
		return with
	}
	return startSidecar(t, c)
}

// accounted counts the records of requests that a process has printed, and what
// its gaps tell of.
func accounted(t *testing.T, s *sidecar) (ids map[string]bool, dropped int) {
	t.Helper()
	ids = map[string]bool{}
	next := uint64(1)
	for _, line := range s.stdout.from(0) {
		var e struct {
			entry
			From, Dropped uint64
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		from := e.Seq
		if e.Event == "gap" {
			from = e.From
			dropped += int(e.Dropped)
		}
		if from != next {
			t.Fatalf("number %d where %d was next: %.200s", from, next, line)
		}
		next = e.Seq + 1
		if e.RequestID != "" {
			if ids[e.RequestID] {
				t.Errorf("two records of %s", e.RequestID)
			}
			ids[e.RequestID] = true
		}
	}
	return ids, dropped
}

// unasked is how many records about other things than requests there can be.
const unasked = 20

// TestRequiredPipe: nobody reads the pipe of required records. Once it is full,
// requests are answered 503 within a second or so, and as soon as somebody
// reads, as ever. No answer is without a record or a gap that tells of it.
func TestRequiredPipe(t *testing.T) {
	s := pipe(t, "overflow: block, required: true")
	release := s.stdout.hold()
	defer release()
	question := request("GET", "/tenants/acme/orders/1") // nobody: a recorded 401
	var ids []string
	refused := 0
	for i := 0; refused < 20; i++ {
		began := time.Now()
		a := s.ask(t, question)
		ids = append(ids, a.requestID())
		took := time.Since(began)
		switch {
		case a.status == 503 && a.code() == "audit_unavailable" && a.header.Get("Retry-After") != "":
			refused++
			if took > 5*time.Second { // a second, and a busy machine
				t.Errorf("refused after %v", took)
			}
		case a.status != 401 || refused > 0 || i > 5000:
			t.Fatalf("answer %d: %d %s", i, a.status, a.body)
		}
	}
	release()
	eventually(t, 20*time.Second, "answers to come again", func() bool {
		a := s.ask(t, question)
		ids = append(ids, a.requestID())
		return a.status == 401
	})
	if err := s.stop(30 * time.Second); err != nil {
		t.Errorf("gwctl: %v", err)
	}
	compareAnswers(t, s, ids)
}

// TestDropToPipe: records that may be dropped hold nobody up, and SIGTERM under
// load leaves as many records and gaps as there were answers.
func TestDropToPipe(t *testing.T) {
	s := pipe(t, "overflow: drop")
	release := s.stdout.hold()
	defer release()
	question := request("GET", "/tenants/acme/orders/1")
	var running sync.WaitGroup
	var mu sync.Mutex
	var ids []string
	var answered atomic.Int64
	for range 4 {
		running.Go(func() {
			w := &wire{address: s.proxy}
			defer w.close()
			for {
				a, err := w.do(question)
				if errors.Is(err, errNotConnected) {
					return
				}
				if err != nil {
					continue
				}
				if a.status != 401 {
					t.Errorf("answer %d %s", a.status, a.body)
					return
				}
				mu.Lock()
				ids = append(ids, a.requestID())
				mu.Unlock()
				answered.Add(1)
			}
		})
	}
	eventually(t, 30*time.Second, "answers", func() bool { return answered.Load() >= 2000 })
	release()
	if err := s.stop(30 * time.Second); err != nil {
		t.Errorf("gwctl: %v", err)
	}
	running.Wait()
	if dropped := compareAnswers(t, s, ids); dropped == 0 {
		t.Error("nothing was dropped")
	}
}

// compareAnswers holds the answers that clients have got to the records.
func compareAnswers(t *testing.T, s *sidecar, answers []string) (dropped int) {
	t.Helper()
	recorded, dropped := accounted(t, s)
	missing := 0
	for _, id := range answers {
		if !recorded[id] {
			missing++
		}
	}
	if missing > dropped || len(recorded)+dropped > len(answers)+unasked || len(recorded) == 0 {
		t.Errorf("%d answers, %d of them without a record; %d records and %d dropped", len(answers), missing, len(recorded), dropped)
	}
	t.Logf("%d answers, %d records, %d told by gaps", len(answers), len(recorded), dropped)
	return dropped
}
