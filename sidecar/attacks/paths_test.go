package attacks_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Pieces of targets: names that routes know, spellings that services read in
// other ways, and what separates them.
var (
	targetNames = []string{
		"public", "admin", "files", "secret", "tree", "private", "java", "gaps", "of", "acme", "evil", "open", "items", "hosted", "plan", "a", "x", "b.c", "~u", "-_", "A", "1", "!$&'()*+,=:@",
	}
	targetTricks = []string{
		".", "..", "%2e", "%2E%2e", ".%2e", "...", "..;", ";", ";x=1", "%3b", "%3Bx", "%2f", "%2F", "%2Fadmin", "a%2Fb", "a%2f..", "..%2f", "%2F%2F", "%5c", "..%5c", "\\", "%252e", "%2561dmin", "%25",
		"%61dmin", "ADMIN", "adm%69n", "%c0%ae", "%c0%ae%c0%ae", "%e2%80%a4", "%e2%80%a5", "\u00e9", "%ff", "%00", "%0a", "%0d%0a", "%20", "%", "%4", "%zz", "#", "#x", "*", "\t", " ", "\x00", "\x7f",
		"admin;x", "admin%2f", "private;a=b", "secret%3b", "acme;evil", "acme%2Fevil", "http:", "a:80", "@", "[", "{", "|", "^", "\"", "<",
	}
	targetQueries = []string{"", "a=1", "a=1&b=2&a=3", "path=/admin", "x=%2e%2e/", "/../admin", "a;b", "%zz", "a=%00", "a=%ff", "+", "a=b#c", "?", strings.Repeat("a&", 300)}
	targetHosts   = []string{"app.test", "App.Test:80", "app.test.", "[::1]:8080", "a@b", "app.test/x", "", "evil.test"}
	targetHeaders = []http.Header{
		{}, {"X-Plan": {"pro"}}, {"X-User-Id": {"evil"}, "X-Plan": {"pro"}}, {"X_user_id": {"evil"}}, {"X.user.roles": {"admin"}}, {"Connection": {"x-plan"}, "X-Plan": {"pro"}}, {"Connection": {"X-User-ID"}},
		{"X-Forwarded-Uri": {"/admin"}, "X-Original-Url": {"/admin"}, "X-Http-Method-Override": {"DELETE"}}, {"X-Tenant-Id": {"a", "b"}}, {"Te": {"trailers"}}, {"Forwarded": {"for=1.2.3.4"}, "Accept": {"*/*"}},
	}
)

// target makes one request target. Half of them are close to what routes let
// through, the others anything.
func target(r *rand.Rand, b []byte) []byte {
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	b = b[:0]
	tricks := []int{0, 1, 1, 3}[r.IntN(4)] // in eight
	for range 1 + r.IntN(5) {
		b = append(b, '/')
		if r.IntN(12) == 0 {
			b = append(b, '/')
		}
		for range 1 + r.IntN(8)/7 {
			if r.IntN(8) < tricks {
				b = append(b, pick(targetTricks)...)
			} else {
				b = append(b, pick(targetNames)...)
			}
		}
	}
	if r.IntN(4) == 0 {
		b = append(b, '/')
	}
	if r.IntN(8) == 0 { // one byte anywhere
		b[r.IntN(len(b))] = byte(r.UintN(256))
	}
	if r.IntN(4) == 0 {
		b = append(append(b, '?'), pick(targetQueries)...)
	}
	return b
}

// count is what came of many targets.
type count struct{ targets, canonical, allowed, kept atomic.Int64 }

// TestManyPaths (A08) is the same comparison as FuzzPathAuthorisedIsPathSent,
// over targets that are made of what has gone wrong elsewhere, and without a
// parser in front: many per second. GWCTL_PATHS says how many.
func TestManyPaths(t *testing.T) {
	want := int64(30_000)
	if text := os.Getenv("GWCTL_PATHS"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1 {
			t.Fatalf("GWCTL_PATHS=%s is no number of targets", text)
		}
		want = n
	}
	d := newDecider(t)
	var n count
	var failed atomic.Pointer[error]
	seed := uint64(time.Now().UnixNano())
	began := time.Now()
	var running sync.WaitGroup
	for worker := range runtime.GOMAXPROCS(0) {
		running.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(worker)))
			for failed.Load() == nil && n.targets.Add(1) <= want {
				if err := n.one(t.Context(), d, r); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	stopped := make(chan struct{})
	go func() {
		running.Wait()
		close(stopped)
	}()
	minutes := time.NewTicker(time.Minute)
	defer minutes.Stop()
	for more := true; more; {
		select {
		case <-minutes.C:
			t.Logf("%d targets so far", n.targets.Load())
		case <-stopped:
			more = false
		}
	}
	if err := failed.Load(); err != nil {
		t.Fatalf("%v (seed %d)", *err, seed)
	}
	t.Logf("%d targets, %d canonical, %d allowed, %d of them with what only their route lets through: each one was sent as it was decided (%.0f targets/s)",
		want, n.canonical.Load(), n.allowed.Load(), n.kept.Load(), float64(want)/time.Since(began).Seconds())
	// Otherwise it would not be a comparison.
	if n.allowed.Load() < want/20 || n.kept.Load() < want/200 {
		t.Errorf("too few of them are allowed")
	}
}

// one makes a request and judges it.
func (n *count) one(ctx context.Context, d *decider, r *rand.Rand) error {
	var buf [128]byte
	in := &http.Request{
		Method: http.MethodGet, RequestURI: string(target(r, buf[:])), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Host: targetHosts[0], Header: targetHeaders[r.IntN(len(targetHeaders))], RemoteAddr: "192.0.2.1:4711",
	}
	if r.IntN(8) == 0 {
		in.Host = targetHosts[r.IntN(len(targetHosts))]
	}
	out, err := d.judge(in.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("%q of %q with %v: %w", in.RequestURI, in.Host, in.Header, err)
	}
	if out.canonical {
		n.canonical.Add(1)
	}
	if out.allowed {
		n.allowed.Add(1)
		if out.kept {
			n.kept.Add(1)
		}
	}
	return nil
}
