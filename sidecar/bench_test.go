package sidecar_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"
)

// BenchmarkProxy is a request through the whole of a sidecar, with the tiny
// client and upstream that it takes. It is for profiles; `make bench-proxy`
// measures the process alone, beside others.
func BenchmarkProxy(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go respond(c)
		}
	}()
	r := start(b, setup{upstreams: fmt.Sprintf(`[{match: "/{rest...}", url: "http://%s"}]`, l.Addr()), spec: fmt.Sprintf("  audit: {sinks: [{file: {path: %q}}]}", filepath.Join(b.TempDir(), "audit.jsonl"))})
	raw := request("GET /items/7?page=3", bearer(r.user(`{"roles":["customer"],"plan":"pro"}`)), "User-Agent: bench/1.0", "Accept: application/json", "Accept-Encoding: gzip", "X-Trace: 4bf92f3577b34da6a3ce929d0e0e4736")
	drive(b, r.car.Addr(), raw, len("hello"))
}

// BenchmarkForwardAuth is the same question at the other door.
func BenchmarkForwardAuth(b *testing.B) {
	r := start(b, setup{listeners: forwardAuth, spec: fmt.Sprintf("  audit: {sinks: [{file: {path: %q}}]}", filepath.Join(b.TempDir(), "audit.jsonl"))})
	raw := request("GET /auth", bearer(r.user(`{"roles":["customer"],"plan":"pro"}`)), "User-Agent: bench/1.0", "Accept: application/json", "Accept-Encoding: gzip", "X-Trace: 4bf92f3577b34da6a3ce929d0e0e4736",
		"X-Forwarded-Method: GET", "X-Forwarded-Proto: http", "X-Forwarded-Host: app.test", "X-Forwarded-Uri: /items/7?page=3", "X-Forwarded-For: 198.51.100.7")
	drive(b, r.car.ForwardAuthAddr(), raw, 0)
}

// drive sends a request again and again, over some connections at once.
func drive(b *testing.B, to net.Addr, request string, body int) {
	raw := []byte(request)
	b.ReportAllocs()
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		c, err := net.Dial("tcp", to.String())
		if err != nil {
			b.Error(err)
			return
		}
		defer c.Close()
		in := bufio.NewReader(c)
		for pb.Next() {
			if _, err := c.Write(raw); err != nil {
				b.Error(err)
				return
			}
			if err := skip(in, body); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// respond gives the fixed answer to every request on a connection.
func respond(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	for skip(in, 0) == nil {
		if _, err := io.WriteString(c, fixedAnswer); err != nil {
			return
		}
	}
}

// skip reads a head and a body of so many bytes.
func skip(in *bufio.Reader, body int) error {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == 2 {
			_, err := in.Discard(body)
			return err
		}
	}
}
