package suite

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/mapping"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// Claims chooses how the claims of a credential become a user: by which
// mapping, and what the method of authentication itself says. The error is for
// claims that no configured issuer could have given.
type Claims func(claims slot.Input) (*mapping.Mapping, engine.Principal, error)

// fixtureMethod is the method of users that no credential makes.
const fixtureMethod = "fixture"

func byDefault(m *mapping.Mapping) Claims {
	return func(slot.Input) (*mapping.Mapping, engine.Principal, error) {
		return m, engine.Principal{Method: fixtureMethod, Type: "human"}, nil
	}
}

// MapClaims has users that are given by claims made as a configured sidecar
// makes them. It must not be called while cases run.
func (r *Runner) MapClaims(by Claims) { r.claims = by }

func (c *Case) user(name string) *policy.Fixture {
	return FindUser(c.runner.set, c.suite, name)
}

// FindUser finds a user by name: in the suite, if one is given, then in the
// set's Directories and in those of its test files.
func FindUser(set *engine.Set, s *policy.TestSuite, name string) *policy.Fixture {
	var lists [][]policy.Fixture
	if s != nil {
		lists = append(lists, s.Users)
	}
	for _, d := range slices.Concat(set.Source().Fixtures, set.Source().Directories) {
		lists = append(lists, d.Users)
	}
	for _, list := range lists {
		for i := range list {
			if list[i].Name.Value() == name {
				return &list[i]
			}
		}
	}
	return nil
}

// BindUser makes a fixture the request's user. The error is that of claims
// which no configured issuer could have given, or which a sidecar refuses before
// any rule is asked.
func (r *Runner) BindUser(req *engine.Request, u *policy.Fixture) error {
	switch {
	case u.Anonymous:
		return nil
	case u.Claims.Kind != document.Absent:
		claims := slot.FromValue(u.Claims)
		m, p, err := r.claims(claims)
		if err != nil {
			return fmt.Errorf("user %s: %w", u.Name.Value(), err)
		}
		req.Authenticate(p)
		if err := m.Apply(req, claims); err != nil {
			return fmt.Errorf("user %s: a sidecar refuses these claims with 401: %w", u.Name.Value(), err)
		}
		return nil
	}
	p := engine.Principal{Method: fixtureMethod, Type: "human"}
	for _, e := range u.Fields {
		switch e.Key.Value() {
		case "type":
			p.Type = e.Value.Text.Value()
		case "method":
			p.Method = e.Value.Text.Value()
		case "issuer":
			p.Issuer = e.Value.Text.Value()
		}
	}
	req.Authenticate(p)
	for _, e := range u.Fields {
		switch e.Key.Value() {
		case "type", "method", "issuer":
		default:
			req.Supply(slot.Fixture, slot.User, e.Key.Value(), slot.FromValue(e.Value))
		}
	}
	return nil
}

// subject gives the case's user for any number of requests.
func (c *Case) subject() (*engine.Subject, error) {
	name := c.User()
	if name == "anonymous" {
		return nil, nil //nolint:nilnil // nobody is a user, too
	}
	u := c.user(name)
	if u == nil {
		return nil, errNoUser(name)
	}
	req := c.runner.set.NewRequest()
	if err := c.runner.BindUser(req, u); err != nil {
		return nil, err
	}
	return req.Subject(), nil
}

func errNoUser(name string) error { return fmt.Errorf("no user %q", name) }

// errNotDelivered is the failure of `delivers: unavailable`.
var errNotDelivered = errors.New("the suite says that the source does not answer")
