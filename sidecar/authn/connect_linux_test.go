package authn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"
	"time"
)

// silent gives an address on loopback that neither takes nor refuses a
// connection: the queue of its listener is full.
func silent(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprint("127.0.0.1:", name.(*syscall.SockaddrInet4).Port)
	for range 16 {
		conn, err := net.DialTimeout("tcp", address, 100*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Fatal("the queue does not fill")
	return ""
}

// A connect that is not answered ends by its own limit, long before that of the
// exchange, and is repeated once.
func TestConnectEnds(t *testing.T) {
	address := silent(t)
	client := NewHTTPClient(HTTPOptions{AllowLoopback: true, ConnectTimeout: 50 * time.Millisecond, Timeout: 30 * time.Second})
	began := time.Now()
	if _, err := get(client, "http://"+address); err == nil {
		t.Fatal("connected")
	}
	took := time.Since(began)
	if took < 2*50*time.Millisecond+retryWait || took > 5*time.Second {
		t.Errorf("two connects of 50 ms took %v", took)
	}
	// Introspection has its own: 250 ms, twice, in the second that a request waits.
	m := must(NewIntrospection(introspectionConfig(nil, func(c *IntrospectionConfig) {
		c.Endpoint, c.HTTP, c.Timeout = "http://"+address, nil, 10*time.Second
	})))
	began = time.Now()
	_, err := m.Authenticate(context.Background(), bearing("t"))
	took = time.Since(began)
	if _, broken := errors.AsType[*Broken](err); !broken || took < 2*250*time.Millisecond+retryWait || took > 5*time.Second {
		t.Errorf("%v after %v", err, took)
	}
}
