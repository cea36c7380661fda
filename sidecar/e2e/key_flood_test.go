package e2e

import (
	"bufio"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// floodSettings are those of `make e2e` and of `make bench-flood`.
type floodSettings struct {
	lasts  time.Duration // of each flood
	rounds int
	rate   int           // tokens a second, 0 for what the machine gives
	every  time.Duration // unknown_every
	most   float64       // of the median with unknown kids over that with bad signatures
}

// The short version holds the same bounds in a few seconds; of the ratio, which
// a busy machine moves, it allows five times as much.
var (
	shortFlood = floodSettings{lasts: 1500 * time.Millisecond, rounds: 2, every: time.Second, most: 5 * 1.1}
	longFlood  = floodSettings{lasts: time.Minute, rounds: 1, rate: 10_000, every: 10 * time.Second, most: 1.1}
)

// A76, A78: TestKeyFlood floods gwctl with tokens whose kids nobody has seen. It asks the
// provider a bounded number of times, a user with a good token does not notice
// more than under as many bad signatures, and a rotation gets through.
func TestKeyFlood(t *testing.T) {
	with := shortFlood
	if os.Getenv("GWCTL_FLOOD") == "long" {
		with = longFlood
	}
	idp, service := startZitadel(t), startUpstream(t)
	s := startSidecar(t, setup{
		issuer: idp.URL, upstream: service.URL, attributes: zitadelAttributes, jwt: ", jwks: {unknown_every: " + with.every.String() + "}",
		sink: "{file: {path: audit.jsonl, rotate: 64MiB, keep: 1}}",
	})
	token := idp.token(t, reader, rs256, allScopes)
	s.expect(t, request("GET", order42, bearer(token)), 200, "")
	random, known := forge(t, token, "RS256", "?"), forge(t, token, "RS256", "RS256-1")

	if with.rate == 0 {
		l := startFlood(t, s, known, 0)
		s.latencies(t, token, 500*time.Millisecond)
		with.rate = min(l.stop(t, "as many as the machine gives")*2/3, longFlood.rate)
	}
	if with.rate < 1 {
		t.Fatal("gwctl answers nothing")
	}
	read := idp.keyFetches.Load()
	fetched := s.unknownFetches(t)
	before := s.allFetches(t)
	var took [2][]time.Duration // with unknown kids, with bad signatures
	var began time.Time
	var flooded time.Duration
	var fresh time.Duration
	for round := range with.rounds {
		l := startFlood(t, s, known, with.rate)
		took[1] = append(took[1], s.latencies(t, token, with.lasts)...)
		l.stop(t, "bad signatures under a known kid")

		l = startFlood(t, s, random, with.rate)
		if began.IsZero() {
			began = time.Now()
		}
		if round == with.rounds-1 {
			fresh = s.rotated(t, idp)
		}
		took[0] = append(took[0], s.latencies(t, token, with.lasts-min(fresh, with.lasts/2))...)
		l.stop(t, "unknown kids")
		flooded = time.Since(began)
	}
	got := s.unknownFetches(t) - fetched
	if most := 1 + int(flooded/with.every); got < 1 || got > most {
		t.Errorf("%d fetches for unknown kids in %v, want 1 to %d", got, flooded, most)
	}
	if n := int(idp.keyFetches.Load() - read); n != s.allFetches(t)-before {
		t.Errorf("the provider counts %d fetches of its keys, gwctl %d", n, s.allFetches(t)-before)
	}
	unknown, bad := median(took[0]), median(took[1])
	ratio := float64(unknown) / float64(bad)
	t.Logf("%d fetches for unknown kids in %v; median of %d valid tokens %v, of %d beside bad signatures %v: ratio %.2f; new key accepted after %v",
		got, flooded.Round(time.Millisecond), len(took[0]), unknown, len(took[1]), bad, ratio, fresh.Round(time.Millisecond))
	if ratio > with.most {
		t.Errorf("the ratio is %.2f, want %.2f at most", ratio, with.most)
	}

	// After the rotation there are two keys for the algorithm: without a kid the
	// token names none of them, and nothing is fetched.
	l := startFlood(t, s, forge(t, token, "RS256", ""), with.rate)
	s.latencies(t, token, with.lasts/3)
	l.stop(t, "no kid")
	if n := s.unknownFetches(t) - fetched - got; n != 0 {
		t.Errorf("%d fetches for tokens without kid", n)
	}
}

// latencies asks with a good token on one connection, again and again, and gives
// how long each answer took.
func (s *sidecar) latencies(t testing.TB, token string, lasts time.Duration) (took []time.Duration) {
	t.Helper()
	question := request("GET", order42, bearer(token))
	w := &wire{address: s.proxy}
	defer w.close()
	pace := time.NewTicker(2 * time.Millisecond)
	defer pace.Stop()
	for end := time.Now().Add(lasts); time.Now().Before(end); <-pace.C {
		began := time.Now()
		a, err := w.do(question)
		if err != nil || a.status != 200 {
			t.Fatalf("a valid token got %d %s, %v", a.status, a.body, err)
		}
		took = append(took, time.Since(began))
	}
	return took
}

// rotated gives the provider new keys and tells how long it takes until a token
// of theirs is accepted. It asks from another address than the flood.
func (s *sidecar) rotated(t testing.TB, idp *zitadel) time.Duration {
	t.Helper()
	const most = time.Minute // A78
	idp.rotate(t)
	began := time.Now()
	question := request("GET", order42, bearer(idp.token(t, reader, rs256, allScopes)))
	eventually(t, most, "a token with a new key to be accepted", func() bool {
		conn, err := dialFrom(bystander, s.proxy)
		if err != nil {
			t.Fatal(err)
		}
		w := &wire{conn: conn, in: bufio.NewReader(conn)}
		defer w.close()
		a, err := w.do(question)
		if err != nil || a.status != 200 && a.status != 401 && a.status != 503 {
			t.Fatalf("got %d %s, %v", a.status, a.body, err)
		}
		return a.status == 200
	})
	return time.Since(began)
}

// unknownFetches counts the fetches that unknown kids have caused.
func (s *sidecar) unknownFetches(t testing.TB) int { return s.fetches(t, `trigger="unknown_kid"`) }

func (s *sidecar) allFetches(t testing.TB) int { return s.fetches(t, "") }

// fetches adds up the samples of the fetches that have a label.
func (s *sidecar) fetches(t testing.TB, label string) (n int) {
	t.Helper()
	_, body := s.get("/metrics")
	for line := range strings.Lines(body) {
		if sample, ok := strings.CutPrefix(strings.TrimSpace(line), "gwctl_jwks_fetch_total{"); ok && strings.Contains(sample, label) {
			_, value, _ := strings.Cut(sample, "} ")
			count, err := strconv.Atoi(value)
			if err != nil {
				t.Fatalf("a sample %q", line)
			}
			n += count
		}
	}
	return n
}

func median(of []time.Duration) time.Duration {
	slices.Sort(of)
	return of[len(of)/2]
}
