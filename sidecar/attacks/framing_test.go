package attacks_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/syntax"
)

// posts is a request with a body, of exactly these lines.
func posts(lines ...string) request {
	return raw(append([]string{"POST /public/x HTTP/1.1", "Host: app.test"}, lines...)...)
}

// TestFraming is what section 2.5 of the corpus says about HTTP/1.1: where a
// request ends has to be the same for everybody.
func TestFraming(t *testing.T) {
	r := start(t, setup{})
	chunked := posts("Transfer-Encoding: chunked", "", "5", "hello", "0", "", "")
	known := posts("Content-Length: 5", "", "hello")
	plain := get("/public/x")
	ambiguous := unread(400, syntax.RuleFraming)
	broken := unread(400, syntax.Rule)
	upgrade := malformed("upgrade")
	r.refuse(t, []refusal{
		{"A94 preface of HTTP/2", raw("PRI * HTTP/2.0", "", "SM", "", ""), noMethod, plain, nil},
		{"A94 upgrade to HTTP/2", get("/public/x", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"), upgrade, plain, nil},
		{"A96 coding and length", posts("Transfer-Encoding: chunked", "Content-Length: 5", "", "0", "", ""), ambiguous, chunked, nil},
		{"A96 length and coding", posts("Content-Length: 5", "Transfer-Encoding: chunked", "", "0", "", ""), ambiguous, known, nil},
		{"A96 length, in small letters, and coding", posts("content-length: 5", "transfer-encoding: chunked", "", "0", "", ""), ambiguous, chunked, nil},
		{"A96 two lengths that agree", posts("Content-Length: 5", "Content-Length: 5", "", "hello"), ambiguous, known, nil},
		{"A96 two lengths that do not", posts("Content-Length: 5", "Content-Length: 6", "", "hello"), ambiguous, known, nil},
		{"A96 two lengths in one", posts("Content-Length: 5, 5", "", "hello"), ambiguous, known, nil},
		{"A96 signed length", posts("Content-Length: +5", "", "hello"), ambiguous, known, nil},
		{"A96 coding in HTTP/1.0", raw("POST /public/x HTTP/1.0", "Host: app.test", "Transfer-Encoding: chunked", "", "0", "", ""), ambiguous, raw("POST /public/x HTTP/1.0", "Host: app.test", "Content-Length: 5", "", "hello"), nil},
		{"A96 unknown coding", posts("Transfer-Encoding: xchunked", "", "0", "", ""), unread(501, syntax.Rule), chunked, nil},
		{"A96 coding behind a control character", posts("Transfer-Encoding: \x0bchunked", "", "0", "", ""), broken, chunked, nil},
		{"A96 two codings", posts("Transfer-Encoding: chunked", "Transfer-Encoding: identity", "", "0", "", ""), unread(501, syntax.Rule), chunked, nil},
		{"A96 blank before the colon", posts("Transfer-Encoding : chunked", "", "0", "", ""), broken, chunked, nil},
		{"A96 folded header", get("/public/x", "X-Note: a", " Transfer-Encoding: chunked"), ambiguous, get("/public/x", "X-Note: a Transfer-Encoding: chunked"), nil},
		{"A96 line without CR", raw("GET /public/x HTTP/1.1", "Host: app.test\nX-Note: a", "", ""), ambiguous, plain, nil},
		{"A96 first line without CR", raw("GET /public/x HTTP/1.1\nHost: app.test", "", ""), ambiguous, plain, nil},
		{"A96 end without CR", raw("GET /public/x HTTP/1.1", "Host: app.test", "\n"), ambiguous, plain, nil},
		{"A96 zero byte in a header", get("/public/x", "X-Note: a\x00b"), broken, plain, nil},
		{"A96 CR in a header", get("/public/x", "X-Note: a\rb"), broken, plain, nil},
		{"A32 blank before the colon of an identity", get("/public/x", "X-User-ID : evil"), broken, plain, nil},
		{"A31 identity as a trailer", posts("Transfer-Encoding: chunked", "Trailer: X-User-Id", "", "0", "X-User-Id: evil", "", ""), malformed("trailer"), chunked, nil},
		{"A102 header without end", get("/public/x", "X-Note: "+strings.Repeat("a", 64<<10)), unread(431, syntax.Rule), plain, nil},
		{"A102 too many headers", get("/public/x", strings.Repeat("X-Note: a\r\n", 100)+"X-Note: a"), malformed("header_limit"), get("/public/x", strings.Repeat("X-Note: a\r\n", 90)+"X-Note: a"), nil},
		{"A102 too many cookies", get("/public/x", "Cookie: "+strings.Repeat("a=b;", 100)+"a=b"), malformed("cookie_limit"), get("/public/x", "Cookie: "+strings.Repeat("a=b;", 99)+"a=b"), nil},
		{"A102 one large header", get("/public/x", "X-Note: "+strings.Repeat("a", 8<<10)), malformed("header_limit"), get("/public/x", "X-Note: "+strings.Repeat("a", 8000)), nil},
	})
	r.stop(t)
}

// A body that breaks off is the client's fault: what the upstream has got of it
// does not look whole.
func TestBodyFraming(t *testing.T) {
	r := start(t, setup{})
	for _, tt := range []struct{ name, body string }{
		{"A96 chunk size without CR", "5;ext\nhello\r\n0\r\n\r\n"},
		{"A96 chunk size with a prefix", "0x5\r\nhello\r\n0\r\n\r\n"},
		{"A96 signed chunk size", "+5\r\nhello\r\n0\r\n\r\n"},
		{"A96 chunk longer than it says", "5\r\nhelloworld\r\n0\r\n\r\n"},
		{"A96 chunk without CR", "5\r\nhello\n0\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := r.in(t)
			bad := posts("Transfer-Encoding: chunked", "", tt.body)
			var a answer
			seen, _ := r.upstream.received(func() { a = exchange(t, r.car.Addr(), attacker, bad.wire()) })
			r.note(t, passes, attacker) // it was decided before its body came
			if a.status != 400 || a.code() != "request_not_canonical" || !a.closed {
				t.Errorf("answer %d %s, closed: %t", a.status, a.body, a.closed)
			}
			if strings.HasSuffix(seen, "\r\n0\r\n\r\n") {
				t.Errorf("the upstream saw a whole request: %q", seen)
			}
			if seen, want := r.pass(t, proxyDoor{r}, posts("Transfer-Encoding: chunked", "", "5;ext", "hello", "0", "", "")), "5\nhello\n0\n\n"; !strings.HasSuffix(seen, want) {
				t.Errorf("of the good one the upstream saw %q", seen)
			}
		})
	}
	r.stop(t)
}

// What comes behind an ambiguous request is nobody's request (A96), and what
// came before it is answered.
func TestFramingOfLaterRequests(t *testing.T) {
	r := start(t, setup{})
	plain := get("/public/x").wire()
	smuggled := posts("Content-Length: 5", "Transfer-Encoding: chunked", "", "0", "", "GET /public/evil HTTP/1.1", "Host: app.test", "", "").wire()
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(attacker)}}).Dial("tcp", r.car.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	seen, _ := r.upstream.received(func() {
		if _, err := io.WriteString(c, plain+plain+smuggled); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(c)
		for _, want := range []int{200, 200, 400} {
			resp, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != want || resp.Close != (want == 400) {
				t.Errorf("answer %d, close %t, want %d", resp.StatusCode, resp.Close, want)
			}
		}
		if rest, _ := io.ReadAll(in); len(rest) > 0 {
			t.Errorf("and then %q", rest)
		}
	})
	if n := strings.Count(seen, "GET /public/x "); n != 2 || strings.Contains(seen, "evil") {
		t.Errorf("the upstream saw %q", seen)
	}
	for range 2 {
		r.note(t, passes, attacker)
	}
	r.note(t, unread(400, syntax.RuleFraming), attacker)
	if last := r.stop(t)[2]; last.Kind != record.KindRequestRejected {
		t.Errorf("recorded %s", last.Kind)
	}
}
