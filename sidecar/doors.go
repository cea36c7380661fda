package sidecar

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/gwctl/gwctl/sidecar/forwardauth"
)

func (s *Sidecar) openForwardAuth() error {
	door, err := forwardauth.New(forwardauth.Options{
		Config: s.o.Config.ForwardAuth, Point: s.point, Metrics: s.metrics, Clock: s.o.Clock, Logger: s.o.Logger, Draining: s.draining.Load,
	})
	if err != nil {
		return err
	}
	s.forward = door.Server()
	open, err := net.Listen("tcp", s.o.Config.ForwardAuth.Address)
	if err != nil {
		return fmt.Errorf("opening the forward-auth listener: %w", err)
	}
	s.forwardOpen = door.Listener(open)
	return nil
}

// ForwardAuthAddr is the address that proxies ask at, nil without one.
func (s *Sidecar) ForwardAuthAddr() net.Addr { return addr(s.forwardOpen) }

// addresses are the doors, for the log.
func (s *Sidecar) addresses() []any {
	var out []any
	for _, door := range []struct {
		name string
		open net.Listener
	}{{"proxy", s.proxyOpen}, {"forward_auth", s.forwardOpen}, {"admin", s.adminOpen}, {"logout", s.logoutOpen}} {
		if door.open != nil {
			out = append(out, door.name, door.open.Addr().String())
		}
	}
	return out
}

// shutdown lets every door finish what is in flight, all at the same time, and
// ends it where ctx ends first.
func (s *Sidecar) shutdown(ctx context.Context) error {
	doors := []struct {
		name   string
		server *http.Server
	}{{"proxy", s.proxy}, {"forward-auth door", s.forward}, {"logout listener", s.logout}}
	failed := make([]error, len(doors))
	var running sync.WaitGroup
	for i, door := range doors {
		if door.server == nil {
			continue
		}
		running.Go(func() {
			if err := door.server.Shutdown(ctx); err != nil {
				failed[i] = fmt.Errorf("draining the %s: %w", door.name, errors.Join(err, door.server.Close()))
			}
		})
	}
	running.Wait()
	return errors.Join(failed...)
}
