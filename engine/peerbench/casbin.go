package peerbench

import (
	"fmt"

	"github.com/casbin/casbin/v3"
	"github.com/casbin/casbin/v3/model"
	"github.com/gwctl/gwctl/engine/peerbench/workload"
)

const nameCasbin = "Casbin, one matcher"

// casbinModel compares the route, which the caller has found, before anything
// else.
const casbinModel = `
[request_definition]
r = sub, obj

[policy_definition]
p = route, role

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.obj.Route == p.route && g(r.sub.ID, p.role) && r.sub.Tenant == r.obj.Tenant && r.sub.ID == r.obj.Owner
`

type casbinSubject struct{ ID, Tenant string }

type casbinObject struct{ Route, Tenant, Owner string }

// newCasbin loads rules and the roles of users.
func newCasbin(rules, groups [][]string) (*casbin.Enforcer, error) {
	m, err := model.NewModelFromString(casbinModel)
	if err != nil {
		return nil, fmt.Errorf("reading the model: %w", err)
	}
	enforcer, err := casbin.NewEnforcer(m)
	if err != nil {
		return nil, fmt.Errorf("making the enforcer: %w", err)
	}
	if _, err := enforcer.AddPolicies(rules); err != nil {
		return nil, fmt.Errorf("adding policies: %w", err)
	}
	if _, err := enforcer.AddGroupingPolicies(groups); err != nil {
		return nil, fmt.Errorf("adding roles: %w", err)
	}
	return enforcer, nil
}

func casbinRows(w *workload.Routes) (rules, groups [][]string) {
	for _, r := range w.Rules {
		rules = append(rules, []string{r.Key(), r.Role})
	}
	for _, u := range w.Users {
		for _, r := range u.Roles {
			groups = append(groups, []string{u.ID, r})
		}
	}
	return rules, groups
}

func loadCasbin(w *workload.Routes) func() (any, error) {
	rules, groups := casbinRows(w)
	return func() (any, error) { return newCasbin(rules, groups) }
}

func casbinRoutes(w *workload.Routes) (workload.Engine, error) {
	enforcer, err := newCasbin(casbinRows(w))
	if err != nil {
		return nil, err
	}
	subjects, objects := make([]any, len(w.Questions)), make([]any, len(w.Questions))
	for i, r := range w.Resolve() {
		u := w.Questions[i].User
		subjects[i], objects[i] = casbinSubject{u.ID, u.Tenant}, casbinObject{r.Key, r.Tenant, r.Owner}
	}
	return workload.Shared(func(i int) bool {
		ok, err := enforcer.Enforce(subjects[i], objects[i])
		return err == nil && ok
	}), nil
}
