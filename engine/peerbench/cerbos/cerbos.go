package cerbos

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing/fstest"

	effectv1 "github.com/cerbos/cerbos/api/genpb/cerbos/effect/v1"
	enginev1 "github.com/cerbos/cerbos/api/genpb/cerbos/engine/v1"
	"github.com/cerbos/cerbos/private/ruletable"
	"github.com/cerbos/cerbos/private/ruletable/compile"
	epdpv2 "github.com/cerbos/cloud-api/genpb/cerbos/cloud/epdp/v2"
	"github.com/gwctl/gwctl/engine/peerbench/workload"
	"google.golang.org/protobuf/types/known/structpb"
)

const name = "Cerbos engine, input prepared"

// RouteContenders are the engines that answer the Routes.
func RouteContenders() []workload.Contender[*workload.Routes] {
	return []workload.Contender[*workload.Routes]{{Name: name, Build: routes}}
}

// MixContenders are the engines that answer the Mix.
func MixContenders() []workload.Contender[*workload.Mix] {
	return []workload.Contender[*workload.Mix]{{Name: name, Build: mix}}
}

// Loaders are the engines that load Routes.
func Loaders() []workload.Loader { return []workload.Loader{{Name: name, Prepare: load}} }

// newEvaluator loads policies into the evaluator that Cerbos embeds elsewhere:
// without its server, its audit log and its worker pool.
func newEvaluator(files map[string]string) (ruletable.Evaluator, error) {
	dir := fstest.MapFS{}
	for name, text := range files {
		dir[name] = &fstest.MapFile{Data: []byte(text)}
	}
	table, err := compile.Compile(context.Background(), dir)
	if err != nil {
		return nil, fmt.Errorf("compiling: %w", err)
	}
	e, err := ruletable.NewRuleTableFromProto(table, &epdpv2.Config{})
	if err != nil {
		return nil, fmt.Errorf("making the evaluator: %w", err)
	}
	return e, nil
}

// ask asks with inputs that were made before the clock started.
func ask(e ruletable.Evaluator, inputs [][]*enginev1.CheckInput) workload.Engine {
	return workload.Shared(func(i int) bool {
		out, _, err := e.Check(context.Background(), inputs[i])
		return err == nil && out[0].Actions[inputs[i][0].Actions[0]].Effect == effectv1.Effect_EFFECT_ALLOW
	})
}

func resourcePolicy(resource, head, rules string) string {
	return "apiVersion: api.cerbos.dev/v1\nresourcePolicy:\n  resource: " + resource + "\n  version: default\n" + head + "  rules:\n" + rules
}

// routeFiles has a resource policy for each service.
func routeFiles(w *workload.Routes) map[string]string {
	files := map[string]string{}
	for part := range slices.Chunk(w.Rules, workload.Operations) {
		var rules strings.Builder
		for _, r := range part {
			fmt.Fprintf(&rules, "    - actions: [%s]\n      effect: EFFECT_ALLOW\n      roles: [%s]\n      condition:\n        match:\n          expr: P.attr.tenant == R.attr.tenant && R.attr.owner == P.id\n", r.Operation, r.Role)
		}
		files[part[0].Service+".yaml"] = resourcePolicy(part[0].Service, "", rules.String())
	}
	return files
}

func load(w *workload.Routes) func() (any, error) {
	files := routeFiles(w)
	return func() (any, error) { return newEvaluator(files) }
}

// routes asks with the service and the operation, which the caller has found.
func routes(w *workload.Routes) (workload.Engine, error) {
	e, err := newEvaluator(routeFiles(w))
	if err != nil {
		return nil, err
	}
	inputs := make([][]*enginev1.CheckInput, len(w.Questions))
	for i, r := range w.Resolve() {
		service, operation, u := "none", "none", w.Questions[i].User
		if r.Rule >= 0 {
			service, operation = w.Rules[r.Rule].Service, w.Rules[r.Rule].Operation
		}
		inputs[i] = []*enginev1.CheckInput{{
			Actions:   []string{operation},
			Principal: &enginev1.Principal{Id: u.ID, Roles: u.Roles, Attr: map[string]*structpb.Value{"tenant": structpb.NewStringValue(u.Tenant)}},
			Resource:  &enginev1.Resource{Kind: service, Id: "1", Attr: map[string]*structpb.Value{"tenant": structpb.NewStringValue(r.Tenant), "owner": structpb.NewStringValue(r.Owner)}},
		}}
	}
	return ask(e, inputs), nil
}

// mix has a resource policy for each type; guards stand in each of them.
func mix(w *workload.Mix) (workload.Engine, error) {
	files := map[string]string{}
	for _, t := range workload.MixTypes() {
		files[t.Name+".yaml"] = mixPolicy(t)
	}
	e, err := newEvaluator(files)
	if err != nil {
		return nil, err
	}
	inputs := make([][]*enginev1.CheckInput, len(w.Questions))
	for i, q := range w.Questions {
		a, u := &w.Asked[i], q.User
		principal, err := structpb.NewStruct(attributes(u))
		if err != nil {
			return nil, fmt.Errorf("converting a user: %w", err)
		}
		principal.Fields["ip"] = structpb.NewStringValue(q.IP.String())
		resource, err := structpb.NewStruct(map[string]any{"tenant": a.Tenant, "project": a.Project, "owner": a.Owner, "region": a.Region, "level": a.Level})
		if err != nil {
			return nil, fmt.Errorf("converting a resource: %w", err)
		}
		inputs[i] = []*enginev1.CheckInput{{
			Actions:   []string{a.Action},
			Principal: &enginev1.Principal{Id: u.ID, Roles: u.Roles, Attr: principal.Fields},
			Resource:  &enginev1.Resource{Kind: a.Type, Id: a.ID, Attr: resource.Fields},
		}}
	}
	return ask(e, inputs), nil
}

func mixPolicy(t workload.MixType) string {
	head := "  constants:\n    local:\n"
	for _, n := range workload.MixNets() {
		head += fmt.Sprintf("      %s: [%s]\n", n.Name, quoted(n.CIDRs))
	}
	var mine []workload.MixRule
	var rules strings.Builder
	for _, r := range workload.MixRules() {
		var actions []string
		for _, a := range t.Actions {
			if r.Covers(t.Name, a.Name) {
				actions = append(actions, a.Name)
			}
		}
		if actions == nil {
			continue
		}
		effect, roles := "EFFECT_ALLOW", r.Roles
		if r.Deny {
			effect = "EFFECT_DENY"
		}
		if roles == nil {
			roles = []string{"*"}
		}
		fmt.Fprintf(&rules, "    - name: %s\n      actions: [%s]\n      effect: %s\n      roles: [%s]\n      condition:\n        match:\n          expr: \"%s\"\n",
			r.ID, strings.Join(actions, ", "), effect, quoted(roles), r.Condition("!", "V.", " && "))
		mine = append(mine, r)
	}
	head += "  variables:\n    local:\n"
	for _, c := range workload.MixConditions() {
		if slices.ContainsFunc(mine, func(r workload.MixRule) bool { return r.Reads(c.Name) }) {
			head += fmt.Sprintf("      %s: \"%s\"\n", c.Name, c.Cerbos)
		}
	}
	return resourcePolicy(t.Name, head, rules.String())
}

func attributes(u *workload.User) map[string]any {
	return map[string]any{
		"tenant": u.Tenant, "country": u.Country, "plan": u.Plan, "clearance": u.Clearance, "mfa": u.MFA,
		"groups": anys(u.Groups), "projects": anys(u.Projects), "regions": anys(u.Regions),
	}
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

func quoted(list []string) string { return `"` + strings.Join(list, `", "`) + `"` }
