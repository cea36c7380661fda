package authn

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"
)

// Chain is the ordered list of methods of one configuration. It is immutable
// and safe for concurrent use.
type Chain struct{ methods []Method }

// NewChain joins methods; of several good credentials, the one of the first
// method is the user.
func NewChain(methods ...Method) *Chain {
	return &Chain{methods: slices.Clone(methods)}
}

// Authenticate asks every method. Any refusal refuses, even when another
// credential is good; a broken method comes next; of several good ones the
// first is the user.
//
// Without any credential it returns ErrNotMine. An Authorization header that no
// method takes (unknown scheme, unknown issuer, empty token) is [*Refused], also
// when a credential from elsewhere is good; so is a certificate that leads to
// the CAs of no method, where one asks for certificates. Every other error is a [*Refused] or
// a [*Broken].
func (c *Chain) Authenticate(ctx context.Context, cr Credentials) (*Identity, error) {
	var (
		user   *Identity
		broken *Broken
		why    *Refused
		taken  bool
		unmet  *Refused // why nobody takes the certificate
		proven bool     // somebody does
	)
	if len(cr.Header["Dpop"]) > 0 {
		cr.once = &once{}
	}
	for _, m := range c.methods {
		id, err := m.Authenticate(ctx, cr)
		switch {
		case err == nil && id != nil:
			taken = taken || id.Source == SourceAuthorization
			proven = proven || id.Source == SourceCertificate
			if user == nil {
				user = id
			}
		case errors.Is(err, ErrNotMine):
			u, ok := errors.AsType[*unclaimed](err)
			switch {
			case ok && m.Kind() == KindMTLS:
				unmet = &Refused{Reason: u.why.Reason, Method: m.Name(), Kind: m.Kind(), Err: u.why.Err}
			case ok && why == nil:
				why = u.why
			}
		default:
			if r, ok := errors.AsType[*Refused](err); ok {
				refused := *r
				refused.Method, refused.Kind = m.Name(), m.Kind()
				return nil, &refused
			}
			if broken == nil {
				broken = asBroken(m, err)
			}
		}
	}
	switch {
	case unmet != nil && !proven:
		return nil, unmet
	case broken != nil:
		return nil, broken
	case cr.HasAuthorization && !taken:
		if why == nil {
			p, _ := present(cr)
			why = &Refused{
				Reason: ReasonCredentialUnsupported, Err: errors.New("no method takes this Authorization header"),
				Challenge: Challenge{Scheme: p.scheme},
			}
		}
		return nil, why
	case user == nil:
		return nil, ErrNotMine
	}
	return user, nil
}

const brokenRetryAfter = 5 * time.Second

// asBroken keeps an unforeseen outcome, an identity that is nil included, from
// passing for "no credential".
func asBroken(m Method, err error) *Broken {
	if b, ok := errors.AsType[*Broken](err); ok {
		return &Broken{Dependency: b.Dependency, Method: m.Name(), Kind: m.Kind(), RetryAfter: b.RetryAfter, Err: b.Err}
	}
	if err == nil {
		err = errors.New("method gave neither identity nor error")
	}
	return &Broken{Dependency: m.Name(), Method: m.Name(), Kind: m.Kind(), RetryAfter: brokenRetryAfter, Err: err}
}

// Logout verifies a logout token with the method of its issuer. Its error is a
// [*Refused] or a [*Broken].
func (c *Chain) Logout(ctx context.Context, token string, client netip.Addr) (Logout, error) {
	why := &Refused{Reason: ReasonCredentialUnsupported, Err: errors.New("no method takes logout tokens")}
	for _, m := range c.methods {
		j, ok := m.(*JWT)
		if !ok {
			continue
		}
		l, err := j.Logout(ctx, token, client)
		if !errors.Is(err, ErrNotMine) {
			return l, err
		}
		if u, ok := errors.AsType[*unclaimed](err); ok {
			why = u.why
		}
	}
	return Logout{}, why
}
