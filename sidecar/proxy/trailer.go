package proxy

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/gwctl/gwctl/sidecar/canonical"
)

// errTrailer is a trailer that no client may send. It ends the request to the
// upstream before its body is complete.
var errTrailer = errors.New("a trailer is protected or malformed")

// trailers hands the trailers of a request on. They come after the body, when
// the request was decided long ago, so they are judged by name once more: one
// that was announced is checked by canonical, one that was not may be anything.
type trailers struct {
	reader *canonical.Reader
	in     *http.Request
	out    http.Header // of the outgoing request; has the announced names
}

// announce gives the outgoing request the names that may pass.
func (t *trailers) announce(out *http.Request) {
	out.Trailer = nil
	for name := range t.in.Trailer {
		if pass, ok := t.reader.Trailer(name, nil); pass && ok {
			if out.Trailer == nil {
				out.Trailer = http.Header{}
			}
			out.Trailer[name] = nil
		}
	}
	if t.out = out.Trailer; t.out != nil {
		out.ContentLength = -1 // only chunks have trailers behind them
	}
}

// wantsTrailers tells whether a client takes trailers behind an answer.
func wantsTrailers(r *http.Request) bool {
	for _, line := range r.Header["Te"] {
		for coding := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.Trim(coding, " \t"), "trailers") {
				return true
			}
		}
	}
	return false
}

// end is called when the body has ended, and gives what its reader sees.
func (t *trailers) end() error {
	for name, values := range t.in.Trailer {
		pass, ok := t.reader.Trailer(name, values)
		if !ok {
			return errTrailer
		}
		if _, announced := t.out[name]; announced && pass {
			t.out[name] = values
		}
	}
	return io.EOF
}
