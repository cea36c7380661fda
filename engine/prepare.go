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
	c.set.routes.Filled()
	c.set.roleNumbers = roleNumbers{}
	lists := &shared{roles: c.set.roleNumbers, held: map[string]*held{}, reads: map[string]*celenv.Reads{}, places: map[string]span{}}
	// Rules move side by side: of a large set every decision looks at other ones.
	rules := make([]Rule, len(c.set.rules))
	c.set.refs = make([]RuleRef, len(rules))
	for i, r := range c.set.rules {
		rules[i] = *r
		r = &rules[i]
		c.set.rules[i], c.set.refs[i] = r, r.Ref
		r.held, r.anonymous = lists.heldFor(r.Decl), r.Decl.Anonymous
		if reason := r.Decl.Reason; reason != nil && reason.Challenge != nil {
			if c.set.asks == nil {
				c.set.asks = map[*policy.Rule]*Challenge{}
			}
			c.set.asks[r.Decl] = newChallenge(reason.Challenge)
		}
	}
	c.set.anonymous = nobody(c.set)
	c.set.named = slices.Clone(c.set.named)
	for i, r := range c.set.named {
		c.set.named[i] = &rules[r.order]
	}
	c.moveCandidates(rules, lists)
	c.set.ways = slices.Clone(c.set.ways)
	for i := range c.set.ways {
		c.set.pave(&c.set.ways[i], lists)
	}
	c.set.places = slices.Clip(c.set.places)
}

// moveCandidates puts the candidates side by side.
func (c *compiler) moveCandidates(rules []Rule, lists *shared) {
	n := 0
	for _, res := range c.set.resources {
		for _, over := range res.actions {
			n++
			if over[OverHTTP] != over[OverAuthZEN] {
				n++
			}
		}
	}
	cands := make([]candidates, 0, n)
	move := func(x *candidates) *candidates {
		cands = append(cands, *x)
		x = &cands[len(cands)-1]
		for user, r := range x.reads {
			x.reads[user] = lists.readsLike(r)
		}
		if x.shadow != nil {
			for i, r := range x.shadow.rules {
				x.shadow.rules[i] = &rules[r.order]
			}
		}
		return x
	}
	for _, d := range c.sortedResources() {
		res := c.set.resources[d.Name.Value()]
		for _, action := range slices.Sorted(maps.Keys(res.actions)) {
			over := res.actions[action]
			alike := over[OverHTTP] == over[OverAuthZEN]
			over[OverHTTP] = move(over[OverHTTP])
			if alike {
				over[OverAuthZEN] = over[OverHTTP]
			} else {
				over[OverAuthZEN] = move(over[OverAuthZEN])
			}
			res.actions[action] = over
		}
	}
}

// pave completes a way.
func (s *Set) pave(w *way, lists *shared) {
	t := &s.targets[w.target]
	w.pattern, w.resource, w.layout, w.res, w.body = t.pattern, t.res.name, t.res.layout, t.res, t.body
	w.cands = t.res.actions[w.action][OverHTTP]
	var places []slot.Index
	for _, name := range t.placeholders {
		at, _ := t.res.layout.Lookup(slot.Resource, name)
		places = append(places, at)
	}
	key := string(appendIndexes(nil, places))
	at, ok := lists.places[key]
	if !ok {
		at.from = int32(len(s.places))
		s.places = append(s.places, places...)
		at.to = int32(len(s.places))
		lists.places[key] = at
	}
	w.places = at
}

// shared keeps one of each among equal lists. Many rules state the same, and
// what requests have in common is close at hand for all of them.
type shared struct {
	roles  roleNumbers
	held   map[string]*held
	reads  map[string]*celenv.Reads
	places map[string]span
}

func (s *shared) heldFor(d *policy.Rule) *held {
	var key []byte
	for _, list := range [][]policy.Text{d.Roles, d.Scopes, d.AnyScope} {
		key = appendTexts(key, values(list))
	}
	h := s.held[string(key)]
	if h == nil {
		h = &held{roles: values(d.Roles), scopes: values(d.Scopes), anyScope: values(d.AnyScope)}
		h.numbers = s.roles.of(h.roles)
		h.wanted = slices.Clip(slices.Concat(h.scopes, h.anyScope))
		s.held[string(key)] = h
	}
	return h
}

func (s *shared) readsLike(r *celenv.Reads) *celenv.Reads {
	key := appendTexts(appendTexts(appendIndexes(nil, r.Slots), r.Headers), r.Params)
	if have := s.reads[string(key)]; have != nil {
		return have
	}
	s.reads[string(key)] = r
	return r
}

func appendIndexes(dst []byte, list []slot.Index) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for _, at := range list {
		dst = binary.AppendUvarint(dst, uint64(at))
	}
	return dst
}

// appendTexts appends a list so that different ones never look alike.
func appendTexts(dst []byte, list []string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for _, s := range list {
		dst = append(binary.AppendUvarint(dst, uint64(len(s))), s...)
	}
	return dst
}
