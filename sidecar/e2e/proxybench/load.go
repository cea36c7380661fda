package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// connections is how many clients ask at once, each on one connection.
const connections = 32

// drive sends n requests and gives the CPU time that the server took for each.
// A wrong answer stops it.
func (s *server) drive(n int) (time.Duration, error) {
	before, err := s.cpu()
	if err != nil {
		return 0, err
	}
	var next atomic.Int64
	var clients sync.WaitGroup
	failed := make(chan error, connections)
	for range connections {
		clients.Go(func() {
			if err := s.ask(n, &next); err != nil {
				failed <- err
			}
		})
	}
	clients.Wait()
	select {
	case err := <-failed:
		return 0, fmt.Errorf("%w\nlast words of the server: %s", err, s.out.Bytes())
	default:
	}
	after, err := s.cpu()
	return (after - before) / time.Duration(n), err
}

var errWrongAnswer = errors.New("a wrong answer")

// ask is one client. It reads as little of an answer as it can.
func (s *server) ask(n int, next *atomic.Int64) error {
	c, err := net.Dial("tcp", s.address)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
		return err
	}
	requests := s.world.requests[s.requests]
	in := bufio.NewReader(c)
	for {
		i := int(next.Add(1)) - 1
		if i >= n {
			return nil
		}
		if _, err := c.Write(requests[i%len(requests)]); err != nil {
			return err
		}
		if err := s.read(in); err != nil {
			return err
		}
	}
}

var lengthHeader = []byte("content-length:")

// read reads an answer, which has a length, and holds it to what is expected.
func (s *server) read(in *bufio.Reader) error {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
		rest, _ := in.Peek(in.Buffered())
		return fmt.Errorf("%w: %s%s", errWrongAnswer, line, rest)
	}
	length := -1
	for {
		if line, err = in.ReadSlice('\n'); err != nil {
			return err
		}
		if len(line) == 2 {
			break
		}
		if len(line) > len(lengthHeader) && bytes.EqualFold(line[:len(lengthHeader)], lengthHeader) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(lengthHeader):]))); err != nil {
				return err
			}
		}
	}
	if length != s.body {
		return fmt.Errorf("%w: %d bytes, not %d", errWrongAnswer, length, s.body)
	}
	_, err = io.CopyN(io.Discard, in, int64(length))
	return err
}
