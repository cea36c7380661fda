package sidecar

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/admin"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/health"
)

// operations are what operators and issuers can have done.
type operations struct{ s *Sidecar }

var _ admin.Operations = operations{}

// Status gives a picture for operators.
func (o operations) Status() admin.Status {
	out := admin.Status{
		Version: health.Version(), Instance: o.s.instance, Problems: append([]string{}, o.s.state.Problems()...), Insecure: append([]string{}, o.s.insecure()...),
		Issuers: []admin.Issuer{}, Introspection: []admin.Introspection{},
	}
	out.Ready = len(out.Problems) == 0
	snapshot := o.s.point.Current()
	if snapshot == nil {
		return out
	}
	out.Digest = snapshot.Set.Digest()
	byIssuer := map[string]*authn.JWT{}
	for _, m := range snapshot.Methods {
		switch m := m.(type) {
		case *authn.JWT:
			byIssuer[m.Issuer()] = m
		case *authn.Introspection:
			st := m.Status()
			out.Introspection = append(out.Introspection, admin.Introspection{
				Endpoint: st.Endpoint, Issuer: m.Issuer(), Breaker: st.Breaker, LastError: st.LastError, InFlight: st.InFlight,
			})
		}
	}
	for _, ks := range o.s.keys.current() {
		st := ks.Status()
		i := admin.Issuer{
			Issuer: st.Issuer, State: stateOf(st), Keys: st.Keys, Ignored: []admin.IgnoredKey{}, Fetched: moment(st.Fetched), Age: st.Age.Seconds(),
			Failures: st.Failures, LastError: st.LastError,
		}
		for _, k := range st.Ignored {
			i.Ignored = append(i.Ignored, admin.IgnoredKey{KeyID: k.KeyID, Reason: k.Reason})
		}
		if m := byIssuer[st.Issuer]; m != nil {
			r := m.Revoked()
			i.Revoked, i.RevokedBefore, i.Logout = r.Entries, moment(r.Before), m.LogsOut()
		}
		out.Issuers = append(out.Issuers, i)
	}
	return out
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// Refresh fetches keys.
func (o operations) Refresh(ctx context.Context, issuer string) ([]admin.Refreshed, error) {
	return o.s.keys.force(ctx, issuer)
}

// Purge forgets what is known of tokens.
func (o operations) Purge(issuer string, w authn.Whose) (admin.Purged, error) {
	if !o.known(issuer) {
		return admin.Purged{}, admin.ErrUnknownIssuer
	}
	return o.purge(issuer, w, "admin"), nil
}

// Revoke refuses tokens that are still good.
func (o operations) Revoke(issuer string, w authn.Whose) (admin.Purged, error) {
	j := o.jwt(issuer)
	if j == nil {
		return admin.Purged{}, admin.ErrUnknownIssuer
	}
	j.Revoke(w, o.s.o.Clock())
	return o.ended(issuer, w, "revoked", "admin"), nil
}

// loggedOut follows an issuer who has told of a logout.
func (o operations) loggedOut(l authn.Logout) {
	o.ended(l.Issuer, l.Whose, "backchannel", "backchannel")
}

// ended records the end of tokens and has everything look anew that rests on
// them.
func (o operations) ended(issuer string, w authn.Whose, end, by string) admin.Purged {
	o.s.audit.Write(&record.Event{
		Kind: record.KindSession, Time: o.s.o.Clock(), Issuer: issuer,
		Session: &record.Session{End: end, Subject: authn.Fingerprint(w.Subject), Session: authn.Fingerprint(w.Session), Token: authn.Fingerprint(w.ID)},
	})
	done := o.purge(issuer, w, by)
	o.s.point.Recheck()
	return done
}

// purge forgets tokens and answers, of all issuers for "". Those of a server of
// opaque tokens, which names none, may be anybody's.
func (o operations) purge(issuer string, w authn.Whose, by string) admin.Purged {
	var out admin.Purged
	for _, m := range o.methods() {
		switch m := m.(type) {
		case *authn.JWT:
			if issuer == "" || m.Issuer() == issuer {
				out.Tokens += m.Purge(w)
			}
		case *authn.Introspection:
			if issuer == "" || m.Issuer() == "" || m.Issuer() == issuer {
				out.Introspection += m.Purge(w)
			}
		}
	}
	kind, what := "all", ""
	switch {
	case w.ID != "":
		kind, what = "jti", w.ID
	case w.Subject != "" && w.Session != "":
		kind, what = "session", w.Session
	case w.Session != "" || w.Subject != "":
		kind, what = map[bool]string{true: "sid", false: "sub"}[w.Session != ""], cmp.Or(w.Session, w.Subject)
	}
	o.s.audit.Write(&record.Event{
		Kind: record.KindCachePurge, Time: o.s.o.Clock(), Issuer: issuer,
		Purge: &record.Purge{By: by, Kind: kind, Fingerprint: authn.Fingerprint(what), Tokens: out.Tokens, Introspection: out.Introspection},
	})
	return out
}

func (o operations) methods() []authn.Method {
	if s := o.s.point.Current(); s != nil {
		return s.Methods
	}
	return nil
}

// known tells whether some method is of an issuer; "" is every issuer.
func (o operations) known(issuer string) bool {
	return issuer == "" || slices.ContainsFunc(o.methods(), func(m authn.Method) bool {
		i, ok := m.(interface{ Issuer() string })
		return ok && i.Issuer() == issuer
	})
}

func (o operations) jwt(issuer string) *authn.JWT {
	for _, m := range o.methods() {
		if j, ok := m.(*authn.JWT); ok && j.Issuer() == issuer {
			return j
		}
	}
	return nil
}
