package peerbench

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/gwctl/gwctl/engine/peerbench/workload"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

const (
	nameOPA         = "OPA"
	nameOPAPrepared = "OPA, input prepared"
)

func prepareOPA(module string) (rego.PreparedEvalQuery, error) {
	q, err := rego.New(rego.Query("data.authz.allowed"), rego.Module("authz.rego", module)).PrepareForEval(context.Background())
	if err != nil {
		return q, fmt.Errorf("preparing the query: %w", err)
	}
	return q, nil
}

// opaRoutesModule states methods and paths as equalities, which OPA's rule
// index looks up.
func opaRoutesModule(w *workload.Routes) string {
	var out strings.Builder
	out.WriteString("package authz\n\ndefault allowed := false\n")
	for _, r := range w.Rules {
		fmt.Fprintf(&out, "\nallowed if {\n\tinput.method == %q\n\tinput.path = [%q, %q, \"tenants\", tenant, \"users\", owner]\n\t%q in input.user.roles\n\tinput.user.tenant == tenant\n\tinput.user.id == owner\n}\n",
			r.Method, r.Service, r.Operation, r.Role)
	}
	return out.String()
}

func loadOPA(w *workload.Routes) func() (any, error) {
	module := opaRoutesModule(w)
	return func() (any, error) { return prepareOPA(module) }
}

func opaUser(u *workload.User) map[string]any {
	return map[string]any{
		"id": u.ID, "tenant": u.Tenant, "country": u.Country, "plan": u.Plan, "clearance": u.Clearance, "mfa": u.MFA,
		"roles": anys(u.Roles), "groups": anys(u.Groups), "projects": anys(u.Projects), "regions": anys(u.Regions),
	}
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

func opaRoutesInput(q *workload.Question) map[string]any {
	return map[string]any{"method": q.Method, "path": anys(q.Segments), "user": map[string]any{"id": q.User.ID, "tenant": q.User.Tenant, "roles": anys(q.User.Roles)}}
}

// opaRoutes hands over maps, which OPA converts at each request.
func opaRoutes(w *workload.Routes) (workload.Engine, error) {
	query, err := prepareOPA(opaRoutesModule(w))
	if err != nil {
		return nil, err
	}
	inputs := make([]map[string]any, len(w.Questions))
	for i := range w.Questions {
		inputs[i] = opaRoutesInput(&w.Questions[i])
	}
	return workload.Shared(func(i int) bool {
		results, err := query.Eval(context.Background(), rego.EvalInput(inputs[i]))
		return err == nil && results.Allowed()
	}), nil
}

func opaRoutesPrepared(w *workload.Routes) (workload.Engine, error) {
	inputs := make([]map[string]any, len(w.Questions))
	for i := range w.Questions {
		inputs[i] = opaRoutesInput(&w.Questions[i])
	}
	return opaPrepared(opaRoutesModule(w), inputs)
}

// opaPrepared converts all inputs before the clock starts.
func opaPrepared(module string, inputs []map[string]any) (workload.Engine, error) {
	query, err := prepareOPA(module)
	if err != nil {
		return nil, err
	}
	values := make([]ast.Value, len(inputs))
	for i, in := range inputs {
		if values[i], err = ast.InterfaceToValue(in); err != nil {
			return nil, fmt.Errorf("converting the input: %w", err)
		}
	}
	return workload.Shared(func(i int) bool {
		results, err := query.Eval(context.Background(), rego.EvalParsedInput(values[i]))
		return err == nil && results.Allowed()
	}), nil
}

func opaMix(w *workload.Mix) (workload.Engine, error) {
	inputs := make([]map[string]any, len(w.Questions))
	for i, q := range w.Questions {
		a := w.Asked[i]
		inputs[i] = map[string]any{
			"type": a.Type, "action": a.Action, "ip": q.IP.String(), "user": opaUser(q.User),
			"resource": map[string]any{"tenant": a.Tenant, "project": a.Project, "owner": a.Owner, "region": a.Region, "level": a.Level, "id": a.ID},
		}
	}
	return opaPrepared(opaMixModule(), inputs)
}

// opaMixModule has one rule for each type and action that a rule names, so
// that the index can look both up.
func opaMixModule() string {
	var out strings.Builder
	out.WriteString("package authz\n\ndefault allowed := false\n\nallowed if {\n\tallow\n\tnot deny\n}\n\n")
	for _, n := range workload.MixNets() {
		fmt.Fprintf(&out, "%s := {%s}\n\n", n.Name, quoted(n.CIDRs))
	}
	for _, c := range workload.MixConditions() {
		fmt.Fprintf(&out, "%s if {\n\t%s\n}\n\n", c.Name, c.Rego)
	}
	for _, r := range workload.MixRules() {
		head := "allow"
		if r.Deny {
			head = "deny"
		}
		types, actions := r.Types, r.Actions
		if types == nil {
			types = []string{""}
		}
		if actions == nil {
			actions = []string{""}
		}
		for _, resourceType := range types {
			for _, action := range actions {
				fmt.Fprintf(&out, "%s if {\n", head)
				if resourceType != "" {
					fmt.Fprintf(&out, "\tinput.type == %q\n", resourceType)
				}
				if action != "" {
					fmt.Fprintf(&out, "\tinput.action == %q\n", action)
				}
				if r.Roles != nil {
					fmt.Fprintf(&out, "\tsome role in input.user.roles\n\trole in {%s}\n", quoted(r.Roles))
				}
				fmt.Fprintf(&out, "\t%s\n}\n\n", r.Condition("not ", "", "\n\t"))
			}
		}
	}
	return out.String()
}

func quoted(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, strconv.Quote(s))
	}
	return strings.Join(out, ", ")
}
