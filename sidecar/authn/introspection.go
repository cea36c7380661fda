package authn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// IntrospectionConfig configures an [Introspection]. Every number has a
// default, which 0 stands for, and a range outside which NewIntrospection
// refuses it.
type IntrospectionConfig struct {
	// Name is the name of the method in the configuration.
	Name string
	// Endpoint is the URL to ask: https, or http on a loopback host.
	Endpoint string
	// Auth is how gwctl authenticates there.
	Auth ClientAuth
	// Issuer, if set, is the iss that an answer may have. A token that shows
	// another iss is not sent: it is somebody else's secret.
	Issuer string
	// Audiences, if set, are the accepted aud values of an answer, which then
	// must have one of them.
	Audiences []string
	// UserType is TypeHuman or TypeService; "" means TypeHuman.
	UserType string
	// Leeway is the tolerated difference between clocks: 0 means 30 s, at most 5
	// min.
	Leeway time.Duration
	// ActiveTTL is how long an answer about an active token counts: default 60
	// s, at most 300 s, and never past 5 s before exp. Without exp it is 30 s at
	// most. A revoked token is refused when it has passed.
	ActiveTTL time.Duration
	// InactiveTTL is the same of an inactive one: default 10 s, at most 60 s.
	InactiveTTL time.Duration
	// StaleTTL is how much longer an answer about an active token counts while the
	// server cannot be asked: 0 means not at all, at most 60 s, and never past exp,
	// which the answer must have. A token that was revoked in the meantime passes
	// for as long.
	StaleTTL time.Duration
	// DPoP is what is asked of the proofs of DPoP-bound tokens.
	DPoP DPoPConfig
	// IgnoreNoStore keeps answers that say no-store, which many servers say about
	// all they send.
	IgnoreNoStore bool
	// CacheSize is the number of answers that are kept, active and inactive each:
	// default 10,000, at most 1,000,000. Each kind weighs at most 32 MiB.
	CacheSize int
	// Timeout bounds one exchange with all waiting: default 1 s, at most 10 s.
	Timeout time.Duration
	// InFlight and Queue bound the exchanges under way and those that wait:
	// defaults 64 and 128.
	InFlight, Queue int
	// HTTP makes the requests; nil means [NewHTTPClient] without redirects. Of a
	// client given here only the transport is used.
	HTTP *http.Client
	// Clock tells the time; nil means time.Now.
	Clock func() time.Time
	// OnState, if set, is called when the breaker opens or closes, for audit. It
	// must not block.
	OnState func(open bool)
	// Logger gets a line when the endpoint begins or ceases to fail; nil means
	// none.
	Logger *slog.Logger
}

// Introspection asks an authorization server about bearer tokens (RFC 7662) and
// remembers the answers for a short time. It is a [Method]. Keep it across
// configuration reloads: it holds the cache and knows whether the server
// answers.
type Introspection struct {
	cfg      IntrospectionConfig
	rules    requirements
	proofs   *proofRules
	auth     *clientAuth
	client   *http.Client
	seed     []byte // of all digests
	active   *table[*answer]
	inactive *table[*answer]
	breaker  breaker
	slots    chan struct{} // an exchange under way holds one

	mu      sync.Mutex
	flights map[digest]*exchange
	counts  map[string]uint64 // by result
	lastErr string            // "" while the endpoint answers
	purges  uint64            // so far
}

var _ Method = (*Introspection)(nil)

const maxIntrospectionBytes = 32 << 20 // of each cache

// NewIntrospection makes a method. The error lists everything that is wrong with
// cfg; it holds no secret.
func NewIntrospection(cfg IntrospectionConfig) (*Introspection, error) {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.UserType == "" {
		cfg.UserType = TypeHuman
	}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if cfg.Name == "" {
		bad("name is missing")
	}
	if cfg.UserType != TypeHuman && cfg.UserType != TypeService {
		bad("user type %q is neither %s nor %s", cfg.UserType, TypeHuman, TypeService)
	}
	if slices.Contains(cfg.Audiences, "") {
		bad("an audience is empty")
	}
	endpoint, err := url.Parse(cfg.Endpoint)
	switch {
	case err != nil:
		bad("endpoint is not a URL")
	case endpoint.Fragment != "":
		bad("endpoint has a fragment")
	default:
		if err := checkURL(endpoint, loopbackHost(endpoint.Hostname())); err != nil {
			bad("endpoint: %w", err)
		}
	}
	auth, err := newClientAuth(cfg.Auth)
	if err != nil {
		bad("client: %w", err)
	}
	proofs, err := newProofRules(cfg.DPoP)
	errs = append(errs, err,
		setting("leeway", &cfg.Leeway, 30*time.Second, 0, 5*time.Minute),
		setting("active TTL", &cfg.ActiveTTL, time.Minute, time.Second, 5*time.Minute),
		setting("inactive TTL", &cfg.InactiveTTL, 10*time.Second, time.Second, time.Minute),
		setting("stale TTL", &cfg.StaleTTL, 0, 0, time.Minute),
		setting("cache size", &cfg.CacheSize, 10_000, 1, 1_000_000),
		setting("timeout", &cfg.Timeout, time.Second, 100*time.Millisecond, 10*time.Second),
		setting("in flight", &cfg.InFlight, 64, 1, 1024),
		setting("queue", &cfg.Queue, 128, 1, 4096))
	if cfg.HTTP != nil && cfg.HTTP.Transport == nil {
		bad("HTTP client has no transport of its own")
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("introspection method %q: %w", cfg.Name, err)
	}
	cfg.Audiences = slices.Clone(cfg.Audiences)
	i := &Introspection{
		cfg:      cfg,
		rules:    requirements{leeway: cfg.Leeway, audiences: cfg.Audiences},
		proofs:   proofs,
		auth:     auth,
		seed:     newSeed(cfg),
		active:   newTable[*answer](cfg.CacheSize, maxIntrospectionBytes),
		inactive: newTable[*answer](cfg.CacheSize, maxIntrospectionBytes),
		slots:    make(chan struct{}, cfg.InFlight),
		flights:  map[digest]*exchange{},
		counts:   map[string]uint64{},
	}
	if cfg.HTTP != nil {
		i.client = &http.Client{Transport: cfg.HTTP.Transport, CheckRedirect: noRedirects}
	} else {
		i.client = NewHTTPClient(HTTPOptions{
			AllowLoopback: loopbackHost(endpoint.Hostname()), ConnectTimeout: 250 * time.Millisecond, Timeout: cfg.Timeout,
			MaxBody: maxAnswer, MaxIdle: cfg.InFlight, NoRedirects: true,
		})
	}
	return i, nil
}

// Name is the name from the configuration.
func (i *Introspection) Name() string { return i.cfg.Name }

// Kind is [KindIntrospection].
func (i *Introspection) Kind() string { return KindIntrospection }

// Authenticate asks about an access token, or remembers. A token that shows an
// issuer other than the configured one is not this method's.
func (i *Introspection) Authenticate(ctx context.Context, c Credentials) (*Identity, error) {
	p, ok := present(c)
	if !ok {
		return nil, ErrNotMine
	}
	a, err := i.judged(ctx, p.token)
	var cnf confirmation
	if err == nil {
		cnf = a.claims.cnf
		err = i.proofs.confirm(cnf, p, c, i.cfg.Clock())
	}
	if err != nil {
		return nil, i.proofs.tell(err, p, cnf)
	}
	return a.id, nil
}

// judged gives the answer about a token that is good, but for what it is bound
// to.
func (i *Introspection) judged(ctx context.Context, token string) (*answer, error) {
	if err := i.addressed(token); err != nil {
		return nil, err
	}
	a, err := i.ask(ctx, token)
	if err != nil {
		if a = i.outage(token, err); a == nil {
			return nil, err
		}
	}
	if a.refused != nil {
		return nil, &Refused{Reason: a.refused.Reason, Err: a.refused.Err}
	}
	return a, i.rules.judge(&a.claims, i.cfg.Clock())
}

// addressed tells whether a token may be sent to the endpoint.
func (i *Introspection) addressed(token string) error {
	if err := checkBearer(token); err != nil {
		return notMine(err)
	}
	if _, key := keyID(token); key {
		return notMine(refuse(ReasonCredentialUnsupported, "an API key is no bearer token, and nobody else's business"))
	}
	if strings.Count(token, ".") != 2 {
		return nil
	}
	// What is a JWT names its issuer, and what looks like one has one spelling: "ey"
	// and "ew" are how a JSON object begins in base64.
	var claims object
	jws, err := parseCompact(token, defaultMaxToken)
	if err == nil {
		if claims, err = parseObject(jws.payload); err != nil {
			err = &Refused{Reason: ReasonTokenMalformed, Err: fmt.Errorf("payload: %w", err)}
		}
	}
	if err != nil {
		if strings.HasPrefix(token, "ey") || strings.HasPrefix(token, "ew") {
			return notMine(err)
		}
		return nil
	}
	if iss, _, err := claims.text("iss"); err != nil || iss == "" || iss != i.cfg.Issuer {
		return notMine(refuse(ReasonIssuerUnknown, "iss is not a configured issuer"))
	}
	return nil
}

// checkBearer holds a token to b64token of RFC 6750 section 2.1.
func checkBearer(token string) error {
	if len(token) > defaultMaxToken {
		return refuse(ReasonTokenTooLarge, "token is over the limit")
	}
	body := strings.TrimRight(token, "=")
	if body == "" {
		return refuse(ReasonTokenMalformed, "token is empty")
	}
	for n := range len(body) {
		switch c := body[n]; {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', strings.IndexByte("-._~+/", c) >= 0:
		default:
			return refuse(ReasonTokenMalformed, "token has a byte that bearer tokens have not")
		}
	}
	return nil
}
