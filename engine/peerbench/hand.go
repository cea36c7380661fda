package peerbench

import (
	"slices"

	"github.com/gwctl/gwctl/engine/peerbench/workload"
)

const nameHand = "Go written by hand"

// handRoutes is the floor: the rules as a table, the routes as one map.
func handRoutes(w *workload.Routes) (workload.Engine, error) {
	router := workload.NewRouter(w.Rules)
	return workload.Shared(func(i int) bool {
		q := &w.Questions[i]
		n := router.Find(q)
		if n < 0 {
			return false
		}
		r, u := &w.Rules[n], q.User
		return r.Method == q.Method && slices.Contains(u.Roles, r.Role) && u.Tenant == q.Segments[3] && u.ID == q.Segments[5]
	}), nil
}

func handMix(w *workload.Mix) (workload.Engine, error) {
	m := workload.NewMixByHand()
	return workload.Shared(func(i int) bool {
		q := &w.Questions[i]
		a, ok := m.Route(q)
		return ok && m.Allows(&a, q.User, q.IP)
	}), nil
}

func handCrowd(w *workload.Crowd) (workload.Engine, error) {
	c := workload.NewCrowdByHand(w)
	return workload.Shared(func(i int) bool { return c.Allows(&w.Questions[i]) }), nil
}

func handDrive(w *workload.Drive) (workload.Engine, error) {
	return workload.Shared(func(i int) bool {
		q := &w.Questions[i]
		g := &w.Graphs[q.Graph]
		u, r := g.ByUID[q.User], g.ByUID[q.Resource]
		if u == nil || r == nil {
			return false
		}
		owns := func() bool {
			return slices.Contains(u.OwnedDocuments, r.UID) || slices.ContainsFunc(u.OwnedFolders, func(f workload.UID) bool { return r.Above[f] })
		}
		switch q.Action {
		case "read":
			return r.IsPublic || r.Above[u.View] || owns()
		case "write", "share":
			return owns()
		case "changeOwner":
			return slices.Contains(u.OwnedDocuments, r.UID)
		case "createDocument":
			return slices.Contains(u.OwnedFolders, r.UID)
		}
		return false
	}), nil
}
