package sidecar_test

import (
	"bytes"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
)

// What no HTTP/2 client sends does not reach the service (ATTACKS A21, A95).
func TestHTTP2Requests(t *testing.T) {
	r := startTLS(t, setup{})
	get := func(more ...string) []string {
		return append([]string{":method", "GET", ":scheme", "https", ":authority", "app.test", ":path", "/public/x"}, more...)
	}
	with := func(name, value string) []string {
		out := get()
		for i := 0; i < len(out); i += 2 {
			if out[i] == name {
				out[i+1] = value
			}
		}
		return out
	}
	if f := r.frames(); f.send(frameHeaders, endHeaders|endStream, 1, fields(get()...)) != nil || f.status(1) != "200" {
		t.Fatal("a good request gets no answer")
	}
	r.answers.Add(1)
	// The scheme is that of the connection, whatever the client says.
	seen := r.forwarded(func() {
		if f := r.frames(); f.send(frameHeaders, endHeaders|endStream, 1, fields(with(":scheme", "http")...)) != nil || f.status(1) != "200" {
			t.Error("a request without TLS, it says, gets no answer")
		}
		r.answers.Add(1)
	})
	if !strings.Contains(seen, "X-Forwarded-Proto: https\r\n") {
		t.Errorf("the upstream saw %s", seen)
	}
	var rules []string
	r.untouched(func() {
		for _, tt := range []struct {
			name   string
			fields []string
			want   string
			rule   string // of the record; "" for none
		}{
			{"a path without a slash", with(":path", "public/x"), "reset", "http_syntax"},
			{"an empty path", with(":path", ""), "reset", "http_syntax"},
			{"a whole URL as path", with(":path", "https://app.test/public/x"), "400", "absolute_form"},
			{"dot segments", with(":path", "/public/../admin"), "400", "dot_segment"},
			{"a user in the authority", with(":authority", "a@app.test"), "reset", "http_syntax"},
			{"another Host", get("host", "evil.test"), "400", "host_mismatch"},
			{"no scheme at all", with(":scheme", "ftp"), "reset", "http_syntax"},
			{"CONNECT", []string{":method", "CONNECT", ":authority", "app.test:443"}, "405", "method"},
			{"CONNECT with a path", with(":method", "CONNECT"), "reset", "http_syntax"},
			{"extended CONNECT", append(with(":method", "CONNECT"), ":protocol", "websocket"), "reset", "http_syntax"},
			{"TRACE", with(":method", "TRACE"), "405", "method"},
			{"upper case", get("X-User-Id", "evil"), "reset", ""},
			{"connection", get("connection", "x-user-id"), "400", ""},
			{"a line break", get("x-note", "a\r\nx-user-id: evil"), "reset", ""},
			{"an unknown pseudo-header", get(":status", "200"), "reset", ""},
			{"announced trailers", get("trailer", "x-user-id"), "400", "trailer"},
		} {
			f := r.frames()
			if err := f.send(frameHeaders, endHeaders|endStream, 1, fields(tt.fields...)); err != nil {
				t.Fatal(err)
			}
			if got := f.status(1); got != tt.want {
				t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
			}
			if tt.rule != "" {
				rules = append(rules, tt.rule)
				r.answers.Add(1)
			}
			_ = f.Close()
		}
	})
	var got []string
	for _, e := range r.stop() {
		if e.Kind == record.KindRequestRejected {
			got = append(got, e.Detail)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(rules) {
		t.Errorf("recorded %q, want %q", got, rules)
	}
}

// The answer to a CONNECT with a body is the last word on its stream, and the
// next requests get their own answers (ATTACKS A95).
func TestHTTP2ConnectDoesNotMix(t *testing.T) {
	r := startTLS(t, setup{})
	f := r.frames()
	r.untouched(func() {
		if err := f.send(frameHeaders, endHeaders, 1, fields(":method", "CONNECT", ":authority", "app.test:443")); err != nil {
			t.Fatal(err)
		}
		if err := f.send(frameData, endStream, 1, []byte("GET /admin/x HTTP/1.1\r\nHost: app.test\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		if got := f.status(1); got != "405" {
			t.Errorf("CONNECT: %s", got)
		}
	})
	// Others get their own answers, on connections of the same upstream pool.
	user := bearer(r.user(`{"roles":["customer"]}`))
	for range 5 {
		c, _ := r.client("HTTP/2.0")
		if status, body, _ := r.ask(c, "app.test", "/items/7", user); status != http.StatusOK || body != "hello" {
			t.Errorf("the next request: %d %s", status, body)
		}
	}
	_ = f.Close()
	r.answers.Add(1)
	r.stop()
}

// Floods end their own connection, memory stays, and others are served
// (ATTACKS A102).
func TestHTTP2Floods(t *testing.T) {
	r := startTLS(t, setup{proxy: ", http2: {max_streams: 10}"})
	good := fields(":method", "GET", ":scheme", "https", ":authority", "app.test", ":path", "/public/x")
	c, _ := r.client("HTTP/2.0")
	if status, body, _ := r.ask(c, "app.test", "/public/x"); status != http.StatusOK {
		t.Fatalf("answer %d %s", status, body)
	}
	floods := map[string]func(f *frames, i int) error{
		"resets": func(f *frames, i int) error {
			stream := uint32(2*i + 1)
			if err := f.send(frameHeaders, endHeaders|endStream, stream, good); err != nil {
				return err
			}
			return f.send(frameReset, 0, stream, []byte{0, 0, 0, 8})
		},
		"streams": func(f *frames, i int) error {
			return f.send(frameHeaders, endHeaders, uint32(2*i+1), good)
		},
		"continuations": func(f *frames, i int) error {
			if i == 0 {
				return f.send(frameHeaders, endStream, 1, good)
			}
			return f.send(frameContinuation, 0, 1, bytes.Repeat(fields("x-flood", strings.Repeat("a", 100)), 100))
		},
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for name, flood := range floods {
		f := r.frames()
		drained := make(chan struct{})
		go func() {
			defer close(drained)
			for ok := true; ok; {
				_, ok = f.next()
			}
		}()
		ended := false
		for i := 0; i < 5_000 && !ended; i++ {
			ended = flood(f, i) != nil
		}
		_ = f.Close()
		<-drained
		if !ended && name == "continuations" {
			t.Errorf("%s: the connection stays", name)
		}
		if status, body, _ := r.ask(c, "app.test", "/public/x"); status != http.StatusOK {
			t.Errorf("after %s: answer %d %s", name, status, body)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapInuse) - int64(before.HeapInuse); grown > 64<<20 {
		t.Errorf("the heap has grown by %d MiB", grown>>20)
	}
	r.cancel()
	<-r.ended
}
