package config

import (
	"net/url"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// idSpace is where the user ids of a method come from.
type idSpace struct {
	Method
	issuer string // who gives out the ids; "" if only a host is known
	host   string // "" for ids that no provider gives out
}

// same tells whether one party gives out the ids of both: then alice is alice.
func (s idSpace) same(o idSpace) bool {
	if s.issuer != "" && o.issuer != "" {
		return s.issuer == o.issuer
	}
	return s.host != "" && s.host == o.host
}

// sharedIDs warns of two methods that are not of one party and put the same, or
// nothing, before their ids: a user of one can have the id of a user of the
// other.
func (r *reader) sharedIDs() {
	for i, s := range r.ids {
		for _, before := range r.ids[:i] {
			if s.IDPrefix != before.IDPrefix || s.same(before) || isZero(s.At) {
				continue
			}
			d := document.NewDiagnostic(s.At, document.Warning, "shared_user_ids", "users of this method can have the same user.id as those of "+before.Name)
			r.w.Add(policy.Diagnostics{d.WithHint("give it an id_prefix of its own, as in id_prefix: \"partner:\"")})
			break
		}
	}
}

func isZero(s policy.Span) bool { return s == policy.Span{} }

func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Host
}

// audienceClaim reads which claim says whom a token is for.
func (r *reader) audienceClaim(jwt *document.Object, profile string) string {
	t := jwt.Text("audience_claim")
	switch t.Value() {
	case "", "aud":
		return "aud"
	case "client_id":
		if profile != "" {
			r.w.Error(t.Span(), "bad_setting", "leave one of them out", "tokens of profile %s have an aud", profile)
		}
	default:
		r.w.Error(t.Span(), "bad_setting", "write client_id for tokens without an aud, or leave it out", "audience_claim %q is not known", t.Value())
	}
	return "client_id"
}
