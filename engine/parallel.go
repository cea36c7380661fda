package engine

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/policy"
)

// share is how many policies, or rules of one, are compiled as one piece of work. It does not
// depend on the machine, so that neither do the findings.
const share = 64

// policies compiles the policies, on all processors.
func (c *compiler) policies() {
	c.literals = map[string][]string{"user.roles": c.set.roles, "resource.type": c.resourceNames(), "action.name": c.actionNames()}
	together(c, sortedPolicies(c.src.Policies), func(part *compiler, p *policy.Policy) { part.policy(p) })
}

// together has the items compiled in shares, each by a part of the compiler,
// and takes over what the parts come to, in the order of the items.
func together[T any](c *compiler, items []T, compile func(part *compiler, item T)) {
	shares := slices.Collect(slices.Chunk(items, share))
	if len(shares) == 1 {
		for _, x := range items {
			compile(c, x)
		}
		return
	}
	parts := make([]*compiler, len(shares))
	inParallel(len(shares), func(i int) {
		parts[i] = c.part()
		for _, x := range shares[i] {
			compile(parts[i], x)
		}
	})
	for _, p := range parts {
		c.rules = append(c.rules, p.rules...)
		c.found = append(append(c.found, p.found...), p.w.Found()...)
	}
}

// part is a compiler for some of the policies, with findings of its own.
func (c *compiler) part() *compiler {
	return &compiler{lib: c.lib, src: c.src, set: c.set, user: c.user, env: c.env, unusable: c.unusable, literals: c.literals, interned: c.interned,
		unguarded: c.unguarded, libraries: map[[2]string]*celenv.Scope{}}
}

// inParallel calls do for 0 to n-1, on as many goroutines as there are
// processors. A panic of one is the caller's.
func inParallel(n int, do func(i int)) {
	var next atomic.Int64
	var failed atomic.Pointer[any]
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					failed.CompareAndSwap(nil, &p)
				}
			}()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
	if p := failed.Load(); p != nil {
		panic(*p)
	}
}

func sortedPolicies(in []*policy.Policy) []*policy.Policy {
	out := slices.Clone(in)
	slices.SortFunc(out, func(a, b *policy.Policy) int { return strings.Compare(a.Name.Value(), b.Name.Value()) })
	return out
}
