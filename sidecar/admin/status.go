package admin

import "time"

// Status is a picture of the process, for operators. It holds no secret and no
// claim.
type Status struct {
	Version  string   `json:"version"`
	Instance string   `json:"instance"` // random; tells replicas apart
	Ready    bool     `json:"ready"`
	Problems []string `json:"problems"` // why it is not ready
	Insecure []string `json:"insecure"` // --insecure-… flags in force
	Digest   string   `json:"digest"`   // of the policies in force

	Issuers       []Issuer        `json:"issuers"`
	Introspection []Introspection `json:"introspection"`
}

// Issuer is the state of one issuer of JWTs.
type Issuer struct {
	Issuer    string       `json:"iss"`
	State     string       `json:"state"` // up, degraded or down
	Keys      int          `json:"keys"`  // usable
	Ignored   []IgnoredKey `json:"ignored"`
	Fetched   *time.Time   `json:"fetched,omitempty"` // last good fetch
	Age       float64      `json:"age_seconds"`       // since then, 0 without one
	Failures  int          `json:"failures"`          // fetches in a row
	LastError string       `json:"last_error,omitempty"`
	// Revoked is the number of entries by which good tokens are refused, and
	// RevokedBefore, if set, refuses all that were issued at or before it.
	Revoked       int        `json:"revoked"`
	RevokedBefore *time.Time `json:"revoked_before,omitempty"`
	Logout        bool       `json:"backchannel_logout"`
}

// IgnoredKey is a key of an issuer that is not used.
type IgnoredKey struct {
	KeyID  string `json:"kid"`
	Reason string `json:"reason"`
}

// Introspection is the state of one authorization server that is asked about
// tokens.
type Introspection struct {
	Endpoint  string `json:"endpoint"`
	Issuer    string `json:"iss,omitempty"`
	Breaker   string `json:"breaker"` // closed, half_open or open
	LastError string `json:"last_error,omitempty"`
	InFlight  int    `json:"in_flight"`
}
