package dev

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

const (
	maxBody = 10 << 20
	hidden  = "(not shown)"
)

// Echo answers every request with what arrived, as JSON:
//
//	{"method", "path", "query", "headers": {name: [values]}, "body_bytes"}
//
// The path and query are those of the request line, byte for byte; the headers
// are sorted and include Host. Headers that carry credentials are named, their
// values are not shown. A body of more than 10 MiB is refused with 413.
func Echo() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		size, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody))
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			http.Error(w, "body too large", http.StatusRequestEntityTooLarge)
			return
		} else if err != nil {
			http.Error(w, "body not readable", http.StatusBadRequest)
			return
		}
		path, query, _ := strings.Cut(r.RequestURI, "?")
		w.Header().Set("Content-Type", "application/json")
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false) // for human eyes; nosniff keeps it JSON
		// An error here is a client that has gone.
		_ = enc.Encode(struct {
			Method  string      `json:"method"`
			Path    string      `json:"path"`
			Query   string      `json:"query"`
			Headers http.Header `json:"headers"`
			Body    int64       `json:"body_bytes"`
		}{r.Method, path, query, shownHeaders(r), size})
	})
}

func shownHeaders(r *http.Request) http.Header {
	shown := r.Header.Clone()
	if shown == nil {
		shown = make(http.Header)
	}
	shown.Set("Host", r.Host) // net/http keeps it elsewhere
	for name, values := range shown {
		if !carriesCredential(name) {
			continue
		}
		for n := range values {
			values[n] = hidden
		}
	}
	return shown
}

// carriesCredential also knows the relatives of Authorization (X-Forwarded-…,
// Proxy-…) and the spellings that some servers take for it.
func carriesCredential(name string) bool {
	name = strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(name))
	switch name {
	case "cookie", "x-api-key", "dpop":
		return true
	}
	return strings.Contains(name, "authorization")
}
