package proxy

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// deadlines notes what it is told.
type deadlines struct {
	http.ResponseWriter
	last time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.last = t
	return nil
}

// Once the answer has begun, a client that converses may be silent.
func TestConverses(t *testing.T) {
	d := &deadlines{ResponseWriter: httptest.NewRecorder()}
	b := &clientBody{ReadCloser: io.NopCloser(strings.NewReader("hello")), control: http.NewResponseController(d), silent: time.Minute}
	read := func() {
		t.Helper()
		if _, err := b.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if read(); time.Until(d.last) < 50*time.Second {
		t.Errorf("a silent client has until %s", d.last)
	}
	if b.converses(); !d.last.IsZero() {
		t.Errorf("the limit stays: %s", d.last)
	}
	if read(); !d.last.IsZero() {
		t.Errorf("the limit is back: %s", d.last)
	}
}
