// Package record is the decision record: one line of JSON for everything that
// the sidecar decided, refused or did to itself.
//
// Fill an [Event] and call [Event.AppendJSON] to write it; [Parse] reads a
// line back, for explain and replay. A line is always one valid JSON object,
// whatever a client has put into the strings of the event, and never longer
// than [MaxLine].
//
// The package does no input or output and numbers nothing; that is the work of
// the audit log. It does not find secrets: a token, a cookie or a key must not
// be put into an event, and a value that nobody may read is put in as masked.
package record

import (
	"encoding/json"
	"time"

	"github.com/gwctl/gwctl/engine"
)

// Kind says what a record is about: "event" in JSON. It is snake_case.
type Kind string

// The kinds written so far. Readers must expect others.
const (
	KindDecision        Kind = "decision"         // the engine answered a request
	KindAuthnFailure    Kind = "authn_failure"    // a credential was refused
	KindRequestRejected Kind = "request_rejected" // a request was malformed or over a limit
	KindHeaderStripped  Kind = "header_stripped"  // requests brought headers that only gwctl may set; sampled
	KindWebSocketClosed Kind = "websocket_closed" // a WebSocket has ended; its beginning is a decision
	KindAnswered        Kind = "answered"         // gwctl answered itself, without a decision: a preflight, metadata
	KindConfigReload    Kind = "config_reload"    // a new configuration was taken or refused
	KindJWKSRefresh     Kind = "jwks_refresh"     // the keys of an issuer were fetched, or could not be
	KindIdPState        Kind = "idp_state"        // an issuer works, works with old keys, or does not work
	KindCachePurge      Kind = "cache_purge"      // what was known of tokens was forgotten
	KindSession         Kind = "session"          // a user's tokens are refused from now on
	KindSecretLoaded    Kind = "secret_loaded"    // a secret, key or certificate was read
	KindInsecureMode    Kind = "insecure_mode"    // an --insecure-… flag is in force; hourly
	KindFailOpen        Kind = "fail_open"        // a request was let through undecided, as a flag says
	KindProcessStart    Kind = "process_start"    // a process began; its numbers begin at 1 again
	KindGap             Kind = "gap"              // sequence numbers that were never written
)

// States of an input.
const (
	StatePresent     = "present"     // it had a value
	StateAbsent      = "absent"      // nobody had a value for it
	StateUnavailable = "unavailable" // its provider failed
	StateInvalid     = "invalid"     // its value broke the type or a constraint
	StateConflict    = "conflict"    // two providers gave different values
)

// Bounds of what a line holds, in bytes.
const (
	MaxField = 1 << 10 // one string; a longer one is cut at a rune and ends in "…"
	MaxValue = 8 << 10 // the JSON text of one input's value; a longer one is masked
	MaxLine  = 1 << 20 // the whole line; see Event.Truncated
)

// Input is one attribute that a decision read.
type Input struct {
	Name string // "user.tenant", "resource.owner", "env.ip", …

	// Value is the JSON text of the value, nil when there was none. It is
	// written for the states present and invalid only, and never when Masked
	// is set. What cannot be written exactly as it is (no valid JSON, longer
	// than MaxValue, a string in it longer than MaxField) is masked.
	Value json.RawMessage

	State  string // one of the State constants
	Masked bool   // the value is withheld
	Shadow bool   // only shadow rules read it: the decision can be made again without it
}

// HTTP is the request as the rules saw it.
type HTTP struct {
	Method string
	Host   string
	Path   string // canonical path, without the query

	// TargetSHA256 is a digest of the request target as received, to find a
	// request in other logs without repeating what its query says.
	TargetSHA256 string
}

// Gap is a range of sequence numbers for which there are no lines. The record
// itself has the last of them as its number.
type Gap struct {
	From, To uint64 // first and last number, inclusive
	Dropped  uint64 // events that had a number of the range
}

// Event is one record. Members that do not apply to its kind stay empty and
// are not written.
type Event struct {
	Kind       Kind
	Time       time.Time // written in UTC
	Seq        uint64    // position in the log of one process, from 1
	DecisionID string
	RequestID  string
	Door       string // proxy, forward_auth, ext_authz or authzen

	Decision *engine.Decision
	Inputs   []Input

	// Replayable says that Inputs hold everything the decision read. It is
	// written as false if any input is masked that enforced rules read.
	Replayable bool

	Subject        string
	Tenant         string
	Method         string // of authentication: jwt, introspection, api_key, mtls
	Issuer         string
	JTIFingerprint string // of the token's id, never the token
	KeyID          string
	IgnoredHeaders []string // header parameters of the token that offer a key, and were not looked at
	// CertificateSHA256 is the fingerprint, in hexadecimal, of the certificate
	// that was judged; "" where it was another credential.
	CertificateSHA256 string

	HTTP         *HTTP
	SourceIP     string
	TrustedChain []string // addresses of the trusted proxies that named SourceIP, nearest first

	Cache *Cache
	Stale bool // something that the identity rests on was older than it should be

	Reason string // code of an authn_failure or request_rejected
	Detail string // the class of the fault (which header, which check), never a value
	Status int    // HTTP status answered, 0 for none

	EvalMicros  int64 // time in the engine, µs
	TotalMicros int64 // time from request to answer, µs

	Reload   *Reload
	Refresh  *Refresh
	Provider *Provider
	Stripped *Stripped
	Process  *Process
	Purge    *Purge
	Session  *Session
	Secret   *Secret
	Insecure []string // the --insecure-… flags in force
	Gap      *Gap

	// Truncated tells that the line would have been longer than MaxLine and
	// was written without inputs, matched rules, errors and scopes.
	Truncated bool
}
