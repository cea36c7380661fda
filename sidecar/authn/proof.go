package authn

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"slices"
	"time"

	"github.com/gwctl/gwctl/sidecar/canonical"
)

const (
	proofType       = "dpop+jwt"
	maxProof        = 4 << 10
	maxProofID      = 256
	maxProofKeyBits = 4096 // the client chooses the key, and verifying costs what it chooses
)

// proof is a DPoP proof whose signature is good (RFC 9449 section 4.2). What it
// says is not judged.
type proof struct {
	thumbprint [sha256.Size]byte // of its key (RFC 7638)

	id, method, uri string
	issued          int64             // in seconds
	token           [sha256.Size]byte // zero without ath, which is no hash of a token
	nonce           string
	hasNonce        bool
}

// readProof takes a proof apart as strictly as a token and verifies it with the
// key that it holds itself; whose key that is, the token says.
func readProof(text string, algorithms []string) (*proof, error) {
	jws, err := parseCompact(text, maxProof)
	if err == nil {
		err = jws.readHeader()
	}
	if err != nil {
		return nil, refuseProof(ReasonProofMalformed, "the proof is not a plain JWS: "+err.Error())
	}
	// Exactly: the type keeps a proof from being taken for anything else, and
	// anything else for a proof.
	if typ, _, _ := jws.params.text("typ"); typ != proofType {
		return nil, refuseProof(ReasonProofMalformed, "typ of the proof is not dpop+jwt")
	}
	if !slices.Contains(algorithms, jws.alg) {
		return nil, refuseProof(ReasonProofAlgorithm, "alg of the proof is not in the list")
	}
	raw, ok := jws.params.get("jwk")
	if !ok || raw[0] != '{' {
		return nil, refuseProof(ReasonProofKey, "the proof has no key")
	}
	p := &proof{}
	key, unfit := parseJWK(raw)
	if k, ok := key.Key.(*rsa.PublicKey); ok && k.N.BitLen() > maxProofKeyBits {
		unfit = IgnoredWeak
	}
	if unfit == "" {
		p.thumbprint, unfit = examinePublic(key)
	}
	if unfit != "" {
		return nil, refuseProof(ReasonProofKey, "the key of the proof cannot be used: "+unfit)
	}
	if !fits(key, jws.alg) {
		return nil, refuseProof(ReasonProofAlgorithm, "alg of the proof is not for its key")
	}
	payload, err := jws.verify(key)
	if err != nil {
		return nil, refuseProof(ReasonProofSignature, "the signature of the proof does not verify")
	}
	return p, p.readClaims(payload)
}

func (p *proof) readClaims(payload []byte) error {
	o, err := parseObject(payload)
	if err != nil {
		return refuseProof(ReasonProofMalformed, "the claims of the proof are not one strict JSON object")
	}
	var errs [6]error
	var hasIssued, hasToken bool
	var token string
	p.id, _, errs[0] = o.text("jti")
	p.method, _, errs[1] = o.text("htm")
	p.uri, _, errs[2] = o.text("htu")
	p.issued, hasIssued, errs[3] = o.integer("iat")
	token, hasToken, errs[4] = o.text("ath")
	p.nonce, p.hasNonce, errs[5] = o.text("nonce")
	switch {
	case errors.Join(errs[:]...) != nil:
		return refuseProof(ReasonProofMalformed, "a claim of the proof has the wrong type")
	case p.id == "" || len(p.id) > maxProofID:
		return refuseProof(ReasonProofMalformed, "jti of the proof is missing or too long")
	case p.method == "" || p.uri == "" || !hasIssued:
		return refuseProof(ReasonProofMalformed, "htm, htu or iat of the proof is missing")
	case hasToken && !decodeThumbprint(token, &p.token):
		return refuseProof(ReasonProofToken, "ath of the proof is no hash")
	}
	return nil
}

// prove checks the proof of a request against the token and the request (RFC
// 9449 section 4.3). That it is new comes last: only a proof that would be
// accepted takes up memory.
func (r *proofRules) prove(cnf confirmation, p presented, c Credentials, now time.Time) error {
	text, err := proofText(c)
	if err != nil {
		return err
	}
	shown, err := readProof(text, r.cfg.Algorithms)
	if err != nil {
		return err
	}
	hash := digestOfToken(p.token)
	scheme, host, path, ok := canonical.FoldURI(shown.uri)
	switch {
	case !cnf.is(shown.thumbprint):
		return refuse(ReasonProofKeyMismatch, "the token is bound to another key than the proof's")
	case subtle.ConstantTimeCompare(shown.token[:], hash[:]) != 1:
		return refuseProof(ReasonProofToken, "ath of the proof is not the hash of the token")
	case shown.method != c.Method:
		return refuseProof(ReasonProofMethod, "htm of the proof is not the method of the request")
	case !ok || scheme != c.Scheme || host != c.Host || path != c.Path:
		return refuseProof(ReasonProofURI, "htu of the proof is not the URI of the request")
	case c.Standing:
		return nil // it was new when the request came, which is still being answered
	}
	switch age := now.Sub(time.Unix(shown.issued, 0)); {
	case age > r.cfg.MaxAge:
		return refuseProof(ReasonProofExpired, "iat of the proof is too long ago")
	case age < -proofFuture:
		return refuseProof(ReasonProofNotYetValid, "iat of the proof lies ahead")
	}
	if r.nonces != nil && !(shown.hasNonce && r.nonces.good(shown.nonce, now)) {
		return &Refused{
			Reason: ReasonProofNonce, Err: errors.New("the proof has no nonce that counts now"),
			Challenge: Challenge{Error: ErrorNonce, Nonce: r.nonces.make(now)},
		}
	}
	if c.once != nil && c.once.proved {
		return nil // by another method, which has judged the same token
	}
	if reason := r.cfg.Proofs.take(shown.thumbprint, shown.id, shown.issued, now); reason != "" {
		return refuseProof(reason, "the proof was used before, or it cannot be told any more")
	}
	if c.once != nil {
		c.once.proved = true
	}
	return nil
}
