package config

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// Introspection is an authorization server that is asked about bearer tokens.
type Introspection struct {
	Method
	Endpoint      string
	Issuer        string   // "" for a server of opaque tokens
	Audiences     []string // empty accepts any
	ClientID      string
	ClientAuth    string
	ClientSecret  Secret
	PrivateKey    Secret
	KeyID         string
	Leeway        time.Duration
	ActiveTTL     time.Duration
	InactiveTTL   time.Duration
	StaleTTL      time.Duration // 0 for none
	IgnoreNoStore bool
	CacheSize     int
	Timeout       time.Duration
	InFlight      int
	Queue         int
	DPoP          DPoP
}

func clientAuths() []string {
	return []string{"client_secret_basic", "client_secret_post", "private_key_jwt"}
}

func (r *reader) introspection(o *document.Object, m Method) {
	i := Introspection{Method: m, ClientAuth: "client_secret_basic"}
	endpoint := o.Text("endpoint")
	r.endpoint(endpoint)
	i.Endpoint, i.Name = endpoint.Value(), "introspection "+endpoint.Value() // never the name of an issuer
	if t := o.Text("issuer"); t.IsSet() {
		r.issuer(t)
		i.Issuer = t.Value()
	}
	for _, t := range o.Texts("audiences") {
		i.Audiences = append(i.Audiences, t.Value())
	}
	i.ClientID, i.KeyID = o.Text("client_id").Value(), o.Text("key_id").Value()
	i.ClientSecret, i.PrivateKey = r.secret(o, "client_secret"), r.secret(o, "private_key")
	if t := o.Text("client_auth"); t.IsSet() {
		i.ClientAuth = t.Value()
		if !slices.Contains(clientAuths(), t.Value()) {
			r.w.Error(t.Span(), "bad_setting", "known: "+strings.Join(clientAuths(), ", "), "client_auth %q is not known", t.Value())
		}
	}
	byKey := i.ClientAuth == "private_key_jwt"
	if !isMissing(o) && (o.Has("private_key") != byKey || o.Has("client_secret") == byKey) {
		r.w.Error(o.Span(), "bad_setting", "add client_secret: {env: NAME}; for private_key_jwt add private_key: {file: PATH} instead", "%s needs its secret and no other", i.ClientAuth)
	}
	i.Leeway = r.duration(o, "leeway", 30*time.Second, time.Second, 5*time.Minute)
	i.ActiveTTL = r.duration(o, "active_ttl", time.Minute, time.Second, 5*time.Minute)
	i.InactiveTTL = r.duration(o, "inactive_ttl", 10*time.Second, time.Second, time.Minute)
	i.StaleTTL = r.duration(o, "stale_ttl", 0, 0, time.Minute)
	i.IgnoreNoStore = o.Bool("ignore_no_store")
	i.CacheSize = r.integer(o, "cache_size", 10_000, 1, 1_000_000)
	i.Timeout = r.duration(o, "timeout", time.Second, 100*time.Millisecond, 10*time.Second)
	i.InFlight = r.integer(o, "in_flight", 64, 1, 1024)
	i.Queue = r.integer(o, "queue", 128, 1, 4096)
	i.DPoP = r.dpop(o)
	o.Require("endpoint", "client_id")
	o.Done()
	for _, other := range r.cfg.Introspection {
		if endpoint.IsSet() && other.Endpoint == i.Endpoint {
			r.w.Error(endpoint.Span(), "duplicate_name", "merge the two", "endpoint %q stands twice", i.Endpoint)
		}
	}
	r.ids = append(r.ids, idSpace{i.Method, i.Issuer, hostOf(i.Endpoint)})
	r.cfg.Introspection = append(r.cfg.Introspection, i)
}

// endpoint holds a URL that secrets are sent to, to https; http is for a
// provider on this host.
func (r *reader) endpoint(t policy.Text) {
	if !t.IsSet() {
		return
	}
	u, err := url.Parse(t.Value())
	switch {
	case err != nil || u.Hostname() == "" || u.Fragment != "" || u.User != nil:
		r.w.Error(t.Span(), "bad_setting", "write a URL, as in https://idp.example.com/introspect", "endpoint cannot be used")
	case u.Scheme == "https":
	case u.Scheme == "http" && loopback(u.Hostname()):
	default:
		r.w.Error(t.Span(), "insecure_issuer", "use https; http is accepted for a provider on this host only", "the endpoint is not reached over https")
	}
}
