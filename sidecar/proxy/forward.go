package proxy

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/gwctl/gwctl/sidecar/transport"
)

// forward sends an allowed request to its upstream and passes the answer on.
func (d *Door) forward(f forwarding) {
	w, r := f.w, f.r
	out := r.WithContext(r.Context())
	f.rewrite(out)
	body := &clientBody{silent: d.silent}
	if r.ContentLength == 0 {
		out.Body = nil // net/http gives a body without bytes to every request
	} else {
		trailing := &trailers{reader: f.turn.Reader(), in: r}
		trailing.announce(out)
		body.wrap(out, http.NewResponseController(w), trailing.end)
		defer body.answered()
	}
	if r.ProtoMajor >= 2 {
		paced := newPacedWriter(w, d.silent)
		defer paced.answered()
		w = paced
	}
	informed := &informing{to: w}
	resp, err := f.to.Exchange(out, informed.inform)
	informed.end()
	if err != nil {
		d.notForwarded(&f, body, err)
		return
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		err := d.switched(f, resp)
		_ = resp.Body.Close() // the connection, which is of no more use
		if !errors.Is(err, errSwitched) {
			d.notForwarded(&f, body, err)
		}
		return
	}
	if r.ProtoMajor >= 2 {
		body.converses()
	}
	d.passOn(w, &f, resp)
}

// passOn gives an answer of the upstream to the client.
func (d *Door) passOn(w http.ResponseWriter, f *forwarding, resp *http.Response) {
	defer resp.Body.Close()
	removeHopByHop(resp.Header)
	f.cors.allow(resp.Header)
	h := w.Header()
	for name, values := range resp.Header {
		h[name] = slices.Clip(values)
	}
	if d.closes(f.r) { // asked when the answer comes: the drain may have begun since
		h["Connection"] = []string{"close"}
	}
	if _, typed := h["Content-Type"]; !typed {
		h["Content-Type"] = nil // else net/http would guess one
	}
	if len(h["Date"]) == 0 {
		h["Date"] = d.dates.At(d.o.Clock())
	}
	announced := len(resp.Trailer)
	for name := range resp.Trailer {
		h.Add("Trailer", name)
	}
	w.WriteHeader(resp.StatusCode)
	if err := d.copyBody(w, resp); err != nil {
		// What was told so far cannot be taken back, so the client must see that it
		// is not whole.
		d.o.Logger.Debug("the answer ended before its end", "error", err, "request_id", f.c.ID)
		panic(http.ErrAbortHandler)
	}
	if len(resp.Trailer) == 0 {
		return
	}
	// Only chunks have trailers behind them, and a short body would get a length.
	_ = http.NewResponseController(w).Flush() // a client that is gone gets no trailers
	prefix := ""
	if len(resp.Trailer) != announced {
		prefix = http.TrailerPrefix // some were not announced
	}
	for name, values := range resp.Trailer {
		for _, value := range values {
			h.Add(prefix+name, value)
		}
	}
}

// copyBody copies the body of an answer. One without a length, or of events,
// may go on for ever, and what there is of it goes out at once.
func (d *Door) copyBody(w http.ResponseWriter, resp *http.Response) error {
	if resp.Body == http.NoBody {
		return nil
	}
	buffer := d.buffers.Get()
	defer d.buffers.Put(buffer)
	var out *http.ResponseController // nil where net/http says when to send
	if resp.ContentLength < 0 || strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		out = http.NewResponseController(w)
	}
	if out != nil && !transport.AtHand(resp) {
		if err := out.Flush(); err != nil { // the status, which is news by itself
			return err
		}
	}
	for {
		n, err := resp.Body.Read(buffer)
		if _, err := w.Write(buffer[:n]); err != nil {
			return err
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case out != nil:
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}

// informing passes answers of status 1xx on while nothing else has been said.
type informing struct {
	mu    sync.Mutex
	to    http.ResponseWriter
	ended bool
}

func (i *informing) inform(status int, header http.Header) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.ended { // the answer belongs to somebody else by now
		return nil
	}
	removeHopByHop(header)
	h := i.to.Header()
	for name, values := range header {
		h[name] = values
	}
	i.to.WriteHeader(status)
	clear(h)
	return nil
}

func (i *informing) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ended = true
}

// hopByHop are the headers of one connection (RFC 9110 section 7.6.1), beside
// those that Connection names.
var hopByHop = [...]string{"Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// removeHopByHop takes away what an answer says of the upstream's connection.
func removeHopByHop(h http.Header) {
	for _, line := range h["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.Trim(name, " \t"); name != "" {
				h.Del(name)
			}
		}
	}
	for _, name := range hopByHop {
		delete(h, name)
	}
}

// noAgent keeps net/http from naming itself. It is not changed.
var noAgent = []string{""}

// rewrite makes the outgoing request out of the canonical one. Only the body
// comes from what the client sent.
func (f *forwarding) rewrite(out *http.Request) {
	out.URL = f.c.OutURL(f.to.URL)
	out.Host = f.c.Host
	out.Close = false
	out.Form, out.PostForm, out.MultipartForm, out.Trailer = nil, nil, nil, nil
	h := make(http.Header, len(f.c.Header)+8)
	for name, values := range f.c.Header {
		h[name] = slices.Clip(values) // shared, as nobody changes one
	}
	if !f.turn.Snapshot().ForwardToken {
		h.Del("Authorization")
		h.Del("DPoP") // the proof that belongs to it
	}
	hop := []string{f.c.Host, f.c.Scheme, ""}
	h["X-Forwarded-Host"], h["X-Forwarded-Proto"] = hop[0:1:1], hop[1:2:2]
	if f.c.ClientIP.IsValid() {
		hop[2] = f.c.ClientIP.String()
		h["X-Forwarded-For"] = hop[2:3:3]
	}
	for name, values := range f.out.Headers {
		h[name] = values
	}
	if len(h["User-Agent"]) == 0 {
		h["User-Agent"] = noAgent // else net/http names itself
	}
	if f.c.WebSocket {
		upgrade(h)
	}
	if wantsTrailers(f.r) {
		h["Te"] = []string{"trailers"} // gRPC cannot do without
	}
	out.Header = h
}
