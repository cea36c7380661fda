package sidecar

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"

	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/health"
)

// methods keeps the methods of authentication that have a state of their own
// (answers of an authorization server, keys of a file) for as long as the
// configuration in force has them unchanged, so that a reload forgets nothing.
type methods struct {
	ctx context.Context

	mu   sync.Mutex
	kept map[[sha256.Size]byte]*keptMethod // by configuration, secrets included
}

type keptMethod struct {
	authn.Method
	stop context.CancelFunc // nil before it is in force
}

// runner is a method that works in the background.
type runner interface{ Run(ctx context.Context) }

// renewer is a method whose users outlive a snapshot.
type renewer interface{ Renew() }

func newMethods(ctx context.Context) *methods {
	return &methods{ctx: ctx, kept: map[[sha256.Size]byte]*keptMethod{}}
}

// get gives the method of a configuration, made if there is none yet. It runs
// from when it is required.
func (m *methods) get(make func() (authn.Method, error), parts ...any) (authn.Method, error) {
	key := sha256.Sum256(fmt.Appendf(nil, "%#v", parts))
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.kept[key]; k != nil {
		return k.Method, nil
	}
	made, err := make()
	if err == nil {
		m.kept[key] = &keptMethod{Method: made}
	}
	return made, err
}

// discard lets go of what was made for a configuration that did not come into
// force.
func (m *methods) discard() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, k := range m.kept {
		if k.stop == nil {
			delete(m.kept, key)
		}
	}
}

// require names the methods of the configuration that has come into force. The
// others are stopped and let go.
func (m *methods) require(used []authn.Method) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, k := range m.kept {
		if r, ok := k.Method.(renewer); ok {
			r.Renew()
		}
		switch inForce := slices.Contains(used, k.Method); {
		case !inForce:
			if k.stop != nil {
				k.stop()
			}
			delete(m.kept, key)
		case k.stop == nil:
			ctx, stop := context.WithCancel(m.ctx)
			k.stop = stop
			if r, ok := k.Method.(runner); ok {
				go r.Run(ctx)
			}
		}
	}
}

func (m *methods) inForce() []authn.Method {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []authn.Method
	for _, k := range m.kept {
		if k.stop != nil {
			out = append(out, k.Method)
		}
	}
	return out
}

// status tells the metrics about the methods in force.
func (m *methods) status() health.Methods {
	var out health.Methods
	for _, method := range m.inForce() {
		switch method := method.(type) {
		case *authn.Introspection:
			st := method.Status()
			i := health.Introspection{Endpoint: st.Endpoint, Breaker: st.Breaker, InFlight: st.InFlight}
			for _, r := range st.Results {
				i.Results = append(i.Results, health.IntrospectionResult{Result: r.Result, Count: r.Count})
			}
			out.Introspection = append(out.Introspection, i)
		case *authn.APIKeys:
			for _, k := range method.Status() {
				out.APIKeys = append(out.APIKeys, health.APIKey{ID: k.ID, LastUsed: k.LastUsed, Expires: k.Expires})
			}
		}
	}
	return out
}
