package e2e

import (
	"bytes"
	"crypto/tls"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// flood is a connection of an attacker that speaks HTTP/2 frame by frame.
type flood struct {
	*http2.Framer
	conn io.Closer
}

// openFlood connects. Nobody reads the answers where deaf is true.
func openFlood(s *sidecar, deaf bool, settings ...http2.Setting) (*flood, error) {
	raw, err := dialFrom(attacker, s.proxy)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, &tls.Config{InsecureSkipVerify: true, ServerName: "shop.test", NextProtos: []string{"h2"}})
	if err := conn.SetDeadline(time.Now().Add(2 * dwell)); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		_ = conn.Close()
		return nil, err
	}
	if !deaf {
		go func() { _, _ = io.Copy(io.Discard, conn) }() // ends with the connection
	}
	f := &flood{http2.NewFramer(conn, conn), conn}
	return f, f.WriteSettings(settings...)
}

// block is a header block of a GET.
func block(path string, more ...string) []byte {
	var out bytes.Buffer
	enc := hpack.NewEncoder(&out)
	for _, f := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", "shop.test"}, {":path", path}} {
		_ = enc.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}) // a buffer takes it
	}
	for _, name := range more {
		_ = enc.WriteField(hpack.HeaderField{Name: name, Value: strings.Repeat("a", 1000), Sensitive: true})
	}
	return out.Bytes()
}

// TestHTTP2Abuse: floods over HTTP/2 (row A102 of docs/attacks.md). Whoever is
// cut off connects again.
func TestHTTP2Abuse(t *testing.T) {
	get, large, more := block("/public/small"), block("/public/large"), block("/public/small", "x-more")
	piece := bytes.Repeat(more[len(get):], 10)
	headers := func(f *flood, stream uint32, fragment []byte, end bool) error {
		return f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: fragment, EndStream: true, EndHeaders: end})
	}
	for _, tt := range []struct {
		name  string
		conns int
		deaf  bool
		open  []http2.Setting
		send  func(f *flood, i uint32) error
	}{
		{"resets at once", 20, false, nil, func(f *flood, i uint32) error {
			if err := headers(f, 2*i+1, get, true); err != nil {
				return err
			}
			return f.WriteRSTStream(2*i+1, http2.ErrCodeCancel)
		}},
		{"headers that go on and on", 20, false, nil, func(f *flood, i uint32) error {
			if i == 0 {
				return headers(f, 1, get, false)
			}
			return f.WriteContinuation(1, false, piece)
		}},
		{"empty continuations", 20, false, nil, func(f *flood, i uint32) error {
			if i == 0 {
				return headers(f, 1, get, false)
			}
			return f.WriteContinuation(1, false, nil)
		}},
		{"settings and pings", 20, true, nil, func(f *flood, i uint32) error {
			if err := f.WriteSettings(); err != nil {
				return err
			}
			return f.WritePing(false, [8]byte{byte(i)})
		}},
		{"answers that nobody takes", 20, true, []http2.Setting{{ID: http2.SettingInitialWindowSize, Val: 0}}, func(f *flood, i uint32) error {
			if i >= 100 {
				return io.EOF
			}
			return headers(f, 2*i+1, large, true)
		}},
		{"prefaces and nothing else", many, true, nil, func(*flood, uint32) error { return io.EOF }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := startAttacked(t, startSink(t).URL, true)
			var frames, cut atomic.Int64
			s.served(t, true, func() {
				end := time.Now().Add(dwell)
				var running sync.WaitGroup
				for range tt.conns {
					running.Go(func() {
						for time.Now().Before(end) {
							f, err := openFlood(s, tt.deaf, tt.open...)
							for i := uint32(0); err == nil && time.Now().Before(end); i++ {
								if err = tt.send(f, i); err == nil {
									frames.Add(1)
								}
							}
							if err == io.EOF { // all is said: stay
								time.Sleep(time.Until(end))
							} else if err != nil {
								cut.Add(1)
								time.Sleep(100 * time.Millisecond) // not our own machine's flood
							}
							if f != nil {
								_ = f.conn.Close()
							}
						}
					})
				}
				running.Wait()
			})
			t.Logf("%d attacks were sent, %d connections were cut off", frames.Load(), cut.Load())
			s.within(t)
		})
	}
}
