package engine

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

// prepare works out what every request would otherwise work out anew. It comes
// last: rules, routes and candidates are there.
func (c *compiler) prepare() {
	c.set.anonymous = nobody(c.set)
	lists := &shared{held: map[string]*held{}, reads: map[string]*celenv.Reads{}}
	// Rules move side by side: of a large set every decision looks at other ones.
	rules := make([]Rule, len(c.set.rules))
	for i, r := range c.set.rules {
		rules[i] = *r
		r = &rules[i]
		c.set.rules[i] = r
		c.set.refs = append(c.set.refs, r.Ref)
		r.held, r.anonymous = lists.heldFor(r.Decl), r.Decl.Anonymous
		if reason := r.Decl.Reason; reason != nil {
			r.challenge = newChallenge(reason.Challenge)
		}
	}
	c.moveCandidates(rules, lists)
	for i := range c.set.ways {
		c.set.pave(&c.set.ways[i])
	}
}

// moveCandidates puts the candidates side by side, and has them name the rules
// where those are now.
func (c *compiler) moveCandidates(rules []Rule, lists *shared) {
	actions, named := 0, 0
	for _, res := range c.set.resources {
		for _, over := range res.actions {
			actions++
			for i := range over {
				named += len(over[i].deny.rules) + len(over[i].allow.rules)
			}
		}
	}
	cands, names := make([][transports]candidates, 0, actions), make([]*Rule, 0, named)
	moved := func(list []*Rule) []*Rule {
		from := len(names)
		for _, r := range list {
			names = append(names, &rules[r.order])
		}
		return slices.Clip(names[from:])
	}
	for _, d := range c.sortedResources() {
		res := c.set.resources[d.Name.Value]
		for _, action := range slices.Sorted(maps.Keys(res.actions)) {
			cands = append(cands, *res.actions[action])
			over := &cands[len(cands)-1]
			res.actions[action] = over
			for i := range over {
				x := &over[i]
				x.deny.rules, x.allow.rules, x.shadow = moved(x.deny.rules), moved(x.allow.rules), moved(x.shadow)
				if x.would != nil {
					x.would[0].rules, x.would[1].rules = moved(x.would[0].rules), moved(x.would[1].rules)
				}
				for user, r := range x.reads {
					x.reads[user] = lists.readsLike(r)
				}
			}
		}
	}
}

// pave completes a way.
func (s *Set) pave(w *way) {
	t := &s.targets[w.target]
	w.pattern, w.resource, w.layout, w.res, w.body = t.pattern, t.res.name, t.res.layout, t.res, t.body
	if over := t.res.actions[w.action]; over != nil {
		w.cands = &over[OverHTTP]
	}
	w.from = int32(len(s.places))
	for _, name := range t.placeholders {
		at, _ := t.res.layout.Lookup(slot.Resource, name)
		s.places = append(s.places, at)
	}
	w.to = int32(len(s.places))
}

// shared keeps one of each among equal lists. Many rules state the same, and
// what requests have in common is close at hand for all of them.
type shared struct {
	held  map[string]*held
	reads map[string]*celenv.Reads
}

func (s *shared) heldFor(d *policy.Rule) *held {
	var key []byte
	for _, list := range [][]policy.Text{d.Roles, d.Scopes, d.AnyScope} {
		key = appendTexts(key, values(list))
	}
	h := s.held[string(key)]
	if h == nil {
		h = &held{roles: values(d.Roles), scopes: values(d.Scopes), anyScope: values(d.AnyScope)}
		h.wanted = slices.Clip(slices.Concat(h.scopes, h.anyScope))
		s.held[string(key)] = h
	}
	return h
}

func (s *shared) readsLike(r *celenv.Reads) *celenv.Reads {
	key := binary.AppendUvarint(nil, uint64(len(r.Slots)))
	for _, at := range r.Slots {
		key = binary.AppendUvarint(key, uint64(at))
	}
	key = appendTexts(appendTexts(key, r.Headers), r.Params)
	if have := s.reads[string(key)]; have != nil {
		return have
	}
	s.reads[string(key)] = r
	return r
}

// appendTexts appends a list so that different ones never look alike.
func appendTexts(dst []byte, list []string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for _, s := range list {
		dst = append(binary.AppendUvarint(dst, uint64(len(s))), s...)
	}
	return dst
}
