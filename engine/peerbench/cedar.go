package peerbench

import (
	"encoding/json"
	"fmt"

	"github.com/cedar-policy/cedar-go"
	"github.com/gwctl/gwctl/engine/peerbench/workload"
)

const nameCedar = "cedar-go, entities prepared"

// cedarText has a permit for each route.
func cedarText(w *workload.Routes) []byte {
	var out []byte
	for _, r := range w.Rules {
		out = fmt.Appendf(out, "permit (principal in Role::%q, action == Action::%q, resource)\nwhen { principal.tenant == resource.tenant && resource.owner == principal };\n", r.Role, r.Key())
	}
	return out
}

func loadCedar(w *workload.Routes) func() (any, error) {
	text := cedarText(w)
	return func() (any, error) { return cedar.NewPolicySetFromBytes("routes.cedar", text) }
}

// cedarRoutes asks with the route as the action, which the caller has found.
func cedarRoutes(w *workload.Routes) (workload.Engine, error) {
	policies, err := cedar.NewPolicySetFromBytes("routes.cedar", cedarText(w))
	if err != nil {
		return nil, fmt.Errorf("reading the policies: %w", err)
	}
	entities := cedar.EntityMap{}
	for _, u := range w.Users {
		var roles []cedar.EntityUID
		for _, r := range u.Roles {
			roles = append(roles, cedar.NewEntityUID("Role", cedar.String(r)))
		}
		uid := cedar.NewEntityUID("User", cedar.String(u.ID))
		entities[uid] = cedar.Entity{UID: uid, Parents: cedar.NewEntityUIDSet(roles...), Attributes: cedar.NewRecord(cedar.RecordMap{"tenant": cedar.String(u.Tenant)})}
	}
	requests := make([]cedar.Request, len(w.Questions))
	for i, r := range w.Resolve() {
		uid := cedar.NewEntityUID("Item", cedar.String(w.Questions[i].Path))
		entities[uid] = cedar.Entity{UID: uid, Attributes: cedar.NewRecord(cedar.RecordMap{"tenant": cedar.String(r.Tenant), "owner": cedar.NewEntityUID("User", cedar.String(r.Owner))})}
		requests[i] = cedar.Request{
			Principal: cedar.NewEntityUID("User", cedar.String(w.Questions[i].User.ID)), Action: cedar.NewEntityUID("Action", cedar.String(r.Key)), Resource: uid,
		}
	}
	return workload.Shared(func(i int) bool {
		decision, _ := cedar.Authorize(policies, entities, requests[i])
		return decision == cedar.Allow
	}), nil
}

// drivePolicies say what the application's rules mean; see WORKLOAD.md beside
// the data.
const drivePolicies = `
permit (principal, action == Action::"read", resource) when { resource in principal.documentsAndFoldersWithViewAccess };
permit (principal, action == Action::"read", resource) when { resource.isPublic };
permit (principal, action in [Action::"read", Action::"write", Action::"share"], resource)
when { resource in principal.ownedDocuments || resource in principal.ownedFolders };
permit (principal, action == Action::"changeOwner", resource) when { principal.ownedDocuments.contains(resource) };
permit (principal, action == Action::"createDocument", resource) when { principal.ownedFolders.contains(resource) };
`

// cedarDrive walks the graphs by itself, as Cedar does.
func cedarDrive(w *workload.Drive) (workload.Engine, error) {
	policies, err := cedar.NewPolicySetFromBytes("drive.cedar", []byte(drivePolicies))
	if err != nil {
		return nil, fmt.Errorf("reading the policies: %w", err)
	}
	entities := make([]cedar.EntityMap, len(w.Graphs))
	for n, g := range w.Graphs {
		if err := json.Unmarshal(g.Entities, &entities[n]); err != nil {
			return nil, fmt.Errorf("reading the entities of graph %d: %w", n, err)
		}
	}
	requests := make([]cedar.Request, len(w.Questions))
	for i, q := range w.Questions {
		requests[i] = cedar.Request{Principal: cedarUID(q.User), Action: cedarUID(workload.UID{Type: "Action", ID: q.Action}), Resource: cedarUID(q.Resource)}
	}
	return workload.Shared(func(i int) bool {
		decision, _ := cedar.Authorize(policies, entities[w.Questions[i].Graph], requests[i])
		return decision == cedar.Allow
	}), nil
}

func cedarUID(u workload.UID) cedar.EntityUID {
	return cedar.NewEntityUID(cedar.EntityType(u.Type), cedar.String(u.ID))
}
