package authn

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// DPoPConfig is what a method asks of the proofs of DPoP-bound tokens (RFC 9449).
// The zero value holds a token that is bound to its proof, and asks for nothing
// more. It prints as a fixed text.
type DPoPConfig struct {
	// Required refuses every token that is not bound to a DPoP key.
	Required bool
	// Nonce demands a nonce of gwctl's own in every proof (RFC 9449 section 9).
	Nonce bool
	// NonceKey is a secret of at least 32 bytes that replicas share, so that each
	// takes the nonces of the others; "" lets each process make its own.
	NonceKey string
	// MaxAge is how old a proof may be: 0 means 60 s, 5 s to 4 min.
	MaxAge time.Duration
	// Algorithms are the accepted alg values of proofs; none means RS256, PS256,
	// ES256, ES384 and EdDSA. The others are those of [JWTConfig.Algorithms].
	Algorithms []string
	// Proofs remembers the proofs that were accepted. All methods of a process
	// share one; nil makes a new one, which knows of no other.
	Proofs *Proofs
}

// Format prints a fixed text under every verb.
func (c DPoPConfig) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedCredentials) }

// ProofAlgorithms are the accepted alg values of proofs where none are set.
func ProofAlgorithms() []string { return slices.Clone(defaultAlgorithms[:]) }

const (
	proofFuture   = 5 * time.Second
	leastNonceKey = 32
)

// proofRules are what a method asks of the proof of a bound token.
type proofRules struct {
	cfg    DPoPConfig
	nonces *nonces // nil asks for none
}

func newProofRules(cfg DPoPConfig) (*proofRules, error) {
	var errs []error
	if len(cfg.Algorithms) == 0 {
		cfg.Algorithms = defaultAlgorithms[:]
	}
	for _, alg := range cfg.Algorithms {
		if !slices.Contains(defaultAlgorithms[:], alg) && !slices.Contains(moreAlgorithms[:], alg) {
			errs = append(errs, fmt.Errorf("algorithm %q of proofs is not supported", alg))
		}
	}
	errs = append(errs, setting("max age of proofs", &cfg.MaxAge, time.Minute, 5*time.Second, 4*time.Minute))
	switch {
	case cfg.NonceKey == "":
	case !cfg.Nonce:
		errs = append(errs, errors.New("a nonce key without nonces"))
	case len(cfg.NonceKey) < leastNonceKey:
		errs = append(errs, fmt.Errorf("the nonce key has fewer than %d bytes", leastNonceKey))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("dpop: %w", err)
	}
	cfg.Algorithms = slices.Clone(cfg.Algorithms)
	if cfg.Proofs == nil {
		cfg.Proofs = NewProofs()
	}
	r := &proofRules{cfg: cfg}
	switch {
	case cfg.Nonce && cfg.NonceKey != "":
		r.nonces = newNonces([]byte(cfg.NonceKey))
	case cfg.Nonce:
		r.nonces = cfg.Proofs.nonces
	}
	return r, nil
}

// confirm holds a good token to what it is bound to. It is asked at each use: a
// token that is remembered brings no proof with it.
func (r *proofRules) confirm(cnf confirmation, p presented, c Credentials, now time.Time) error {
	dpop := p.scheme == SchemeDPoP
	switch {
	case cnf.member == BoundToKey && !dpop:
		return refuse(ReasonSchemeMismatch, "the token is bound to a DPoP key and came as a bearer token")
	case cnf.member == BoundToKey:
		return r.prove(cnf, p, c, now)
	case dpop:
		return refuse(ReasonSchemeMismatch, "the token came under the DPoP scheme and is bound to no DPoP key")
	case r.cfg.Required:
		return refuse(ReasonDPoPRequired, "the method takes DPoP-bound tokens only")
	case cnf.member == BoundToCertificate:
		return cnf.checkCertificate(c.Certificate)
	}
	return nil
}

// tell adds to a refusal what the client has to know of DPoP: under which scheme
// it came, and which proofs would do.
func (r *proofRules) tell(err error, p presented, cnf confirmation) error {
	told := func(from *Refused) *Refused {
		out := *from
		out.Challenge.Scheme = p.scheme
		if p.scheme == SchemeDPoP || cnf.member == BoundToKey || r.cfg.Required {
			out.Challenge.Algorithms = r.cfg.Algorithms
		}
		return &out
	}
	if u, ok := errors.AsType[*unclaimed](err); ok {
		return &unclaimed{told(u.why)}
	}
	if refused, ok := errors.AsType[*Refused](err); ok {
		return told(refused)
	}
	return err
}

// proofText gives the one proof of a request. The canonical request has no
// second one; if it had, nobody could say which is meant.
func proofText(c Credentials) (string, error) {
	switch values := c.Header["Dpop"]; {
	case len(values) == 0:
		return "", refuseProof(ReasonProofRequired, "the request has no DPoP proof")
	case len(values) > 1:
		return "", refuseProof(ReasonProofMalformed, "the request has more than one DPoP proof")
	default:
		return values[0], nil
	}
}

// refuseProof is a refusal of the proof and not of the token (RFC 9449 section
// 12.2).
func refuseProof(reason, detail string) error {
	return &Refused{Reason: reason, Err: errors.New(detail), Challenge: Challenge{Error: ErrorProof}}
}
