package admin

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/gwctl/gwctl/sidecar/config"
)

var errNotLoopback = errors.New("the address can be reached from other hosts")

// Listen opens the listener. An address that turns out not to be on loopback is
// an error, and so is a path where something else stands than a socket that
// nobody listens on.
func Listen(c config.Admin) (net.Listener, error) {
	if c.Socket != "" {
		return listenSocket(c.Socket)
	}
	l, err := net.Listen("tcp", c.Address)
	if err != nil {
		return nil, err
	}
	if a, ok := l.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		return nil, errors.Join(errNotLoopback, l.Close())
	}
	return l, nil
}

// listenSocket makes a socket that is private from its first moment on: in a
// directory of its own, from which it is moved when its mode is set.
func listenSocket(path string) (net.Listener, error) {
	if err := vacant(path); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".a")
	if err != nil {
		return nil, fmt.Errorf("making the admin socket: %w", err)
	}
	defer os.RemoveAll(dir)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "s"), Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("making the admin socket: %w", err)
	}
	l.SetUnlinkOnClose(false) // its name is another one by then
	if err := private(filepath.Join(dir, "s"), path); err != nil {
		return nil, errors.Join(fmt.Errorf("making the admin socket: %w", err), l.Close())
	}
	made, err := os.Lstat(path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making the admin socket: %w", err), l.Close())
	}
	return &socket{UnixListener: l, path: path, made: made}, nil
}

func private(from, to string) error {
	if err := os.Chmod(from, 0o600); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// vacant tells whether a socket can be put at a path: nothing is there, or a
// socket of a process that has ended.
func vacant(path string) error {
	at, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("looking for the admin socket: %w", err)
	case at.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is not a socket; it is left alone", path)
	}
	c, err := net.Dial("unix", path)
	if err == nil {
		_ = c.Close() // nothing was said
		return fmt.Errorf("another process listens on %s", path)
	}
	return nil
}

// socket removes its file when it is closed, unless another one stands there.
type socket struct {
	*net.UnixListener
	path string
	made fs.FileInfo
	once sync.Once
}

// Close closes the listener.
func (s *socket) Close() error {
	s.once.Do(func() {
		if at, err := os.Lstat(s.path); err == nil && os.SameFile(at, s.made) {
			_ = os.Remove(s.path) // one that stays is replaced by the next process
		}
	})
	return s.UnixListener.Close()
}
