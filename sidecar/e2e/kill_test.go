package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// told is an answer with the moment at which it was read to its end.
type told struct {
	id string
	at time.Time
}

// TestKill ends gwctl with kill -9 under load. Of the answers that clients have
// got, only those of the last moments may have no record: records wait for
// others as long as flush says, and then take the time of one write. The file
// holds whole lines but for the last, and a new process goes on behind it.
func TestKill(t *testing.T) {
	const flush = 200 * time.Millisecond
	// A write, and a machine on which everything takes its time.
	const slack = 300 * time.Millisecond
	service := startUpstream(t)
	c := setup{issuer: "http://127.0.0.1:1", upstream: service.URL, sink: "{file: {path: audit.jsonl, flush: 200ms, rotate: 1MiB}}", unready: true, dir: t.TempDir()}
	copyPolicies(t, filepath.Join(c.dir, "policies"))
	s := startSidecar(t, c)
	question := request("GET", "/tenants/acme/orders/1") // nobody: a recorded 401
	var running sync.WaitGroup
	var answers [4][]told
	var answered atomic.Int64
	for i := range answers {
		running.Go(func() {
			w := &wire{address: s.proxy}
			defer w.close()
			for {
				a, err := w.do(question)
				if err != nil {
					return
				}
				answered.Add(1)
				answers[i] = append(answers[i], told{a.requestID(), time.Now()})
			}
		})
	}
	eventually(t, 20*time.Second, "answers", func() bool { return answered.Load() >= 3000 })
	killed := time.Now()
	s.signal(t, syscall.SIGKILL)
	s.abandoned = true // it ends as nothing should
	if err := s.wait(10 * time.Second); err == nil {
		t.Error("gwctl has ended well")
	}
	running.Wait()

	path := filepath.Join(c.dir, "audit.jsonl")
	recorded, torn := recordsOf(t, path)
	total, missing := 0, 0
	for _, list := range answers {
		for _, a := range list {
			total++
			if recorded[a.id] {
				continue
			}
			missing++
			if early := killed.Sub(a.at); early > flush+slack {
				t.Errorf("the answer %s was given %v before the end and has no record", a.id, early)
			}
		}
	}
	if total < 500 || missing == total || torn > 1 {
		t.Errorf("%d answers, %d of them without a record, %d broken lines", total, missing, torn)
	}
	t.Logf("%d answers, %d of the last %v without a record", total, missing, flush+slack)

	before := len(recorded)
	s = startSidecar(t, c)
	a := s.expect(t, question, 401, "unauthenticated")
	s.signal(t, syscall.SIGTERM)
	if err := s.wait(20 * time.Second); err != nil {
		t.Errorf("gwctl: %v", err)
	}
	recorded, again := recordsOf(t, path)
	if len(recorded) != before+1 || !recorded[a.requestID()] || again != torn {
		t.Errorf("%d records after %d, %d broken lines after %d", len(recorded), before, again, torn)
	}
}

// recordsOf reads a log with its rotated files: the request ids of its
// decisions, and the number of lines that are no records. The numbers of each
// process must have no hole.
func recordsOf(t *testing.T, path string) (ids map[string]bool, torn int) {
	t.Helper()
	files, err := filepath.Glob(path + ".2*") // in the order of their names
	if err != nil {
		t.Fatal(err)
	}
	ids = map[string]bool{}
	next := uint64(1)
	for _, file := range append(files, path) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			var e entry
			if json.Unmarshal([]byte(line), &e) != nil {
				torn++
				continue
			}
			if e.Event == "process_start" {
				next = 1
			}
			if e.Seq != next || e.Event == "gap" {
				t.Fatalf("number %d where %d was next: %.200s", e.Seq, next, line)
			}
			next++
			if e.Event == "decision" {
				ids[e.RequestID] = true
			}
		}
	}
	return ids, torn
}
