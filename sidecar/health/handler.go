// Package health answers the orchestrator and the monitoring: is the process
// alive, is it ready, and what did it count.
//
// Make one [State] and one [Metrics] (with [NewMetrics]), keep them up to
// date, and serve [Handler] on the health listener. That listener may have any
// address, so nothing here is secret: no error text, no claim, no path of a
// file. It refuses everything but GET and HEAD of its three paths, and it
// never uses Prometheus' default registry.
package health

import (
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// maxScrapes bounds the memory that many scrapers at once can take.
const maxScrapes = 4

// Handler serves, for GET and HEAD and exactly these paths, spelled so:
//
//	/livez    200 as long as the process answers
//	/readyz   200 or 503, in plain text, one reason a line
//	/metrics  the metrics in the format that Prometheus asks for
//
// Everything else is 404.
func Handler(s *State, m *Metrics) http.Handler {
	metrics := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		// A fault in one collector must not hide the others; it is counted in
		// promhttp_metric_handler_errors_total.
		ErrorHandling:       promhttp.ContinueOnError,
		Registry:            m.registry,
		MaxRequestsInFlight: maxScrapes,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		path := r.URL.EscapedPath() // so that /%6Divez is not /livez
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			path = ""
		}
		switch path {
		case "/livez":
			reply(w, http.StatusOK, "alive\n")
		case "/readyz":
			status, text := readiness(s)
			reply(w, status, text)
		case "/metrics":
			metrics.ServeHTTP(w, r)
		default:
			reply(w, http.StatusNotFound, "not found\n")
		}
	})
}

func readiness(s *State) (status int, text string) {
	var b strings.Builder
	status = http.StatusOK
	problems := s.Problems()
	for _, p := range problems {
		status = http.StatusServiceUnavailable
		b.WriteString("not ready: " + p + "\n")
	}
	if len(problems) == 0 {
		b.WriteString("ready\n")
	}
	if at, failed := s.reloadFailed(); failed {
		b.WriteString("last reload failed at " + at.UTC().Format(time.RFC3339) + "\n")
	}
	for _, flag := range s.insecureFlags() {
		b.WriteString("insecure: " + flag + "\n")
	}
	return status, b.String()
}

func reply(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, text)
}
