package authn

import "errors"

// outage gives an answer that has lately ceased to count, if the configuration
// allows it while the server cannot be asked. The server must have known the
// token as active, and the answer must say when the token expires, which lies
// ahead. A question that the server has refused is no outage.
func (i *Introspection) outage(token string, err error) *answer {
	if i.cfg.StaleTTL <= 0 || errors.Is(err, errQuestion) {
		return nil
	}
	key, now := i.digest(token), i.cfg.Clock()
	a, ok := i.active.get(key)
	if !ok || a.refused != nil || now.Before(a.asked) || !now.Before(a.until.Add(i.cfg.StaleTTL)) ||
		a.claims.expires.IsZero() || !now.Before(a.claims.expires) {
		return nil
	}
	i.count(IntrospectionStale)
	return &answer{asked: a.asked, until: a.until, claims: a.claims, id: a.id.aged()}
}

// aged gives a copy for one request that rests on what is old.
func (id *Identity) aged() *Identity {
	return &Identity{
		Method: id.Method, Name: id.Name, Source: id.Source, Issuer: id.Issuer, Type: id.Type, Claims: id.Claims, Expires: id.Expires, KeyID: id.KeyID,
		TokenFingerprint: id.TokenFingerprint, JTIFingerprint: id.JTIFingerprint, CertificateSHA256: id.CertificateSHA256, IgnoredHeaders: id.IgnoredHeaders, keys: id.keys, old: true,
	}
}

// AnswerStale tells whether the identity rests on an answer of an authorization
// server that has ceased to count and could not be had anew.
func (id *Identity) AnswerStale() bool { return id.old }
