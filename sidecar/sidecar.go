// Package sidecar is the running process of `gwctl serve`: it alone knows all
// the parts and joins them.
//
// [New] builds everything and fails if any part of it cannot be; [Sidecar.Run]
// serves until its context ends and then drains. [Check] builds what can be
// built without a network. A sidecar whose first set does not load never
// listens.
package sidecar

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/assertion"
	"github.com/gwctl/gwctl/sidecar/audit"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/health"
	"github.com/gwctl/gwctl/sidecar/logout"
	"github.com/gwctl/gwctl/sidecar/pdp"
	"github.com/gwctl/gwctl/sidecar/proxy"
	"github.com/gwctl/gwctl/sidecar/reload"
	"github.com/gwctl/gwctl/sidecar/transport"
)

// Options are what a sidecar is made of. All but Poll and Settle are required.
type Options struct {
	Config     *config.Config
	ConfigPath string // file that Config was read from and that is followed; "" for a fixed Config
	Stdout     io.Writer
	Clock      func() time.Time
	Logger     *slog.Logger
	Getenv     func(string) (string, bool)
	Loaded     func()        // called when policies came into force; may be nil
	Poll       time.Duration // how often files are looked at without an event; 0 takes the default
	FailOpen   bool          // --insecure-fail-open: see pdp.Options
	Settle     time.Duration // how long files must rest; 0 takes the default
}

// Sidecar is a built process that listens and is not yet serving.
type Sidecar struct {
	o        Options
	state    *health.State
	metrics  *health.Metrics
	audit    *audit.Log
	point    *pdp.Point
	keys     *keySets
	methods  *methods
	pools    *transport.Pools
	reloader *reload.Reloader
	door     *proxy.Door
	draining atomic.Bool

	published *assertion.Published
	tokens    *logout.Handler
	instance  string          // random
	loaded    []record.Secret // as last recorded; of the reloader's goroutine

	proxy, forward, health, admin, logout                     *http.Server // nil where there is no such listener
	proxyOpen, forwardOpen, healthOpen, adminOpen, logoutOpen net.Listener
	stop                                                      context.CancelFunc // ends what works in the background
}

// New builds the sidecar, loads its first set and opens its listeners. It has to
// be followed by Run, which also ends what works in the background. The error
// may be a *reload.BuildError.
func New(ctx context.Context, o Options) (*Sidecar, error) {
	// The end of ctx is the signal to drain, and while the process drains tokens
	// are still judged: their keys must not end with it.
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Sidecar{o: o, instance: canonical.NewUUIDv7(o.Clock()), state: &health.State{}, metrics: health.NewMetrics(), stop: stop}
	if err := s.build(life); err != nil {
		stop()
		s.closeListeners()
		if s.audit != nil {
			err = errors.Join(err, s.closeAudit())
		}
		return nil, err
	}
	return s, nil
}

func (s *Sidecar) build(ctx context.Context) error {
	if err := s.openAudit(); err != nil {
		return err
	}
	reader, err := canonical.New(canonical.Options{TrustedProxies: s.o.Config.Proxy.TrustedProxies})
	if err != nil {
		return err
	}
	s.point = pdp.New(pdp.Options{
		Clock: s.o.Clock, NewID: s.newID, Audit: s.audit, Metrics: s.metrics, Reader: reader,
		Logger: s.o.Logger, Verify: (*engine.Set).Verify, FailOpen: s.o.FailOpen,
	})
	s.state.SetInsecure(s.insecure())
	s.keys = newKeySets(ctx, s.o.Clock, s.o.Logger, s.audit)
	s.metrics.JWKS(s.keys.status)
	s.state.SetIssuers(s.keys.keyless)
	s.pools, s.published = transport.NewPools(s.o.Clock), assertion.NewPublished(s.o.Clock)
	s.metrics.Certificates(s.certificates)
	s.methods = newMethods(ctx)
	s.metrics.Methods(s.methods.status)
	b := &builder{fixed: s.o.Config, keys: s.keys, kept: s.methods, logger: s.o.Logger, clock: s.o.Clock, getenv: s.o.Getenv, pools: s.pools, proofs: authn.NewProofs(), prints: newSecretPrints(), inForce: s.point.Current}
	s.reloader, err = reload.New(reload.Options{
		ConfigPath: s.o.ConfigPath, Policies: s.o.Config.Policies, Build: b.build, Point: s.point, State: s.state, Metrics: s.metrics,
		Audit: s.audit, Version: health.Version(), Instance: s.instance, Clock: s.o.Clock, Logger: s.o.Logger, Poll: s.o.Poll, Settle: s.o.Settle,
		InForce: s.inForce, Names: filesOf, Fixed: s.o.Config.Files(),
	})
	if err != nil {
		return err
	}
	if err := s.reloader.First(); err != nil {
		return err
	}
	return s.listen()
}

func (s *Sidecar) listen() error {
	var err error
	s.tokens = s.newLogout()
	if s.o.Config.Admin.IsSet() {
		if err = s.openAdmin(); err != nil {
			return err
		}
	}
	if s.o.Config.LogoutAddress != "" {
		if err = s.openLogout(); err != nil {
			return err
		}
	}
	if s.o.Config.Proxy.Address != "" {
		if err = s.openProxy(); err != nil {
			return err
		}
	}
	if s.o.Config.ForwardAuth.Address != "" {
		if err = s.openForwardAuth(); err != nil {
			return err
		}
	}
	if s.o.Config.Health == "" {
		return nil
	}
	s.health = &http.Server{
		Handler: health.Keys(health.Handler(s.state, s.metrics), s.published.Document), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 60 * time.Second, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(s.o.Logger.Handler(), slog.LevelDebug),
	}
	if s.healthOpen, err = net.Listen("tcp", s.o.Config.Health); err != nil {
		return fmt.Errorf("opening the health listener: %w", err)
	}
	return nil
}

func (s *Sidecar) openProxy() error {
	s.door = proxy.New(proxy.Options{Config: s.o.Config.Proxy, Point: s.point, Metrics: s.metrics, Logger: s.o.Logger, Clock: s.o.Clock, Draining: s.draining.Load, Logout: s.tokens})
	s.proxy = s.door.Server()
	open, err := net.Listen("tcp", s.o.Config.Proxy.Address)
	if err != nil {
		return fmt.Errorf("opening the proxy listener: %w", err)
	}
	s.proxyOpen = s.door.Listener(open)
	return nil
}

func (s *Sidecar) closeListeners() {
	for _, l := range []net.Listener{s.proxyOpen, s.forwardOpen, s.healthOpen, s.adminOpen, s.logoutOpen} {
		if l != nil {
			_ = l.Close() // nothing was served on it
		}
	}
}

// Addr is the address that the proxy listens on, nil without one.
func (s *Sidecar) Addr() net.Addr { return addr(s.proxyOpen) }

// HealthAddr is the address of the health listener, nil without one.
func (s *Sidecar) HealthAddr() net.Addr { return addr(s.healthOpen) }

func addr(l net.Listener) net.Addr {
	if l == nil {
		return nil
	}
	return l.Addr()
}

// Reload has the files read again, as SIGHUP does, and records go to the files
// that are at their paths now.
func (s *Sidecar) Reload() {
	s.audit.Reopen()
	s.reloader.Kick()
}

// Ready tells whether requests can be decided: a set is loaded, keys are there
// and the process is not draining.
func (s *Sidecar) Ready() bool { return len(s.state.Problems()) == 0 }

// Run serves until ctx ends, drains, and writes every record before it
// returns. It is called once.
func (s *Sidecar) Run(ctx context.Context) error {
	defer s.stop()
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	failed := make(chan error, 6)
	var running sync.WaitGroup
	serve := func(srv *http.Server, l net.Listener) {
		if srv == nil {
			return
		}
		running.Go(func() {
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serving %s: %w", l.Addr(), err)
			}
		})
	}
	serve(s.proxy, s.proxyOpen)
	serve(s.forward, s.forwardOpen)
	serve(s.health, s.healthOpen)
	serve(s.admin, s.adminOpen)
	serve(s.logout, s.logoutOpen)
	running.Go(func() {
		if err := s.reloader.Run(background); err != nil && background.Err() == nil {
			failed <- fmt.Errorf("following the policies: %w", err)
		}
	})
	running.Go(func() { s.warn(background) })
	s.o.Logger.Info("serving", s.addresses()...)
	var err error
	select {
	case <-ctx.Done():
		s.o.Logger.Info("draining", "delay", s.o.Config.Drain.Delay.String())
	case err = <-failed:
	}
	err = errors.Join(err, s.drain())
	stop()
	s.stop()
	running.Wait()
	// Nobody is left to write a record.
	return errors.Join(err, s.closeAudit())
}

// drain lets load balancers notice and finishes what is in flight.
func (s *Sidecar) drain() error {
	s.state.SetDraining()
	s.draining.Store(true)
	wait := time.NewTimer(s.o.Config.Drain.Delay)
	defer wait.Stop()
	<-wait.C
	ctx, cancel := context.WithTimeout(context.Background(), s.o.Config.Drain.Timeout)
	defer cancel()
	err := s.shutdown(ctx)
	if s.door != nil {
		s.door.Close()
	}
	s.pools.Close()
	for _, server := range []*http.Server{s.health, s.admin} {
		if server != nil {
			err = errors.Join(err, server.Close())
		}
	}
	return err
}
