package workload

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Routes is the workload of N routes with one rule each: method and path, a
// role, the user's own tenant, and the user as owner.
type Routes struct {
	Rules     []RouteRule
	Users     []*User
	Questions []Question
}

// RouteRule allows Method /<Service>/<Operation>/tenants/{tenant}/users/{owner}
// to a user with Role, of that tenant, who is that owner.
type RouteRule struct {
	Service, Operation string
	Method             string
	Role               string
}

// Operations is the number of routes of one service.
const Operations = 10

// LoadCount is the number of routes that are loaded for figures of loading.
const LoadCount = 10000

// RouteCounts are the numbers of routes that are measured.
func RouteCounts() []int { return []int{10, 100, 1000, LoadCount} }

// Sizes of the workload. Half of the questions are denied.
const (
	questions = 1024
	users     = 512
	tenants   = 64
	roles     = 16
	seed      = 20260115
)

func methods() []string { return []string{"GET", "POST", "PUT", "DELETE"} }

func roleName(i int) string   { return fmt.Sprintf("role-%d", i%roles) }
func tenantName(i int) string { return fmt.Sprintf("tenant-%d", i%tenants) }

// NewRoutes makes the workload, the same for every run.
func NewRoutes(n int) *Routes {
	w := &Routes{}
	for i := range n {
		w.Rules = append(w.Rules, RouteRule{
			Service: fmt.Sprintf("svc%d", i/Operations), Operation: fmt.Sprintf("op%d", i%Operations),
			Method: methods()[i%len(methods())], Role: roleName(i * 7),
		})
	}
	for i := range users {
		w.Users = append(w.Users, &User{
			Number: i, ID: fmt.Sprintf("user-%d", i), Tenant: tenantName(i),
			Roles: []string{roleName(i), roleName(i + 5), roleName(i + 10)},
		})
	}
	random := rand.New(rand.NewPCG(seed, uint64(n)))
	seen := map[string]bool{}
	for len(w.Questions) < questions {
		q := w.question(random, len(w.Questions))
		// With ten routes there are fewer distinct allowed requests per route
		// than draws; a request that was drawn before is drawn anew.
		if k := key(&q); !seen[k] {
			seen[k] = true
			w.Questions = append(w.Questions, q)
		}
	}
	return w
}

// question draws a request: every even one is allowed, and the odd ones are
// denied for one reason each, in turn.
func (w *Routes) question(random *rand.Rand, i int) Question {
	rule := w.Rules[random.IntN(len(w.Rules))]
	u := w.Users[random.IntN(len(w.Users))]
	for !slices.Contains(u.Roles, rule.Role) {
		u = w.Users[random.IntN(len(w.Users))]
	}
	method, operation, tenant, owner := rule.Method, rule.Operation, u.Tenant, u.ID
	if i%2 == 0 {
		q := newQuestion(method, rule.path(operation, tenant, owner), u)
		q.Allowed = true
		return q
	}
	switch i / 2 % 8 {
	case 0, 1: // a role that the user does not have
		for slices.Contains(u.Roles, rule.Role) {
			u = w.Users[random.IntN(len(w.Users))]
		}
		tenant, owner = u.Tenant, u.ID
	case 2, 3:
		tenant = tenantName(u.Number + 1 + random.IntN(tenants-1))
	case 4, 5:
		owner = w.Users[(u.Number+1+random.IntN(users-1))%users].ID
	case 6: // a path without a route
		operation = fmt.Sprintf("op%d", Operations+random.IntN(Operations))
	case 7: // another method
		method = "PATCH"
	}
	return newQuestion(method, rule.path(operation, tenant, owner), u)
}

func (r RouteRule) path(operation, tenant, owner string) string {
	return "/" + r.Service + "/" + operation + "/tenants/" + tenant + "/users/" + owner
}

// Key names the route in engines that are told the route by their caller.
func (r RouteRule) Key() string { return r.Service + "/" + r.Operation }

// Resolved is a question whose route somebody has found already.
type Resolved struct {
	Rule          int // -1 without a route
	Key           string
	Tenant, Owner string
}

// Router finds routes as a program does that was written for this workload.
type Router struct{ byKey map[string]int }

// NewRouter indexes the routes by their key.
func NewRouter(rules []RouteRule) *Router {
	r := &Router{byKey: make(map[string]int, len(rules))}
	for i, rule := range rules {
		r.byKey[rule.Key()] = i
	}
	return r
}

// Find gives the rule of a path, -1 without one. The method is the caller's to
// compare.
func (r *Router) Find(q *Question) int {
	s := q.Segments
	if len(s) != 6 || s[2] != "tenants" || s[4] != "users" {
		return -1
	}
	if i, ok := r.byKey[q.Path[1:len(s[0])+len(s[1])+2]]; ok {
		return i
	}
	return -1
}

// Resolve finds the routes of all questions, for contenders that are given
// them prepared.
func (w *Routes) Resolve() []Resolved {
	router := NewRouter(w.Rules)
	out := make([]Resolved, 0, len(w.Questions))
	for i := range w.Questions {
		q := &w.Questions[i]
		r := Resolved{Rule: router.Find(q), Key: "none", Tenant: q.Segments[3], Owner: q.Segments[5]}
		if r.Rule >= 0 && w.Rules[r.Rule].Method != q.Method {
			r.Rule = -1
		}
		if r.Rule >= 0 {
			r.Key = w.Rules[r.Rule].Key()
		}
		out = append(out, r)
	}
	return out
}

// Len is the number of questions.
func (w *Routes) Len() int { return len(w.Questions) }

// Expected tells whether a question is to be allowed.
func (w *Routes) Expected(i int) bool { return w.Questions[i].Allowed }
