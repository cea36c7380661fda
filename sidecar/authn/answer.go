package authn

import (
	"errors"
	"mime"
	"net/http"
	"strings"
	"time"
)

const (
	maxAnswer     = 64 << 10
	beforeExpiry  = 5 * time.Second
	withoutExpiry = 30 * time.Second
)

// answer is what an authorization server says about a token. It never holds the
// token.
type answer struct {
	asked, until time.Time // until when it counts
	refused      *Refused  // nil for a token that can be used
	claims       bearerClaims
	id           *Identity
}

var errAnswer = errors.New("the answer is no introspection response")

// read judges an answer (RFC 7662 section 2.2). An error means that the server
// has not answered; a token whose answer cannot be used is refused.
func (i *Introspection) read(body []byte, header http.Header, token string, now time.Time) (*answer, error) {
	if len(body) > maxAnswer {
		return nil, errBodyTooLarge
	}
	if kind, _, err := mime.ParseMediaType(header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, errors.New("the answer is not application/json")
	}
	o, err := parseObject(body)
	if err != nil {
		return nil, errAnswer
	}
	active, _ := o.get("active")
	a := &answer{asked: now, until: now.Add(i.cfg.InactiveTTL)}
	switch string(active) {
	case "true":
	case "false":
		a.refused = &Refused{Reason: ReasonTokenInactive, Err: errors.New("the authorization server does not know the token as active")}
		return i.forget(a, header), nil
	default:
		return nil, errAnswer
	}
	if a.claims, err = readClaims(o, false); err == nil {
		err = i.usable(o, a.claims.cnf)
	}
	if err == nil {
		err = i.rules.judge(&a.claims, now)
	}
	if r, ok := errors.AsType[*Refused](err); ok {
		a.refused = r
		return i.forget(a, header), nil
	}
	a.until = now.Add(i.cfg.ActiveTTL)
	if a.claims.expires.IsZero() {
		a.until = now.Add(min(i.cfg.ActiveTTL, withoutExpiry))
	} else if last := a.claims.expires.Add(-beforeExpiry); last.Before(a.until) {
		a.until = last
	}
	a.id = &Identity{
		Method:           KindIntrospection,
		Name:             i.cfg.Name,
		Source:           SourceAuthorization,
		Issuer:           i.cfg.Issuer,
		Type:             i.cfg.UserType,
		Claims:           body,
		Expires:          a.claims.expires,
		TokenFingerprint: fingerprint(token),
		JTIFingerprint:   a.claims.jti,
	}
	return i.forget(a, header), nil
}

// forget lets an answer count for nobody but those who wait for it, if the
// server says so (RFC 9111 section 5.2.2.5).
func (i *Introspection) forget(a *answer, header http.Header) *answer {
	for directive := range strings.SplitSeq(strings.ToLower(strings.Join(header.Values("Cache-Control"), ",")), ",") {
		if strings.TrimSpace(directive) == "no-store" && !i.cfg.IgnoreNoStore {
			a.until = a.asked
		}
	}
	return a
}

// usable tells whether an active token is an access token of the configured
// issuer. Servers answer about refresh tokens and ID tokens, too.
func (i *Introspection) usable(o object, cnf confirmation) error {
	iss, hasIss, err := o.text("iss")
	if err != nil || hasIss && i.cfg.Issuer != "" && iss != i.cfg.Issuer {
		return refuse(ReasonIssuerUnknown, "iss is not the configured issuer")
	}
	for name, accepted := range map[string]string{
		"token_type": " bearer access_token dpop ", // RFC 7662 section 2.2; what Okta and others write
		"token_use":  " access access_token ",
		"typ":        " bearer jwt at+jwt dpop ", // Keycloak: Bearer, DPoP, Refresh, ID, Offline
	} {
		text, present, err := o.text(name)
		kind := mediaType(text)
		if err != nil || present && !strings.Contains(accepted, " "+kind+" ") {
			return refuse(ReasonTypeNotAllowed, "the token is not an access token")
		}
		// Many servers write Bearer whatever the token is bound to; cnf decides.
		if kind == "dpop" && cnf.member != BoundToKey {
			return refuse(ReasonTypeNotAllowed, "the token is said to be DPoP-bound, and cnf does not say to which key")
		}
	}
	return nil
}
