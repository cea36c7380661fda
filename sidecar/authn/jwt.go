package authn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ProfileRFC9068 is the [JWTConfig.Profile] for OAuth 2.0 access tokens.
const ProfileRFC9068 = "rfc9068"

// JWTConfig configures a [JWT].
type JWTConfig struct {
	// Name is the name of the method in the configuration.
	Name string
	// Issuer is the exact iss claim, and the issuer of the key set.
	Issuer string
	// Audiences are the accepted aud values; at least one, compared exactly.
	Audiences []string
	// AudienceClaim is the claim that is held to Audiences: "" or "aud", or
	// "client_id" for an issuer whose access tokens have no aud. A token that has
	// one all the same is then held to it, too (RFC 7519 section 4.1.3).
	AudienceClaim string
	// Algorithms are the accepted alg values; none means RS256, PS256, ES256,
	// ES384 and EdDSA. RS384, RS512, PS384, PS512 and ES512 can be added. Symmetric
	// ones cannot: an issuer publishes no secrets.
	Algorithms []string
	// Profile is "", or ProfileRFC9068, which demands typ at+jwt and the claims
	// client_id, iat and jti (RFC 9068 sections 2.2 and 4).
	Profile string
	// Types are typ values accepted besides none, JWT and at+jwt, compared
	// without case and without "application/". Types of tokens that are known not
	// to be access tokens are an error.
	Types []string
	// Leeway is the tolerated difference between clocks: 0 means 30 s, at most 5
	// min.
	Leeway time.Duration
	// MaxLifetime bounds exp − iat or, without iat, the time to exp: 0 means 24
	// h, at most 365 d.
	MaxLifetime time.Duration
	// MaxToken bounds a token in bytes: 0 means 8 KiB, at most 16 KiB.
	MaxToken int
	// DPoP is what is asked of the proofs of DPoP-bound tokens.
	DPoP DPoPConfig
	// UserType is TypeHuman or TypeService; "" means TypeHuman.
	UserType string
	// Verified is how many tokens are kept whose signature is known to be good:
	// 0 means 8192, at most 1,000,000; below zero keeps none. Together they weigh
	// at most 64 MiB.
	Verified int
	// LogoutClient is the client id that logout tokens are made for; "" takes
	// none. With it, tokens must say when they were issued.
	LogoutClient string
	// Revoked are the tokens that are refused although they are good. It outlives
	// the method; nil makes a list of its own.
	Revoked *Revocations
}

var (
	defaultAlgorithms = [...]string{"RS256", "PS256", "ES256", "ES384", "EdDSA"}
	moreAlgorithms    = [...]string{"RS384", "RS512", "PS384", "PS512", "ES512"}
)

// JWT verifies access tokens that one issuer signed (RFC 6750, RFC 7519), and
// what they are bound to (RFC 8705, RFC 9449). It is a [Method].
type JWT struct {
	cfg    JWTConfig
	rules  requirements
	types  []string // accepted, folded; "" is a token without typ
	keys   *KeySet
	kept   *verifiedTokens // nil keeps none
	proofs *proofRules
	clock  func() time.Time

	revoked *Revocations
}

var _ Method = (*JWT)(nil)

// NewJWT makes a method that finds keys in keys, which may be started later and
// outlives the method. A nil clock is time.Now. The error lists everything that
// is wrong with cfg.
func NewJWT(cfg JWTConfig, keys *KeySet, clock func() time.Time) (*JWT, error) {
	if clock == nil {
		clock = time.Now
	}
	if len(cfg.Algorithms) == 0 {
		cfg.Algorithms = defaultAlgorithms[:]
	}
	if cfg.UserType == "" {
		cfg.UserType = TypeHuman
	}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if cfg.Name == "" {
		bad("name is missing")
	}
	switch {
	case keys == nil:
		bad("key set is missing")
	case cfg.Issuer != keys.Issuer():
		bad("issuer is %q, its key set is of %q", cfg.Issuer, keys.Issuer())
	}
	if len(cfg.Audiences) == 0 || slices.Contains(cfg.Audiences, "") {
		bad("audiences must not be empty: without one, a token for any other service would do")
	}
	switch byClient := cfg.AudienceClaim == "client_id"; {
	case !byClient && cfg.AudienceClaim != "" && cfg.AudienceClaim != "aud":
		bad("audience claim %q is not aud or client_id", cfg.AudienceClaim)
	case byClient && cfg.Profile == ProfileRFC9068:
		bad("audience claim client_id contradicts profile %s, whose tokens have an aud", cfg.Profile)
	}
	for _, alg := range cfg.Algorithms {
		if !slices.Contains(defaultAlgorithms[:], alg) && !slices.Contains(moreAlgorithms[:], alg) {
			bad("algorithm %q is not supported", alg)
		}
	}
	types := []string{"", "jwt", "at+jwt"}
	switch {
	case cfg.Profile == ProfileRFC9068 && len(cfg.Types) > 0:
		bad("types contradict profile %s", cfg.Profile)
	case cfg.Profile == ProfileRFC9068:
		types = []string{"at+jwt"}
	case cfg.Profile != "":
		bad("profile %q is not known", cfg.Profile)
	}
	for _, typ := range cfg.Types {
		if !accessType(typ) {
			bad("type %q is not one of an access token", typ)
		}
		types = append(types, mediaType(typ))
	}
	if cfg.UserType != TypeHuman && cfg.UserType != TypeService {
		bad("user type %q is neither %s nor %s", cfg.UserType, TypeHuman, TypeService)
	}
	keepNone := cfg.Verified < 0
	if keepNone {
		cfg.Verified = 0
	}
	proofs, err := newProofRules(cfg.DPoP)
	errs = append(errs, err,
		setting("verified", &cfg.Verified, 8192, 1, 1_000_000),
		setting("leeway", &cfg.Leeway, 30*time.Second, 0, 5*time.Minute),
		setting("max lifetime", &cfg.MaxLifetime, 24*time.Hour, time.Second, 365*24*time.Hour),
		setting("max token", &cfg.MaxToken, defaultMaxToken, 256, hardMaxToken))
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("jwt method %q: %w", cfg.Name, err)
	}
	cfg.Audiences, cfg.Algorithms = slices.Clone(cfg.Audiences), slices.Clone(cfg.Algorithms)
	rules := requirements{leeway: cfg.Leeway, maxLifetime: cfg.MaxLifetime, audiences: cfg.Audiences, byClient: cfg.AudienceClaim == "client_id"}
	j := &JWT{cfg: cfg, rules: rules, types: types, keys: keys, proofs: proofs, clock: clock, revoked: cfg.Revoked}
	if j.revoked == nil {
		j.revoked = NewRevocations(clock)
	}
	j.revoked.hold(cfg.MaxLifetime, cfg.Leeway)
	if !keepNone {
		j.kept = newVerifiedTokens(cfg.Verified, &keys.verified)
	}
	return j, nil
}

// Name is the name from the configuration.
func (j *JWT) Name() string { return j.cfg.Name }

// Kind is [KindJWT].
func (j *JWT) Kind() string { return KindJWT }

// Authenticate verifies an access token of this issuer. A token that is no
// compact JWS, or says another issuer, is not this method's; it fetches nothing.
func (j *JWT) Authenticate(ctx context.Context, c Credentials) (*Identity, error) {
	p, ok := present(c)
	if !ok {
		return nil, ErrNotMine
	}
	v, err := j.judged(ctx, p.token, c)
	var cnf confirmation
	if err == nil {
		cnf = v.claims.cnf
		err = flag(j.proofs.confirm(cnf, p, c, j.clock()), v.id.IgnoredHeaders)
	}
	if err != nil {
		return nil, j.proofs.tell(err, p, cnf)
	}
	return v.id, nil
}

// judged gives a token that is good, but for what it is bound to.
func (j *JWT) judged(ctx context.Context, token string, c Credentials) (*verified, error) {
	key, v, err := j.known(token, j.clock())
	if v != nil || err != nil {
		return v, err
	}
	if v, err = j.verify(ctx, token, c); err != nil {
		return nil, err
	}
	if j.kept != nil {
		j.kept.keep(key, v)
	}
	return v, nil
}

// read takes a token apart and checks everything that needs no key, except for
// claims about which only a verified token is believed.
func (j *JWT) read(token string) (*compact, object, error) {
	// Until the issuer is known the token may be another method's.
	jws, err := parseCompact(token, j.cfg.MaxToken)
	if err != nil {
		return nil, nil, notMine(err)
	}
	claims, err := parseObject(jws.payload)
	if err != nil {
		return nil, nil, notMine(&Refused{Reason: ReasonTokenMalformed, Err: fmt.Errorf("payload: %w", err)})
	}
	if iss, _, err := claims.text("iss"); err != nil || iss != j.cfg.Issuer {
		return nil, nil, notMine(refuse(ReasonIssuerUnknown, "iss is not a configured issuer"))
	}

	if err := jws.readHeader(); err != nil {
		return nil, nil, err
	}
	if !slices.Contains(j.cfg.Algorithms, jws.alg) {
		return nil, nil, flag(refuse(ReasonAlgorithmNotAllowed, "alg is not in the list"), jws.ignored)
	}
	if !slices.Contains(j.types, jws.typ) {
		return nil, nil, flag(refuse(ReasonTypeNotAllowed, "typ is not that of an access token"), jws.ignored)
	}
	return jws, claims, nil
}

// verify checks a token from its first byte.
func (j *JWT) verify(ctx context.Context, token string, c Credentials) (_ *verified, err error) {
	jws, claims, err := j.read(token)
	if err != nil {
		return nil, err
	}
	defer func() { err = flag(err, jws.ignored) }()
	key, ring, err := j.keys.find(ctx, lookup{jws.keyID, jws.hasKeyID, jws.alg, c.ClientIP})
	if err != nil {
		return nil, err
	}
	if _, err := jws.verify(key); err != nil {
		if r, ok := errors.AsType[*Refused](err); ok && r.Reason == ReasonSignatureInvalid && jws.hasKeyID {
			j.keys.suspectReplaced()
		}
		return nil, err
	}
	// Claims come after the signature: whoever acts on the reason may believe it.
	if isLogout(claims) {
		return nil, refuse(ReasonTypeNotAllowed, "events are those of a logout token")
	}
	b, err := j.readClaims(claims)
	if err != nil {
		return nil, err
	}
	if err := j.judge(&b, j.clock()); err != nil {
		return nil, err
	}
	return &verified{ring: ring, claims: b, id: &Identity{
		Method:           KindJWT,
		Name:             j.cfg.Name,
		Source:           SourceAuthorization,
		Issuer:           j.cfg.Issuer,
		Type:             j.cfg.UserType,
		Claims:           jws.payload,
		Expires:          b.expires,
		KeyID:            key.KeyID,
		keys:             j.keys,
		TokenFingerprint: fingerprint(token),
		JTIFingerprint:   b.jti,
		IgnoredHeaders:   jws.ignored,
	}}, nil
}

// notMine hands a refusal to the chain, which uses it if no other method takes
// the token.
func notMine(err error) error {
	r, ok := errors.AsType[*Refused](err)
	if !ok {
		return err
	}
	return &unclaimed{r}
}
