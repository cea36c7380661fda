package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/examples"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/dev"
)

const (
	devAudience = "gwctl-dev"
	devAddress  = "127.0.0.1:8080"
)

// runDev serves with an issuer and an echo service of its own. Tokens take the
// ordinary way: discovery, keys, verification.
func runDev(o *serveOptions) error {
	path, own := o.path, true
	if path == "" {
		var err error
		if path, err = unpackQuickstart(); err != nil {
			return internal(err, "give a PATH instead")
		}
		own = false
		defer os.RemoveAll(path)
	}
	l, err := mustLoad(path)
	if err != nil {
		return err
	}
	users := devUsers(l.set)
	issuer, err := dev.NewIssuer(o.streams.Now, func(name string) (dev.TokenSpec, bool) {
		spec, ok := users[name]
		return spec, ok
	})
	if err != nil {
		return internal(err, "")
	}
	issuerURL, stopIssuer, err := serveLoopback(issuer.Handler())
	if err != nil {
		return internal(err, "")
	}
	defer stopIssuer()
	if err := issuer.SetURL(issuerURL.String()); err != nil {
		return internal(err, "")
	}
	upstream, stopUpstream, err := serveLoopback(dev.Echo())
	if err != nil {
		return internal(err, "")
	}
	defer stopUpstream()
	cfg, err := devConfig(o, l, issuerURL, upstream)
	if err != nil {
		return err
	}
	tour, err := newTour(l, cfg, users, o.streams.Now())
	if err != nil {
		return internal(err, "please report this")
	}
	return serve(o.streams, sidecar.Options{Config: cfg}, func(ctx context.Context, car *sidecar.Sidecar) {
		b := &banner{out: o.streams.Err, proxy: car.Addr().String(), issuer: issuerURL.String(), set: l, own: own, tour: tour}
		go b.whenReady(ctx, car)
	})
}

// unpackQuickstart writes the embedded example where it can be edited.
func unpackQuickstart() (string, error) {
	dir, err := os.MkdirTemp("", "gwctl-quickstart-")
	if err != nil {
		return "", fmt.Errorf("unpacking the quickstart: %w", err)
	}
	if err := os.CopyFS(dir, examples.Quickstart()); err != nil {
		return "", fmt.Errorf("unpacking the quickstart: %w", errors.Join(err, os.RemoveAll(dir)))
	}
	return dir, nil
}

// devUsers makes tokens for the people of the set's Directories and suites.
func devUsers(set *engine.Set) map[string]dev.TokenSpec {
	out := map[string]dev.TokenSpec{}
	lists := [][]policy.Fixture{}
	for _, d := range slices.Concat(set.Source().Directories, set.Source().Fixtures) {
		lists = append(lists, d.Users)
	}
	for _, s := range set.Source().Suites {
		lists = append(lists, s.Users)
	}
	for _, list := range lists {
		for _, u := range list {
			id, ok := u.Field("id")
			kind, typed := u.Field("type")
			if _, twice := out[u.Name.Value()]; twice || !ok || u.Anonymous || typed && kind.Text.Value() != "human" {
				continue
			}
			var claims []slot.InputEntry
			for _, f := range u.Fields {
				switch f.Key.Value() {
				case "id", "type", "method", "issuer":
				case "scopes":
					claims = append(claims, slot.InputEntry{Key: "scp", Value: slot.FromValue(f.Value)})
				default:
					claims = append(claims, slot.InputEntry{Key: f.Key.Value(), Value: typedClaim(set, f.Key.Value(), slot.FromValue(f.Value))})
				}
			}
			out[u.Name.Value()] = dev.TokenSpec{Subject: id.Text.Value(), Audience: devAudience, Claims: json.RawMessage(slot.FromObject(claims).AppendJSON(nil))}
		}
	}
	return out
}

// typedClaim gives a fixture's value the JSON form of its declared type.
func typedClaim(set *engine.Set, name string, in slot.Input) slot.Input {
	attr := set.UserAttribute(name)
	if attr == nil {
		return in
	}
	v, ok, err := attr.Convert(in)
	if err != nil || !ok {
		return in
	}
	typed, err := slot.ParseJSON(v.AppendJSON(nil))
	if err != nil {
		return in
	}
	return typed
}

// devConfig is the configuration of a gwctl.yaml in the set, if there is one,
// with the parts that dev mode provides itself.
func devConfig(o *serveOptions, l *loaded, issuer, upstream *url.URL) (*config.Config, error) {
	own := filepath.Join(l.path, "gwctl.yaml")
	cfg := &config.Config{Path: own, AllowAnonymous: true, Propagate: config.DefaultPropagate()}
	if !l.files.Bundle {
		c, err := loadConfig(own)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		default:
			cfg.Env, cfg.AllowAnonymous, cfg.Propagate = c.Env, c.AllowAnonymous, c.Propagate
		}
	}
	cfg.Policies = l.path
	cfg.Proxy.Address = o.address
	if o.address == "" {
		cfg.Proxy.Address = freeOr(devAddress)
	}
	cfg.Proxy.Limits, cfg.Proxy.WebSocket = config.DefaultLimits(), config.DefaultWebSocket()
	cfg.Proxy.Upstreams = []config.Upstream{config.DefaultUpstream(policy.NewText("/{rest...}"), upstream, cfg.Propagate.Propagation)}
	cfg.JWT = []config.JWT{{Method: config.Method{Name: issuer.String(), Type: "human"}, Issuer: issuer.String(), Audiences: []string{devAudience}}}
	cfg.Drain.Timeout = 5 * time.Second
	return cfg, nil
}

// freeOr gives the address, or any free port if it is taken.
func freeOr(address string) string {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "127.0.0.1:0"
	}
	_ = l.Close() // it was opened to see whether it can be
	return address
}

// serveLoopback serves a handler on a free port of this host.
func serveLoopback(h http.Handler) (*url.URL, func(), error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, fmt.Errorf("opening a port for dev mode: %w", err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}
	go func() { _ = srv.Serve(l) }() // ends with Close below
	return &url.URL{Scheme: "http", Host: l.Addr().String()}, func() { _ = srv.Close() }, nil
}
