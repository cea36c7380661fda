package authn

import (
	"context"
	"net/netip"
	"slices"
	"time"
)

// Logout is a user who has logged out, as a verified logout token says.
type Logout struct {
	Issuer string
	Whose  Whose     // Subject, Session or both
	Issued time.Time // by the clock of the issuer
	// IDFingerprint names the logout token in records.
	IDFingerprint string
}

const (
	logoutEvent = "http://schemas.openid.net/event/backchannel-logout"
	// maxLogoutAge is how old a logout token may be: it is sent as soon as it is
	// made (OpenID Connect Back-Channel Logout 1.0 section 2.4 recommends that it
	// lives for two minutes).
	maxLogoutAge = 5 * time.Minute
	// maxLogoutClaim bounds sub, sid and jti.
	maxLogoutClaim = 1 << 10
)

// Logout verifies a logout token of this issuer (OpenID Connect Back-Channel
// Logout 1.0 section 2.6) and refuses the tokens it is about from now on. The
// error is [ErrNotMine] for a token of somebody else or without logout in the
// configuration, else a [*Refused] or a [*Broken]. The client limits the fetches
// of keys it can cause.
func (j *JWT) Logout(ctx context.Context, token string, client netip.Addr) (Logout, error) {
	if j.cfg.LogoutClient == "" {
		return Logout{}, ErrNotMine
	}
	jws, err := parseCompact(token, j.cfg.MaxToken)
	if err != nil {
		return Logout{}, notMine(err)
	}
	claims, err := parseObject(jws.payload)
	if err != nil {
		return Logout{}, notMine(refuse(ReasonTokenMalformed, "the payload is no JSON object"))
	}
	if iss, _, err := claims.text("iss"); err != nil || iss != j.cfg.Issuer {
		return Logout{}, notMine(refuse(ReasonIssuerUnknown, "iss is not a configured issuer"))
	}
	if err := jws.readHeader(); err != nil {
		return Logout{}, err
	}
	if !slices.Contains(j.cfg.Algorithms, jws.alg) {
		return Logout{}, refuse(ReasonAlgorithmNotAllowed, "alg is not in the list")
	}
	// The type is recommended and not required; that it is no other kind of token
	// is what events and nonce show.
	if jws.typ != "logout+jwt" && jws.typ != "jwt" && jws.typ != "" {
		return Logout{}, refuse(ReasonTypeNotAllowed, "typ is not that of a logout token")
	}
	key, _, err := j.keys.find(ctx, lookup{jws.keyID, jws.hasKeyID, jws.alg, client})
	if err != nil {
		return Logout{}, err
	}
	if _, err := jws.verify(key); err != nil {
		return Logout{}, err
	}
	l, id, err := j.readLogout(claims)
	if err != nil {
		return Logout{}, err
	}
	if !j.revoked.first(id, l.Issued.Add(maxLogoutAge+2*j.cfg.Leeway)) {
		return Logout{}, refuse(ReasonLogoutReplayed, "a logout token of this jti has come before")
	}
	j.Revoke(l.Whose, l.Issued)
	return l, nil
}

// readLogout judges the claims of a verified logout token.
func (j *JWT) readLogout(claims object) (l Logout, id string, err error) {
	wrong := func(detail string) (Logout, string, error) {
		return Logout{}, "", refuse(ReasonLogoutInvalid, detail)
	}
	var b bearerClaims
	if err := b.readTimes(claims); err != nil {
		return Logout{}, "", err
	}
	now := j.clock()
	switch {
	case b.issued.IsZero() || b.expires.IsZero():
		return wrong("iat or exp is missing")
	case !now.Before(b.expires.Add(j.cfg.Leeway)), now.Sub(b.issued) > maxLogoutAge+j.cfg.Leeway:
		return Logout{}, "", refuse(ReasonTokenExpired, "exp has passed, or the logout token is old")
	case b.issued.After(now.Add(j.cfg.Leeway)), b.notBefore.After(now.Add(j.cfg.Leeway)):
		return Logout{}, "", refuse(ReasonTokenNotYetValid, "iat or nbf lies ahead")
	}
	if audiences, _, err := claims.texts("aud"); err != nil || !slices.Contains(audiences, j.cfg.LogoutClient) {
		return Logout{}, "", refuse(ReasonAudienceMismatch, "aud is not the configured client")
	}
	if _, present := claims.get("nonce"); present {
		return wrong("nonce is there, as in an ID token")
	}
	if !hasLogoutEvent(claims) {
		return wrong("events is not the one event of a logout")
	}
	texts := map[string]string{}
	for _, name := range [...]string{"jti", "sub", "sid"} {
		text, present, err := claims.text(name)
		if err != nil || present && text == "" || len(text) > maxLogoutClaim {
			return wrong("jti, sub or sid is not a text of 1 to 1024 bytes")
		}
		texts[name] = text
	}
	w := Whose{Subject: texts["sub"], Session: texts["sid"]}
	if texts["jti"] == "" || w == (Whose{}) {
		return wrong("jti is missing, or both sub and sid are")
	}
	return Logout{Issuer: j.cfg.Issuer, Whose: w, Issued: b.issued, IDFingerprint: fingerprint(texts["jti"])}, texts["jti"], nil
}

// isLogout tells whether claims are those of a logout token, also of one that
// would not be taken: without a type, nothing else keeps it from passing for an
// access token of a client that is an audience, too.
func isLogout(claims object) bool {
	raw, ok := claims.get("events")
	if !ok {
		return false
	}
	events, err := parseObject(raw)
	if err != nil {
		return false
	}
	_, ok = events.get(logoutEvent)
	return ok
}

// hasLogoutEvent holds events to one member, whose value is an object.
func hasLogoutEvent(claims object) bool {
	raw, ok := claims.get("events")
	if !ok {
		return false
	}
	events, err := parseObject(raw)
	if err != nil || len(events) != 1 || events[0].name != logoutEvent {
		return false
	}
	_, err = parseObject(events[0].raw)
	return err == nil
}

// Revoke refuses tokens of the issuer from now on, however good they are. Those
// of a user are refused if they were issued at or before the given time; a zero
// Whose means the tokens of everybody.
func (j *JWT) Revoke(w Whose, issued time.Time) { j.revoked.add(w, issued) }

// Revoked gives a picture of what is refused.
func (j *JWT) Revoked() RevocationsStatus { return j.revoked.status() }

// Purge forgets what is known of tokens and gives their number. They are
// verified anew, and taken again if they are good.
func (j *JWT) Purge(w Whose) int {
	if j.kept == nil {
		return 0
	}
	return j.kept.table.drop(func(_ digest, v *verified) bool { return w.means(v.claims.marks) })
}

// Issuer gives the issuer as configured.
func (j *JWT) Issuer() string { return j.cfg.Issuer }

// LogsOut tells whether the method takes logout tokens.
func (j *JWT) LogsOut() bool { return j.cfg.LogoutClient != "" }

// judge decides about a verified token at a point in time.
func (j *JWT) judge(b *bearerClaims, now time.Time) error {
	if err := j.rules.judge(b, now); err != nil {
		return err
	}
	if j.cfg.LogoutClient != "" && b.issued.IsZero() {
		// Without it nobody could say whether the token is older than a logout.
		return refuse(ReasonClaimInvalid, "iat is missing")
	}
	if j.revoked.covers(b) {
		return refuse(ReasonTokenRevoked, "the user has logged out, or the token was revoked")
	}
	return nil
}
