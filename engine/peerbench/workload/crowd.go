package workload

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Crowd is the workload of N allow rules that all stand on one resource type
// and one action: no route tells them apart. Rule i has one of four shapes.
type Crowd struct {
	Rules     []CrowdRule
	Users     []*User
	Questions []Question
}

// CrowdRule is a rule of the Crowd: Shape says which of the values it looks at.
type CrowdRule struct {
	Shape  int
	Tenant string   // shape 0: the user's tenant, and the item's Kind
	Kind   string   //
	Group  string   // shape 1: one of the user's groups, and the item's Kind
	IDs    []string // shape 2: the item is one of these
	Owner  string   // shape 3: the item's owner or delegate, where the user is that one
}

// CrowdCounts are the numbers of rules that are measured.
func CrowdCounts() []int { return []int{10000, 100000} }

// shapes is the number of shapes of rules of a Crowd.
const shapes = 4

func kinds() []string { return []string{"note", "plan", "photo", "sheet", "draft"} }

// NewCrowd makes the workload, the same for every run.
func NewCrowd(n int) *Crowd {
	w := &Crowd{}
	for i := range n {
		k := i / shapes
		r := CrowdRule{Shape: i % shapes, Kind: kinds()[k%len(kinds())]}
		switch r.Shape {
		case 0:
			r.Tenant = fmt.Sprintf("tenant-%d", k)
		case 1:
			r.Group = fmt.Sprintf("group-%d", k)
		case 2:
			for j := range 3 {
				r.IDs = append(r.IDs, fmt.Sprintf("item-%d", 3*k+j))
			}
		case 3:
			r.Owner = fmt.Sprintf("user-%d", k)
		}
		w.Rules = append(w.Rules, r)
	}
	random := rand.New(rand.NewPCG(seed, uint64(n)))
	many := n / shapes
	for i := range users {
		u := &User{Number: i, ID: fmt.Sprintf("user-%d", random.IntN(2*many)), Tenant: fmt.Sprintf("tenant-%d", random.IntN(2*many))}
		for range 6 {
			u.Groups = append(u.Groups, fmt.Sprintf("group-%d", random.IntN(2*many)))
		}
		w.Users = append(w.Users, u)
	}
	hand, seen := NewCrowdByHand(w), map[string]bool{}
	for len(w.Questions) < questions {
		u := one(random, w.Users)
		owner, delegate := one(random, w.Users).ID, one(random, w.Users).ID
		switch random.IntN(6) {
		case 0:
			owner = u.ID
		case 1:
			delegate = u.ID
		}
		id := fmt.Sprintf("item-%d", random.IntN(12*many))
		q := newQuestion("GET", "/items/"+owner+"/"+delegate+"/"+one(random, kinds())+"/"+id, u)
		q.Allowed = hand.Allows(&q)
		if k := key(&q); q.Allowed == (len(w.Questions)%2 == 0) && !seen[k] {
			seen[k] = true
			w.Questions = append(w.Questions, q)
		}
	}
	return w
}

// CrowdByHand finds the rules of a Crowd by the value that each shape names.
type CrowdByHand struct {
	tenants, groups map[tenantKind]struct{}
	ids, owners     map[string]struct{}
}

type tenantKind struct{ value, kind string }

// NewCrowdByHand indexes the rules.
func NewCrowdByHand(w *Crowd) *CrowdByHand {
	c := &CrowdByHand{tenants: map[tenantKind]struct{}{}, groups: map[tenantKind]struct{}{}, ids: map[string]struct{}{}, owners: map[string]struct{}{}}
	for _, r := range w.Rules {
		switch r.Shape {
		case 0:
			c.tenants[tenantKind{r.Tenant, r.Kind}] = struct{}{}
		case 1:
			c.groups[tenantKind{r.Group, r.Kind}] = struct{}{}
		case 2:
			for _, id := range r.IDs {
				c.ids[id] = struct{}{}
			}
		case 3:
			c.owners[r.Owner] = struct{}{}
		}
	}
	return c
}

// Allows decides a question.
func (c *CrowdByHand) Allows(q *Question) bool {
	s, u := q.Segments, q.User
	if q.Method != "GET" || len(s) != 5 || s[0] != "items" {
		return false
	}
	owner, delegate, kind, id := s[1], s[2], s[3], s[4]
	if _, ok := c.ids[id]; ok {
		return true
	}
	if owner == u.ID || delegate == u.ID {
		if _, ok := c.owners[u.ID]; ok {
			return true
		}
	}
	if _, ok := c.tenants[tenantKind{u.Tenant, kind}]; ok {
		return true
	}
	return slices.ContainsFunc(u.Groups, func(g string) bool {
		_, ok := c.groups[tenantKind{g, kind}]
		return ok
	})
}

// Len is the number of questions.
func (w *Crowd) Len() int { return len(w.Questions) }

// Expected tells whether a question is to be allowed.
func (w *Crowd) Expected(i int) bool { return w.Questions[i].Allowed }
