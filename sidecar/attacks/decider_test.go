package attacks_test

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/audit"
	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/health"
	"github.com/gwctl/gwctl/sidecar/pdp"
)

// decider is a decision point over the policies of this package and those of
// routes that keep something.
type decider struct {
	point *pdp.Point
	set   *engine.Set
}

func newDecider(t testing.TB) *decider {
	t.Helper()
	src, found := policy.Load([]policy.File{{Path: "set.yaml", Data: []byte(policies + kept)}})
	set, more := engine.Compile(src)
	if found = append(found, more...); found.HasErrors() {
		t.Fatal(found)
	}
	reader, err := canonical.New(canonical.Options{})
	if err != nil {
		t.Fatal(err)
	}
	log := audit.New(audit.NewWriterSink(io.Discard), audit.Options{})
	point := pdp.New(pdp.Options{
		Clock: time.Now, NewID: func() string { return "decision" }, Audit: log, Metrics: health.NewMetrics(),
		Reader: reader, Logger: slog.New(slog.DiscardHandler), Verify: (*engine.Set).Verify,
	})
	snapshot, found := pdp.NewSnapshot(set, &config.Config{AllowAnonymous: true}, nil, func(string) (string, bool) { return "", false })
	if found.HasErrors() {
		t.Fatal(found)
	}
	point.Swap(snapshot)
	return &decider{point, set}
}

// judge reads and decides a request, and looks at what the proxy would send of
// one that is allowed.
func (d *decider) judge(in *http.Request) (out judged, err error) {
	turn := d.point.Begin()
	c, refused := turn.Reader().Read(in)
	if refused != nil {
		return out, nil
	}
	o := turn.Request(in.Context(), c, nil, "proxy")
	out = judged{canonical: true, allowed: o.Allowed, kept: c.Lifted != 0}
	if !o.Allowed {
		return out, nil
	}
	wire, err := write(c, o.Headers)
	if err != nil {
		return out, err
	}
	line, head, _ := strings.Cut(wire, "\r\n")
	if err := d.checkLine(c, line); err != nil {
		return out, err
	}
	return out, checkHead(head, o.Headers)
}

// judged is how far a request came.
type judged struct {
	canonical, allowed bool
	kept               bool // it has what only its route lets through
}
