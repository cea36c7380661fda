package e2e

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// tokenFlood sends forged tokens at a constant rate, each from one of many addresses
// and several behind each other on a connection, and reads every answer.
type tokenFlood struct {
	sent     atomic.Int64
	refused  atomic.Int64 // 401
	unjudged atomic.Int64 // 503: a fetch took longer than a request waits
	other    atomic.Int64 // anything else, broken connections included

	began time.Time
	halt  chan struct{}
	done  sync.WaitGroup
}

const (
	floodConnections = 32
	floodBatch       = 16
	keyIDLength      = 30 // bytes of JSON, a multiple of three: 40 of base64
)

// forgery is a request with a forged token, in which the kid can be exchanged.
type forgery struct {
	text  string
	keyAt int // where the kid stands in base64, 0 for none
}

// forge makes a request of a good token: its claims, a header with another kid
// and a signature that is none. Of a kid of "?" each request gets its own.
func forge(t testing.TB, token, alg, kid string) forgery {
	t.Helper()
	part := strings.Split(token, ".")
	signature := make([]byte, base64.RawURLEncoding.DecodedLen(len(part[2])))
	for i := range signature {
		signature[i] = byte(i + 1)
	}
	f := forgery{}
	header := `{"alg":"` + alg + `"}`
	switch kid {
	case "":
	case "?":
		before := `{"alg":"` + alg + `","kid":"`
		before = strings.Repeat(" ", (3-len(before)%3)%3) + before
		header = before + strings.Repeat("0", keyIDLength) + `"}`
		f.keyAt = base64.RawURLEncoding.EncodedLen(len(before))
	default:
		header = `{"alg":"` + alg + `","kid":"` + kid + `"}`
	}
	encode := base64.RawURLEncoding.EncodeToString
	f.text = request("GET", order42, bearer(encode([]byte(header))+"."+part[1]+"."+encode(signature)))
	if f.keyAt > 0 {
		f.keyAt += strings.Index(f.text, "Bearer ") + len("Bearer ")
	}
	return f
}

// put appends the request with the kid of a number.
func (f forgery) put(to []byte, n uint64) []byte {
	at := len(to) + f.keyAt
	to = append(to, f.text...)
	if f.keyAt > 0 {
		var kid [keyIDLength]byte
		copy(kid[:], fmt.Sprintf("%0*x", keyIDLength, n*0x9e3779b97f4a7c15)) // no two alike, and no order
		base64.RawURLEncoding.Encode(to[at:], kid[:])
	}
	return to
}

// startFlood sends rate requests per second; 0 sends as many as there are
// answers.
func startFlood(t testing.TB, s *sidecar, f forgery, rate int) *tokenFlood {
	t.Helper()
	l := &tokenFlood{began: time.Now(), halt: make(chan struct{})}
	first := rand.Uint64()
	for i := range floodConnections {
		from := &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(i+1))}
		l.done.Go(func() {
			dialer := net.Dialer{LocalAddr: from, Timeout: wireTimeout}
			conn, err := dialer.Dial("tcp", s.proxy)
			if err != nil {
				l.other.Add(1)
				return
			}
			defer conn.Close()
			l.run(conn, f, first+uint64(i)<<24, rate)
		})
	}
	t.Cleanup(l.end)
	return l
}

func (l *tokenFlood) run(conn net.Conn, f forgery, n uint64, rate int) {
	var pace <-chan time.Time
	if rate > 0 {
		ticker := time.NewTicker(time.Second * floodConnections * floodBatch / time.Duration(rate))
		defer ticker.Stop()
		pace = ticker.C
	}
	in, batch := bufio.NewReader(conn), []byte(nil)
	for {
		if pace != nil {
			select {
			case <-l.halt:
				return
			case <-pace:
			}
		}
		select {
		case <-l.halt:
			return
		default:
		}
		batch = batch[:0]
		for range floodBatch {
			n++
			batch = f.put(batch, n)
		}
		_ = conn.SetDeadline(time.Now().Add(wireTimeout))
		if _, err := conn.Write(batch); err != nil {
			l.other.Add(1)
			return
		}
		l.sent.Add(floodBatch)
		for range floodBatch {
			resp, err := http.ReadResponse(in, nil)
			if err != nil {
				l.other.Add(1)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			switch resp.StatusCode {
			case http.StatusUnauthorized:
				l.refused.Add(1)
			case http.StatusServiceUnavailable:
				l.unjudged.Add(1)
			default:
				l.other.Add(1)
			}
		}
	}
}

func (l *tokenFlood) end() {
	select {
	case <-l.halt:
	default:
		close(l.halt)
	}
	l.done.Wait()
}

// stop ends the flood. It gives the requests that were answered in a second.
func (l *tokenFlood) stop(t testing.TB, name string) (rate int) {
	t.Helper()
	l.end()
	took := time.Since(l.began)
	rate = int(float64(l.refused.Load()+l.unjudged.Load()) / took.Seconds())
	t.Logf("%s: %d requests in %v, %d a second; 401 %d, 503 %d", name, l.sent.Load(), took.Round(time.Millisecond), rate, l.refused.Load(), l.unjudged.Load())
	if n := l.other.Load(); n > 0 {
		t.Errorf("%s: %d answers that are neither 401 nor 503, or none at all", name, n)
	}
	if l.refused.Load() == 0 {
		t.Errorf("%s: no token was refused", name)
	}
	return rate
}
