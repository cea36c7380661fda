package pdp

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/transport"
)

// Turn is one request's view of a Point: the snapshot that was in force when it
// began, for reading it and for deciding it.
type Turn struct {
	point    *Point
	snapshot *Snapshot
	to       *transport.Upstream
	standing bool
}

// Begin takes the snapshot in force.
func (p *Point) Begin() Turn { return Turn{point: p, snapshot: p.snapshot.Load()} }

// Reader makes canonical requests by the snapshot: headers that its rules can
// set are identity headers, which no client may send.
func (t Turn) Reader() *canonical.Reader {
	if t.snapshot == nil {
		return t.point.o.Reader
	}
	return t.snapshot.reader
}

// Snapshot is what was in force, nil before the first one. The request is
// served by it to its end.
func (t Turn) Snapshot() *Snapshot { return t.snapshot }

// Upstream gives the service behind the proxy door that a request goes to, nil
// if there is none.
func (t Turn) Upstream(c *canonical.Request) *transport.Upstream {
	if t.snapshot == nil {
		return nil
	}
	return t.snapshot.Upstreams.Match(c)
}

// Toward is the turn of a request that goes to an upstream: it says no more
// than that one may learn. nil is any other service.
func (t Turn) Toward(u *transport.Upstream) Turn {
	t.to = u
	return t
}

// Standing is the turn of a request that was allowed before and is asked about
// again, because what it opened still stands: a proof that came with it need not
// be new any more.
func (t Turn) Standing() Turn {
	t.standing = true
	return t
}

// Body reads what the client sent, at most limit bytes. It is asked only for
// routes that declare a body, and only after authentication. The error may be
// ErrBodyTooLarge; any other means that the body did not arrive.
type Body func(limit int64) ([]byte, error)

// ErrBodyTooLarge is a body beyond the limit of its route.
var ErrBodyTooLarge = errors.New("the body is larger than its route allows")

// bindBody gives the request its body, or the reason why there is none. What
// is wrong denies in Decide, so the errors are not looked at here.
func (q *question) bindBody(body Body) {
	limit := q.request.BodyLimit()
	if limit == 0 || body == nil {
		return
	}
	if err := plainJSON(q.c.Header); err != nil {
		_ = q.request.BodyFailed(engine.ReasonBodyInvalid, http.StatusUnsupportedMediaType, err)
		return
	}
	data, err := body(limit)
	switch {
	case errors.Is(err, ErrBodyTooLarge):
		_ = q.request.BodyFailed(engine.ReasonBodyInvalid, http.StatusRequestEntityTooLarge, err)
	case err != nil:
		_ = q.request.BodyFailed(engine.ReasonBodyUnavailable, http.StatusServiceUnavailable, err)
	default:
		_ = q.request.Body(data)
	}
}

// plainJSON holds a body to application/json in UTF-8 without an encoding: what
// the rules read must be what the upstream reads.
func plainJSON(h http.Header) error {
	if h.Get("Content-Encoding") != "" {
		return errors.New("the body is encoded")
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return errors.New("the body is not application/json")
	}
	for name, value := range params {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return fmt.Errorf("the media type has the parameter %q", name)
		}
	}
	return nil
}

// Request decides a canonical request and writes its one record. A panic on
// the way denies, as an error of a rule does.
func (t Turn) Request(ctx context.Context, c *canonical.Request, body Body, door string) Outcome {
	return t.point.request(ctx, t, c, body, door)
}

// Reject answers a request that is not canonical and writes its record.
func (t Turn) Reject(r *canonical.Rejection, door string, allow []string) Outcome {
	return t.point.Reject(r, door, allow)
}
