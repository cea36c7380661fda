package config

import "github.com/gwctl/gwctl/policy/document"

// Limits bound what a door gives out at a time, over all clients. No client
// gets more than twice of what is free.
type Limits struct {
	Connections int // that are open; default 2048, 16 to 1000000
	Requests    int // that are being answered; default 1024, 16 to 100000
	BodyMiB     int // MiB of bodies that are kept because rules read them; default 16, 2 to 4096
}

// DefaultLimits are those of a configuration that has none.
func DefaultLimits() Limits { return Limits{Connections: 2048, Requests: 1024, BodyMiB: 16} }

func (r *reader) limits(o *document.Object) {
	def := DefaultLimits()
	r.cfg.Proxy.Limits = Limits{
		Connections: r.number(o, "connections", def.Connections, 16, 1_000_000),
		Requests:    r.number(o, "requests", def.Requests, 16, 100_000),
		BodyMiB:     r.number(o, "body_mib", def.BodyMiB, 2, 4096),
	}
	o.Done()
}

// forwardAuthLimits reads those of the door that keeps no bodies.
func (r *reader) forwardAuthLimits(o *document.Object) {
	def := DefaultLimits()
	r.cfg.ForwardAuth.Limits = Limits{
		Connections: r.number(o, "connections", def.Connections, 16, 1_000_000),
		Requests:    r.number(o, "requests", def.Requests, 16, 100_000),
	}
	o.Done()
}
