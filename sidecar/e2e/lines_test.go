package e2e

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"
)

// lines collects what a process prints, line by line.
type lines struct {
	gate sync.Mutex // locked: nobody reads
	mu   sync.Mutex
	rest []byte // begun line
	all  []string
}

func (l *lines) Write(p []byte) (int, error) {
	l.gate.Lock()
	defer l.gate.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		line, rest, whole := bytes.Cut(l.rest, []byte{'\n'})
		if !whole {
			return len(p), nil
		}
		l.all = append(l.all, string(line))
		l.rest = rest
	}
}

// hold has nobody read what the process prints: its pipe fills up.
func (l *lines) hold() (release func()) {
	l.gate.Lock()
	return sync.OnceFunc(l.gate.Unlock)
}

// from gives the whole lines from number n on.
func (l *lines) from(n int) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all[min(n, len(l.all)):]
}

// count gives the number of whole lines so far.
func (l *lines) count() int { return len(l.from(0)) }

// begun gives what follows the last whole line.
func (l *lines) begun() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.rest)
}

// tail gives the last lines for a failure's message.
func (l *lines) tail(n int) string {
	all := l.from(0)
	return strings.Join(all[max(0, len(all)-n):], "\n")
}

// find gives the first line after the first skip lines that has all parts.
func (l *lines) find(skip int, parts ...string) (string, bool) {
next:
	for _, line := range l.from(skip) {
		for _, part := range parts {
			if !strings.Contains(line, part) {
				continue next
			}
		}
		return line, true
	}
	return "", false
}

// await waits for such a line.
func (l *lines) await(t testing.TB, within time.Duration, skip int, parts ...string) string {
	t.Helper()
	var line string
	eventually(t, within, "a line with "+strings.Join(parts, " and "), func() bool {
		var ok bool
		line, ok = l.find(skip, parts...)
		return ok
	})
	return line
}

// eventually polls until ok is true, and ends the test when it takes too long.
func eventually(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain for %s", within, what)
		}
	}
}
