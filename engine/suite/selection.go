package suite

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Selection says which cases to run. The zero one is all of them.
type Selection struct {
	Only  *regexp.Regexp // matches the full name; nil matches all
	Tags  []string       // a case has one of them, and none that is written with ! before it
	Shard Shard
}

// Shard is one of several parts that together are all cases, each in one of
// them. The zero one is the whole.
type Shard struct {
	Index, Count int // from 1
}

// ParseShard reads i/n, as in 2/4.
func ParseShard(text string) (Shard, error) {
	first, second, ok := strings.Cut(text, "/")
	i, err1 := strconv.Atoi(first)
	n, err2 := strconv.Atoi(second)
	if !ok || err1 != nil || err2 != nil || i < 1 || n < i || n > 10000 {
		return Shard{}, fmt.Errorf("%q is not i/n with 1 ≤ i ≤ n", text)
	}
	return Shard{i, n}, nil
}

// holds tells whether a case belongs to the shard. It depends on the case's
// name alone, so that a new case moves no other one.
func (s Shard) holds(c *Case) bool {
	if s.Count <= 1 {
		return true
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(c.FullName())) // never fails
	return int(h.Sum32()%uint32(s.Count)) == s.Index-1
}

// Select picks the cases of a selection, in their order.
func Select(cases []*Case, s Selection) []*Case {
	if s.Only == nil && len(s.Tags) == 0 && s.Shard.Count <= 1 {
		return cases
	}
	var out []*Case
	for _, c := range cases {
		if (s.Only == nil || s.Only.MatchString(c.FullName())) && s.tagged(c) && s.Shard.holds(c) {
			out = append(out, c)
		}
	}
	return out
}

func (s Selection) tagged(c *Case) bool {
	wanted, found := false, false
	for _, t := range s.Tags {
		if without, not := strings.CutPrefix(t, "!"); not {
			if slices.Contains(c.Tags, without) {
				return false
			}
			continue
		}
		wanted = true
		found = found || slices.Contains(c.Tags, t)
	}
	return found || !wanted
}
