//go:build unix

package transport

import (
	"errors"
	"net"
	"syscall"
)

// peeking gives a function that tells whether a connection is silent: an answer
// that nobody asked for would be taken for that of the next request.
func peeking(c net.Conn) func() bool {
	no := func() bool { return false }
	source, ok := c.(syscall.Conn)
	if !ok {
		return no
	}
	raw, err := source.SyscallConn()
	if err != nil {
		return no
	}
	return func() bool {
		silent := false
		err := raw.Control(func(fd uintptr) {
			var b [1]byte
			_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			silent = errors.Is(err, syscall.EAGAIN)
		})
		return err == nil && silent
	}
}
