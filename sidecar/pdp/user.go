package pdp

import (
	"sync"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/reply"
)

// user is what a snapshot makes of an identity. It does not change.
type user struct {
	subject *engine.Subject
	claims  slot.Input
	told    sync.Map // *told by *transport.Upstream, of which a snapshot has few
}

// userOf maps the claims of an identity to attributes and binds those, once for
// as long as the credential is known. The error is a *authn.Refused or a
// *authn.Broken.
func (s *Snapshot) userOf(id *authn.Identity) (*user, error) {
	if u, ok := id.Memo.Load(s).(*user); ok {
		return u, nil
	}
	claims, err := id.Input()
	if err != nil {
		return nil, &authn.Refused{Reason: authn.ReasonClaimInvalid, Method: id.Name, Kind: id.Method, Err: err}
	}
	m := s.mappings[id.Name]
	if m == nil {
		// Without attributes a guarded deny rule would not match.
		return nil, &authn.Broken{Dependency: id.Name, Method: id.Name, Kind: id.Method}
	}
	r := s.Set.NewRequest()
	r.Authenticate(engine.Principal{Method: id.Method, Issuer: id.Issuer, Type: id.Type})
	if err := m.Apply(r, claims); err != nil {
		return nil, &authn.Refused{Reason: reply.ReasonInvalidClaims, Method: id.Name, Kind: id.Method, Err: err}
	}
	u := &user{subject: r.Subject(), claims: claims}
	id.Memo.Store(s, u)
	return u, nil
}

// newRequest gives a request to decide, which may have been used before.
func (s *Snapshot) newRequest() *engine.Request {
	if r, ok := s.requests.Get().(*engine.Request); ok {
		return r
	}
	return s.Set.NewRequest()
}

// giveBack takes a request that nobody looks at any more. One that a panic left
// behind must not come back.
func (s *Snapshot) giveBack(r *engine.Request) { s.requests.Put(r) }
