package command

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/mapping"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/engine/suite"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/dev"
	"github.com/gwctl/gwctl/sidecar/pdp"
)

// tour finds requests that show what a set does. A suite has its own time,
// address and fixtures; so each of its cases is decided again as dev mode
// decides it, before it is shown to anybody.
type tour struct {
	set     *loaded
	read    suite.Reader
	mapping *mapping.Mapping
	issuer  string
	env     []config.EnvValue
	users   map[string]dev.TokenSpec
	now     time.Time
}

func newTour(l *loaded, cfg *config.Config, users map[string]dev.TokenSpec, now time.Time) (*tour, error) {
	read, err := canonicalReader(l.set)
	if err != nil {
		return nil, err
	}
	m, found := mapping.New(l.set, nil)
	if found.HasErrors() {
		return nil, fmt.Errorf("mapping the claims of dev mode: %s", found[0])
	}
	return &tour{set: l, read: read, mapping: m, issuer: cfg.JWT[0].Issuer, env: cfg.Env, users: users, now: now}, nil
}

// question is a request of a token holder.
type question struct{ user, method, path string }

// example finds a request with the wanted answer, nil if there is none. GET
// comes first since it needs no body.
func (t *tour) example(allow bool) *question {
	cases := t.set.runner.Cases()
	slices.SortStableFunc(cases, func(x, y *suite.Case) int { return rank(x) - rank(y) })
	for _, c := range cases {
		spec, user := c.Request(), c.User()
		if spec == nil || spec.Method == "HEAD" || spec.Query != "" || len(spec.Headers) > 0 || !pasteable(spec.Path) {
			continue
		}
		if d, ok := t.decide(spec, user); ok && d.Allowed() == allow && d.Reason != engine.ReasonNoRoute {
			return &question{user: user, method: spec.Method, path: spec.Path}
		}
	}
	return nil
}

// decide answers a request as dev mode does now.
func (t *tour) decide(spec *policy.RequestSpec, user string) (engine.Decision, bool) {
	token, ok := t.users[user]
	if !ok || !pasteable(user) || url.PathEscape(user) != user {
		return engine.Decision{}, false
	}
	claims, err := slot.ParseJSON(token.Claims)
	if err != nil {
		return engine.Decision{}, false
	}
	h, err := t.read(spec, netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	if err != nil {
		return engine.Decision{}, false
	}
	req := t.set.set.HTTPRequest(h)
	req.SetTime(t.now)
	for _, e := range t.env {
		in := slot.FromValue(e.Literal)
		if e.FromEnv.IsSet() {
			text, ok := pdp.Getenv(e.FromEnv.Value())
			if !ok {
				continue
			}
			in = slot.Plain(text)
		}
		req.Supply(slot.Config, slot.Env, e.Name.Value(), in)
	}
	req.Authenticate(engine.Principal{Method: "jwt", Issuer: t.issuer, Type: "human"})
	t.mapping.Apply(req, slot.FromObject(append(slices.Clone(claims.Members()), slot.InputEntry{Key: "sub", Value: slot.Quoted(token.Subject)})))
	return t.set.set.Decide(req), true
}

func rank(c *suite.Case) int {
	if spec := c.Request(); spec != nil && spec.Method == "GET" {
		return 0
	}
	return 1
}

// pasteable tells whether a shell and a URL take a text as it is.
func pasteable(s string) bool {
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-._~@:,=+%") == ""
}
