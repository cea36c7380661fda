package e2e

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// many is how many connections an attacker opens at once.
const many = 2000

// dwell is how long an attack lasts once it is complete.
const dwell = 3 * time.Second

// TestSlowClients: connections that say little and never end (row A102 of
// docs/attacks.md).
func TestSlowClients(t *testing.T) {
	for _, tt := range []struct{ name, each string }{
		{"headers that never end", "GET /public/x HTTP/1.1\r\nHost: a.test\r\nX-Note: "},
		{"headers that are large and never end", "GET /public/x HTTP/1.1\r\nHost: a.test\r\n" + strings.Repeat("X-Note: "+strings.Repeat("a", 980)+"\r\n", 45)},
		{"bodies that never come", "POST /public/x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1048576\r\n\r\nhello"},
		{"chunks that never end", "POST /public/x HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\nhello"},
		{"answers that nobody reads", "GET /public/large HTTP/1.1\r\nHost: a.test\r\n\r\n"},
		{"declared bodies that never end", "POST /notes HTTP/1.1\r\nHost: a.test\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n{\"text\":\"" + strings.Repeat("a", 256<<10)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := startAttacked(t, startSink(t).URL, false)
			s.served(t, false, func() {
				c := crowd(t, s, many, tt.each)
				time.Sleep(dwell)
				t.Logf("%d of %d connections were taken", c.wrote.Load(), many)
			})
			s.within(t)
		})
	}
}

// TestLargeBodies: they pass, and nobody keeps them.
func TestLargeBodies(t *testing.T) {
	s := startAttacked(t, startSink(t).URL, false)
	s.served(t, false, func() {
		w := wire{address: s.proxy}
		defer w.close()
		if a, err := w.do(request("GET", "/public/x")); err != nil || a.status != 200 {
			t.Fatalf("%d %v", a.status, err)
		}
		conn := w.conn
		if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		// Up.
		if _, err := io.WriteString(conn, request("POST", "/public/x", "Content-Length: "+strconv.Itoa(endless))); err != nil {
			t.Fatal(err)
		}
		block := make([]byte, 1<<20)
		for range endless / len(block) {
			if _, err := conn.Write(block); err != nil {
				t.Fatal(err)
			}
		}
		if a, _, err := w.exchange(""); err != nil || a.status != 200 || a.body != strconv.Itoa(endless) {
			t.Errorf("up: %d %s %v", a.status, a.body, err)
		}
		// Down.
		if _, err := io.WriteString(conn, request("GET", "/public/large")); err != nil {
			t.Fatal(err)
		}
		if n, err := io.CopyN(io.Discard, w.in, endless); err != nil {
			t.Errorf("down: %d bytes, %v", n, err)
		}
	})
	s.within(t)
}

// TestManyKeptBodies: bodies that rules read are as large as they may be, and
// many (row A102). Each is judged or finds no place.
func TestManyKeptBodies(t *testing.T) {
	s := startAttacked(t, startSink(t).URL, false)
	body := `{"text":"` + strings.Repeat("a", 1<<20-100) + `"}`
	ask := request("POST", "/notes", "Content-Type: application/json", "Content-Length: "+strconv.Itoa(len(body))) + body
	var judged, refused atomic.Int64
	s.served(t, false, func() {
		end := time.Now().Add(dwell)
		var running sync.WaitGroup
		for range 100 {
			running.Go(func() {
				for time.Now().Before(end) {
					conn, err := dialFrom(attacker, s.proxy)
					if err != nil {
						t.Errorf("connecting: %v", err)
						return
					}
					w := wire{address: s.proxy, conn: conn, in: bufio.NewReader(conn)}
					a, err := w.do(ask)
					w.close()
					switch {
					case err == nil && a.status == 200:
						judged.Add(1)
					case err == nil && a.status == 503 && a.code() == "body_unavailable":
						refused.Add(1)
					case err == nil:
						t.Errorf("answer %d %s", a.status, a.body)
						return
					}
				}
			})
		}
		running.Wait()
	})
	t.Logf("%d bodies were judged, %d found no place", judged.Load(), refused.Load())
	if judged.Load() == 0 {
		t.Error("no body was judged")
	}
	s.within(t)
}
