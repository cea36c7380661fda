package e2e

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// question is one kind of request and the answer it must get.
type question struct {
	text   string
	status int
	event  string // of the record
}

// met is an answer that a client has read to its end.
type met struct {
	id       string
	question *question
}

// caller asks one question after the other until the sidecar takes no more
// connections.
type caller struct {
	answers []met
	broken  int // kept connections that ended with a request under way
	err     error
}

// run asks the questions in turn. A caller that does not keep its connection
// cannot lose a request to the connection's end.
func (c *caller) run(s *sidecar, questions []*question, total *atomic.Int64) {
	w := &wire{address: s.proxy}
	defer w.close()
	for i := 0; ; i++ {
		q := questions[i%len(questions)]
		a, err := w.do(q.text)
		if errors.Is(err, errNotConnected) {
			return
		}
		var broken *brokenError
		switch {
		case errors.As(err, &broken) && !broken.begun:
			if broken.kept {
				c.broken++
			}
			continue // a new connection may still find the listener closing
		case err != nil:
			c.err = err
			return
		case a.status != q.status || a.requestID() == "":
			line, _, _ := strings.Cut(q.text, "\r\n")
			c.err = fmt.Errorf("%s: got %d, want %d; body %s", line, a.status, q.status, a.body)
			return
		}
		c.answers = append(c.answers, met{a.requestID(), q})
		total.Add(1)
	}
}

// TestDrain ends gwctl in the middle of its work and then compares what clients
// were told with what was recorded.
func TestDrain(t *testing.T) {
	idp := startProvider(t, 0)
	good := bearer(idp.token(t, reader, es256, allScopes))
	bad := bearer(idp.token(t, reader, otherAudience, allScopes))
	tests := []struct{ name, sink, drain string }{
		{"at once", "stdout", ""},
		{"after a delay", "{file: {path: audit.jsonl}}", "{delay: 500ms, timeout: 10s}"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			service := startUpstream(t)
			s := startSidecar(t, setup{issuer: idp.issuer, upstream: service.URL, sink: test.sink, drain: test.drain, away: true})
			questions := func(kind string, headers ...string) []*question {
				order := "/tenants/acme/orders/" + kind
				return []*question{
					{request("GET", order, append(headers, good)...), 200, "decision"},
					{request("DELETE", order, append(headers, good)...), 403, "decision"},
					{request("GET", order, headers...), 401, "decision"},
					{request("GET", order, append(headers, bad)...), 401, "authn_failure"},
					{request("GET", order+"/../x", append(headers, good)...), 400, "request_rejected"},
				}
			}
			var total atomic.Int64
			var running sync.WaitGroup
			var keeping, closing [4]caller
			for i := range keeping {
				// A rejection ends its connection, so these ask none.
				running.Go(func() { keeping[i].run(s, questions("keeping")[:4], &total) })
				running.Go(func() { closing[i].run(s, questions("closing", "Connection: close"), &total) })
			}
			eventually(t, 20*time.Second, "answers", func() bool { return total.Load() >= 3000 })
			slow := make(chan error, 1)
			var late met
			go func() {
				w := wire{address: s.proxy}
				defer w.close()
				a, err := w.do(request("GET", "/tenants/acme/orders/slow", good))
				if err == nil && a.status != 200 {
					err = fmt.Errorf("got %d", a.status)
				}
				late = met{a.requestID(), &question{event: "decision"}}
				slow <- err
			}()
			eventually(t, 10*time.Second, "the slow request to arrive", func() bool { return service.holding.Load() == 1 })

			s.signal(t, syscall.SIGTERM)
			eventually(t, 5*time.Second, "readiness to end", func() bool {
				status, body := s.get("/readyz")
				return status == 503 && strings.Contains(body, "draining")
			})
			eventually(t, 5*time.Second, "the listener to close", func() bool {
				conn, err := net.DialTimeout("tcp", s.proxy, time.Second)
				if err == nil {
					_ = conn.Close()
				}
				return err != nil
			})
			if s.hasEnded() {
				t.Fatal("gwctl did not wait for the request under way")
			}
			service.release()
			if err := <-slow; err != nil {
				t.Errorf("the request under way: %v", err)
			}
			running.Wait()
			// A second SIGTERM would cut the drain short.
			if err := s.wait(20 * time.Second); err != nil {
				t.Errorf("gwctl: %v", err)
			}

			log := s.stdout.from(0)
			if test.sink != "stdout" {
				log = readLines(t, filepath.Join(filepath.Dir(s.config), "audit.jsonl"))
			} else if rest := s.stdout.begun(); rest != "" {
				t.Errorf("the last record is cut: %q", rest)
			}
			broken := compare(t, parseRecords(t, log), []met{late}, keeping[:], closing[:])
			// The delay is there to send the callers away.
			if test.drain != "" && broken > 0 {
				t.Errorf("%d kept connections broke in spite of the delay", broken)
			}
		})
	}
}

// compare demands one record of the right kind for every answer, and no record
// without an answer. There is one exception: a request on a kept connection may
// be read while the connection is being closed, so that its answer is lost;
// there are no more such records than connections that broke, which it counts.
func compare(t *testing.T, entries []entry, answers []met, keeping, closing []caller) (broken int) {
	t.Helper()
	for i, c := range append(append([]caller{}, keeping...), closing...) {
		if c.err != nil {
			t.Errorf("caller %d: %v", i, c.err)
		}
		answers = append(answers, c.answers...)
		if i < len(keeping) {
			broken += c.broken
		}
	}
	records := make(map[string]entry, len(entries))
	for _, e := range entries {
		if !e.ofRequest() {
			continue
		}
		if _, twice := records[e.RequestID]; twice || e.RequestID == "" {
			t.Fatalf("request %q is recorded twice or has no id", e.RequestID)
		}
		records[e.RequestID] = e
	}
	recorded := len(records)
	for _, a := range answers {
		e, ok := records[a.id]
		if !ok {
			t.Fatalf("request %s was answered %d and not recorded", a.id, a.question.status)
		}
		if e.Event != a.question.event {
			t.Errorf("request %s: record is %s, want %s", a.id, e.Event, a.question.event)
		}
		delete(records, a.id)
	}
	for id, e := range records {
		if !strings.HasSuffix(e.path(), "/keeping") {
			t.Errorf("request %s (%s) is recorded and was not answered", id, e.path())
		}
	}
	if len(records) > broken {
		t.Errorf("%d records without an answer, but %d kept connections broke", len(records), broken)
	}
	t.Logf("%d answered, %d recorded, %d kept connections broken", len(answers), recorded, broken)
	return broken
}
