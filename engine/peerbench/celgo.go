package peerbench

import (
	"fmt"
	"net/netip"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"
	"github.com/gwctl/gwctl/engine/peerbench/workload"
)

// Plain cel-go, used as its documentation shows: an environment, programs made
// once, and maps as input. What is indexed by hand has a Go map in front of
// the programs, since cel-go itself knows no routes.
const (
	nameCel         = "cel-go, indexed by hand"
	nameCelPrepared = "cel-go, indexed by hand, input prepared"
	nameCelScan     = "cel-go, every rule in turn, input prepared"
)

type celEnv struct{ env *cel.Env }

func newCelEnv(opts ...cel.EnvOption) (*celEnv, error) {
	env, err := cel.NewEnv(append(opts,
		cel.Variable("user", cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable("resource", cel.MapType(cel.StringType, cel.DynType)))...)
	if err != nil {
		return nil, fmt.Errorf("making the environment: %w", err)
	}
	return &celEnv{env}, nil
}

func (c *celEnv) program(text string) (cel.Program, error) {
	ast, issues := c.env.Compile(text)
	if issues.Err() != nil {
		return nil, fmt.Errorf("compiling %q: %w", text, issues.Err())
	}
	p, err := c.env.Program(ast, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, fmt.Errorf("planning %q: %w", text, err)
	}
	return p, nil
}

// holds evaluates; an error is no match.
func holds(p cel.Program, input map[string]any) bool {
	v, _, err := p.Eval(input)
	return err == nil && v.Value() == true
}

func celUser(u *workload.User) map[string]any {
	return map[string]any{
		"id": u.ID, "tenant": u.Tenant, "country": u.Country, "plan": u.Plan, "clearance": u.Clearance, "mfa": u.MFA,
		"roles": u.Roles, "groups": u.Groups, "projects": u.Projects, "regions": u.Regions,
	}
}

func celUsers(list []*workload.User) []map[string]any {
	out := make([]map[string]any, len(list))
	for i, u := range list {
		out[i] = celUser(u)
	}
	return out
}

// celRouteRule is a rule after routing.
func celRouteRule(r workload.RouteRule) string {
	return fmt.Sprintf("'%s' in user.roles && user.tenant == resource.tenant && resource.owner == user.id", r.Role)
}

// celScanRule is a rule that looks at the route itself.
func celScanRule(r workload.RouteRule) string {
	return fmt.Sprintf("route == '%s' && %s", r.Key(), celRouteRule(r))
}

func celTexts(w *workload.Routes, rule func(workload.RouteRule) string) []string {
	out := make([]string, len(w.Rules))
	for i, r := range w.Rules {
		out[i] = rule(r)
	}
	return out
}

func celPrograms(texts []string) ([]cel.Program, error) {
	env, err := newCelEnv(cel.Variable("route", cel.StringType))
	if err != nil {
		return nil, err
	}
	out := make([]cel.Program, len(texts))
	for i, text := range texts {
		if out[i], err = env.program(text); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func loadCel(w *workload.Routes) func() (any, error) {
	texts := celTexts(w, celRouteRule)
	return func() (any, error) { return celPrograms(texts) }
}

// celRoutes starts where gwctl does: it finds the route and builds the
// resource; the user's map is there already.
func celRoutes(w *workload.Routes) (workload.Engine, error) {
	programs, err := celPrograms(celTexts(w, celRouteRule))
	if err != nil {
		return nil, err
	}
	router, users := workload.NewRouter(w.Rules), celUsers(w.Users)
	return workload.Shared(func(i int) bool {
		q := &w.Questions[i]
		n := router.Find(q)
		if n < 0 || w.Rules[n].Method != q.Method {
			return false
		}
		return holds(programs[n], map[string]any{
			"user": users[q.User.Number], "resource": map[string]any{"tenant": q.Segments[3], "owner": q.Segments[5]},
		})
	}), nil
}

// celInputs are the whole inputs, made before the clock starts.
func celInputs(w *workload.Routes, resolved []workload.Resolved) []map[string]any {
	users, out := celUsers(w.Users), make([]map[string]any, len(resolved))
	for i, r := range resolved {
		out[i] = map[string]any{
			"user": users[w.Questions[i].User.Number], "resource": map[string]any{"tenant": r.Tenant, "owner": r.Owner}, "route": r.Key,
		}
	}
	return out
}

func celRoutesPrepared(w *workload.Routes) (workload.Engine, error) {
	programs, err := celPrograms(celTexts(w, celRouteRule))
	if err != nil {
		return nil, err
	}
	resolved, router := w.Resolve(), workload.NewRouter(w.Rules)
	inputs := celInputs(w, resolved)
	return workload.Shared(func(i int) bool {
		q := &w.Questions[i]
		n := router.Find(q)
		return n >= 0 && w.Rules[n].Method == q.Method && holds(programs[n], inputs[i])
	}), nil
}

func celRoutesScan(w *workload.Routes) (workload.Engine, error) {
	programs, err := celPrograms(celTexts(w, celScanRule))
	if err != nil {
		return nil, err
	}
	inputs := celInputs(w, w.Resolve())
	return workload.Shared(func(i int) bool {
		for _, p := range programs {
			if holds(p, inputs[i]) {
				return true
			}
		}
		return false
	}), nil
}

// celMix has one program for each type and action: no deny rule and one of the
// allow rules. Networks are read before the clock starts.
func celMix(w *workload.Mix) (workload.Engine, error) {
	env, err := newCelEnv(ext.Network(), cel.Variable("env", cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable("offices", cel.ListType(ext.CIDRType)), cel.Variable("blocked", cel.ListType(ext.CIDRType)))
	if err != nil {
		return nil, err
	}
	type pair struct{ resourceType, action string }
	programs := map[pair]cel.Program{}
	for _, t := range workload.MixTypes() {
		for _, a := range t.Actions {
			if programs[pair{t.Name, a.Name}], err = env.program(celMixText(t.Name, a.Name)); err != nil {
				return nil, err
			}
		}
	}
	nets := map[string][]ext.CIDR{}
	for _, n := range workload.MixNets() {
		for _, c := range n.CIDRs {
			nets[n.Name] = append(nets[n.Name], ext.CIDR{Prefix: netip.MustParsePrefix(c)})
		}
	}
	users, inputs := celUsers(w.Users), make([]map[string]any, len(w.Questions))
	for i, q := range w.Questions {
		a := &w.Asked[i]
		inputs[i] = map[string]any{
			"user": users[q.User.Number], "env": map[string]any{"ip": ext.IP{Addr: q.IP}}, "offices": nets["offices"], "blocked": nets["blocked"],
			"resource": map[string]any{"tenant": a.Tenant, "project": a.Project, "owner": a.Owner, "region": a.Region, "level": a.Level, "id": a.ID},
		}
	}
	return workload.Shared(func(i int) bool {
		a := &w.Asked[i]
		return holds(programs[pair{a.Type, a.Action}], inputs[i])
	}), nil
}

func celMixText(resourceType, action string) string {
	conditions := map[string]string{}
	for _, c := range workload.MixConditions() {
		conditions[c.Name] = "(" + c.Cel + ")"
	}
	var deny, allow []string
	for _, r := range workload.MixRules() {
		if !r.Covers(resourceType, action) {
			continue
		}
		var all []string
		if r.Roles != nil {
			all = append(all, "user.roles.exists(r, r in ['"+strings.Join(r.Roles, "', '")+"'])")
		}
		for _, name := range r.When {
			positive, not := strings.CutPrefix(name, "!")
			text := conditions[positive]
			if not {
				text = "!" + text
			}
			all = append(all, text)
		}
		text := strings.Join(all, " && ")
		if r.Deny {
			deny = append(deny, text)
		} else {
			allow = append(allow, text)
		}
	}
	return "!(" + strings.Join(deny, " || ") + ") && (" + strings.Join(allow, " || ") + ")"
}

// celDrive is Cedar's five permits as one expression; everything above an
// entity is a map of its own.
func celDrive(w *workload.Drive) (workload.Engine, error) {
	env, err := newCelEnv(cel.Variable("action", cel.StringType))
	if err != nil {
		return nil, err
	}
	texts := map[string]string{
		"read":           "user.view in resource.above || resource.isPublic || resource.id in user.documents || user.folders.exists(f, f in resource.above)",
		"write":          "resource.id in user.documents || user.folders.exists(f, f in resource.above)",
		"share":          "resource.id in user.documents || user.folders.exists(f, f in resource.above)",
		"changeOwner":    "resource.id in user.documents",
		"createDocument": "resource.id in user.folders",
	}
	programs := map[string]cel.Program{}
	for action, text := range texts {
		if programs[action], err = env.program(text); err != nil {
			return nil, err
		}
	}
	inputs := make([]map[string]any, len(w.Questions))
	maps := driveMaps(w)
	for i, q := range w.Questions {
		inputs[i] = map[string]any{"user": maps[q.Graph][q.User], "resource": maps[q.Graph][q.Resource]}
	}
	return workload.Shared(func(i int) bool { return holds(programs[w.Questions[i].Action], inputs[i]) }), nil
}

// driveMaps are the entities as cel-go takes them.
func driveMaps(w *workload.Drive) []map[workload.UID]map[string]any {
	out := make([]map[workload.UID]map[string]any, len(w.Graphs))
	for n, g := range w.Graphs {
		out[n] = map[workload.UID]map[string]any{}
		for _, e := range g.ByUID {
			above, documents, folders := map[string]bool{}, map[string]bool{}, map[string]bool{}
			for a := range e.Above {
				above[driveID(n, a)] = true
			}
			for _, d := range e.OwnedDocuments {
				documents[driveID(n, d)] = true
			}
			for _, f := range e.OwnedFolders {
				folders[driveID(n, f)] = true
			}
			out[n][e.UID] = map[string]any{
				"id": driveID(n, e.UID), "above": above, "isPublic": e.IsPublic, "documents": documents, "folders": folders, "view": driveID(n, e.View),
			}
		}
	}
	return out
}
