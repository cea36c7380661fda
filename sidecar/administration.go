package sidecar

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gwctl/gwctl/sidecar/admin"
	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/logout"
)

func (s *Sidecar) newID() string { return canonical.NewUUIDv7(s.o.Clock()) }

// openAdmin opens the listener of operators.
func (s *Sidecar) openAdmin() error {
	open, err := admin.Listen(s.o.Config.Admin)
	if err != nil {
		return fmt.Errorf("opening the admin listener: %w", err)
	}
	s.adminOpen = open
	port := 0
	if a, ok := open.Addr().(*net.TCPAddr); ok {
		port = a.Port
	}
	s.admin = s.small(admin.New(admin.Options{
		Hosts: s.o.Config.Admin.Hosts, Port: port, Do: operations{s}, Audit: s.audit, Clock: s.o.Clock, NewID: s.newID, Rejected: s.metrics.Rejected, Logger: s.o.Logger,
	}))
	return nil
}

// newLogout makes what takes logout tokens, at whichever door they come.
func (s *Sidecar) newLogout() *logout.Handler {
	return logout.New(logout.Options{
		Accept: s.point.Logout, Ended: operations{s}.loggedOut, Audit: s.audit, Metrics: s.metrics, Clock: s.o.Clock, NewID: s.newID, Logger: s.o.Logger,
	})
}

// openLogout opens the listener for logout tokens alone.
func (s *Sidecar) openLogout() error {
	open, err := net.Listen("tcp", s.o.Config.LogoutAddress)
	if err != nil {
		return fmt.Errorf("opening the logout listener: %w", err)
	}
	s.logoutOpen, s.logout = open, s.small(s.tokens)
	return nil
}

// small gives a server for short requests with short answers.
func (s *Sidecar) small(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 60 * time.Second,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(s.o.Logger.Handler(), slog.LevelDebug), DisableGeneralOptionsHandler: true,
	}
}

// AdminAddr is the address of the admin listener, nil without one.
func (s *Sidecar) AdminAddr() net.Addr { return addr(s.adminOpen) }

// LogoutAddr is the address of the logout listener, nil without one.
func (s *Sidecar) LogoutAddr() net.Addr { return addr(s.logoutOpen) }
