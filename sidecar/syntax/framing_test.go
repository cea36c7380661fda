package syntax

import (
	"bufio"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The end of every request here is where two readers agree.
var framed = []string{
	"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET / HTTP/1.0\r\n\r\n",
	"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab\ncdGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\ncontent-length:0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST / HTTP/1.0\r\nContent-Length:\t1 \r\n\r\n\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n\n\n\r\n\n\r\nA;x=\"y\"\r\n0123456789\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding:CHUNKED\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nContent-Type: x\r\nTE: trailers\r\nContent-Length-X: a\r\nCookie: " + strings.Repeat("c", 500) + "\r\n\r\n",
	// These the server ends by itself.
	"hello\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n\n",
}

// unclear are requests whose framing is an error, and the byte it shows at.
var unclear = map[string]string{
	"coding and length":          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r|\n0\r\n\r\n",
	"length and coding":          "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r|\n0\r\n\r\n",
	"no length and coding":       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r|\n0\r\n\r\n",
	"length and another coding":  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: identity\r\n\r|\n0\r\n\r\n",
	"coding in 1.0":              "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r|\n0\r\n\r\n",
	"two lengths that agree":     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 4\r|\n\r\nabcd",
	"two lengths":                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r|\n\r\nabcd",
	"two lengths in one":         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4, 4\r|\n\r\nabcd",
	"signed length":              "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r|\n\r\nabcd",
	"control character as digit": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \x14\r|\n\r\nabcd",
	"length of 16 digits":        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0000000000000004\r|\n\r\nabcd",
	"length behind many blanks":  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:" + strings.Repeat(" ", 60) + "4\r|\n\r\nabcd",
	"folded header":              "POST / HTTP/1.1\r\nHost: a\r\nX: y\r\n Transfer-Encoding: chunked\r|\n\r\n",
	"header folded by a tab":     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\tchunked\r|\n\r\n",
	"request line without CR":    "GET / HTTP/1.1|\nHost: a\r\n\r\n",
	"header without CR":          "GET / HTTP/1.1\r\nHost: a|\nX: y\r\n\r\n",
	"end without CR":             "GET / HTTP/1.1\r\nHost: a\r\n|\nGET /x HTTP/1.1\r\n\r\n",
	"later request without CR":   "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1|\nHost: a\r\n\r\n",
	"minor version of tomorrow":  "POST / HTTP/1.2\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r|\n",
	"chunk size without CR":      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;ext\n|abcde\r\n0\r\n\r\n",
	"blank in a chunk size":      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\n|abcde\r\n0\r\n\r\n",
	"signed chunk size":          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n|abcde\r\n0\r\n\r\n",
	"prefix of a chunk size":     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\n|abcde\r\n0\r\n\r\n",
	"chunk longer than it says":  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcdef\r\n|0\r\n\r\n",
	"chunk without CR":           "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\n|0\r\n\r\n",
	"trailer without CR":         "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\n|\r\n",
}

// inPieces has f judge text as it may come from a network, and gives how much
// of it was good.
func inPieces(f *framing, text string, size int) int {
	done := 0
	for piece := range slices.Chunk([]byte(text), size) {
		good, more := f.judge(piece)
		done += good
		if !more {
			break
		}
	}
	return done
}

func TestFraming(t *testing.T) {
	for size := range 70 {
		for _, text := range framed {
			if got := inPieces(&framing{}, text, size+1); got != len(text) {
				t.Errorf("in pieces of %d: %d bytes of %d are good: %q", size+1, got, len(text), text)
			}
		}
		for name, marked := range unclear {
			want := strings.Index(marked, "|")
			text := marked[:want] + marked[want+1:]
			if got := inPieces(&framing{}, text, size+1); got != want {
				t.Errorf("%s, in pieces of %d: %d bytes of %d are good, want %d", name, size+1, got, len(text), want)
			}
		}
	}
}

// FuzzFraming: where net/http reads requests, both see every one of them end at
// the same byte, whatever the pieces they come in (A96).
func FuzzFraming(f *testing.F) {
	for i, text := range framed {
		f.Add(text, uint8(i))
	}
	for _, marked := range unclear {
		f.Add(strings.Replace(marked, "|", "", 1), uint8(7))
	}
	f.Fuzz(func(t *testing.T, text string, size uint8) {
		whole, more := (&framing{}).judge([]byte(text))
		if got := inPieces(&framing{}, text, int(size)+1); got != whole {
			t.Fatalf("%q: %d good bytes, %d in pieces of %d", text, whole, got, int(size)+1)
		}
		in := strings.NewReader(text)
		read := bufio.NewReader(in)
		for {
			r, err := http.ReadRequest(read)
			if err != nil || r.ProtoMajor != 1 {
				return // the server ends the connection
			}
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return
			}
			end := len(text) - in.Len() - read.Buffered()
			f := &framing{}
			if _, more := f.judge([]byte(text[:end])); more && f.state != atRequest {
				t.Fatalf("%q: net/http sees a request end at %d, framing is in state %d", text, end, f.state)
			}
			if !more && whole <= end {
				return // refused, so nobody reads on
			}
		}
	})
}

func BenchmarkFraming(b *testing.B) {
	request := []byte("GET /tenants/acme/orders/42 HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: bench\r\nAccept: */*\r\nAuthorization: Bearer " +
		strings.Repeat("a", 700) + "\r\nContent-Type: application/json\r\nCookie: a=b\r\n\r\n")
	var f framing
	b.ReportAllocs()
	for b.Loop() {
		if _, more := f.judge(request); !more {
			b.Fatal("refused")
		}
	}
}
