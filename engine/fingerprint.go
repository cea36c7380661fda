package engine

import "crypto/sha256"

// Fingerprint tells what differs between two sets, where their digests only
// tell that something does. Unlike a digest it takes the layout of an
// expression for a part of it.
type Fingerprint struct {
	Rules map[RuleRef][sha256.Size]byte // each with what it shares with its policy
	Rest  [sha256.Size]byte             // schema, resources, libraries and Directories
}

// Fingerprint makes the fingerprint of the set. It takes as long as reading the
// set's digest anew, so it is for reloads.
func (s *Set) Fingerprint() Fingerprint {
	out := Fingerprint{Rules: map[RuleRef][sha256.Size]byte{}}
	d := newDigester(nil)
	for _, p := range s.source.Policies {
		for _, r := range p.Rules {
			d.h.Reset()
			d.setting(p)
			d.rule(r)
			out.Rules[RuleRef{Policy: p.Name.Value(), Rule: r.ID.Value()}] = [sha256.Size]byte(d.sum())
		}
	}
	d.h.Reset()
	d.declarations(s)
	d.directory(s)
	out.Rest = [sha256.Size]byte(d.sum())
	return out
}
