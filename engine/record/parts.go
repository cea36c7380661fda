package record

import "time"

// Bounds of the lists in a record.
const (
	MaxChain = 16 // addresses of trusted proxies
	MaxNames = 64 // names in one list of a reload or a refresh
)

// Cache says what the identity rests on.
type Cache struct {
	JWKS          string // fresh or stale
	Introspection string // hit, miss or stale
}

// Reload is the outcome of a reload.
type Reload struct {
	OK     bool
	Digest string // of the policy set now in force
	By     string // what asked for it: "signal", "file", "admin", …
	Error  string // class of the failure, "" when OK
	Diff   *Diff  // against the set before it; nil without one, or without a difference
}

// Diff is what a reload changed, by name and never by content.
type Diff struct {
	Added, Removed, Changed []string // rules, as policy/rule
	More                    int      // rules that had no place in the lists
	Other                   bool     // something beside the rules has changed: schema, resources, routes, libraries
}

// Refresh is one fetch of an issuer's keys; Event.Issuer says whose.
type Refresh struct {
	Trigger        string   // start, scheduled, unknown_kid, bad_signature or manual
	Result         string   // ok, timeout, network, …
	Added, Removed []string // key ids, escaped
	Keys           int      // usable now
	Forced         bool     // not one of the regular fetches
}

// Provider is what can be expected of an issuer; Event.Issuer says which.
type Provider struct {
	State string // up, degraded or down
	Was   string // the state before it, "" at first
	// Breaker is open or closed for a server that is asked about tokens: whether it
	// is left alone. "" for the keys of an issuer.
	Breaker string
}

// Stripped counts requests with headers that were removed for one reason.
type Stripped struct {
	Reason string // identity, managed, underscore or connection
	Header string // folded name of one of them; chosen by the client
	Count  uint64 // headers since the last record of the reason
}

// Purge is one removal of what was known of tokens. Whose they are stands in it
// as fingerprints only.
type Purge struct {
	By            string // admin or backchannel
	Kind          string // all, jti, sub, sid or session: sub and sid
	Fingerprint   string // of the identifier; "" for all
	Tokens        int    // verified ones that were forgotten
	Introspection int    // answers that were
}

// Session is the end of tokens that were still good; Event.Issuer says whose.
// It holds no identifier, only fingerprints of them.
type Session struct {
	End     string // backchannel: the issuer has said so; revoked: an operator has
	Subject string // fingerprint of sub, "" without one
	Session string // fingerprint of sid, "" without one
	Token   string // fingerprint of jti, "" without one
}

// Secret is something secret, or what goes with it, that was read.
type Secret struct {
	Use         string    // what it is for
	Fingerprint string    // tells two readings apart, in one process only
	Expires     time.Time // zero if it does not say
}

// Process is what began to write.
type Process struct {
	Version  string // of gwctl
	Digest   string // of the policy set in force first
	Instance string // random; tells replicas apart
}
