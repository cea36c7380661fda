package peerbench

import (
	"fmt"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/peerbench/workload"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

// Gwctl is gwctl's engine over a set. This file is the only one that calls it.
type Gwctl struct{ set *engine.Set }

const nameGwctl = "gwctl"

// LoadGwctl reads and compiles a set.
func LoadGwctl(files []policy.File) (*Gwctl, error) {
	src, found := policy.Load(files)
	if found.HasErrors() {
		return nil, fmt.Errorf("loading %d files: %v", len(files), found[0])
	}
	set, found := engine.Compile(src)
	if found.HasErrors() {
		return nil, fmt.Errorf("compiling %d files: %v", len(files), found[0])
	}
	return &Gwctl{set}, nil
}

// attribute is one value of a user, as a token's mapping supplies it.
type attribute struct {
	name string
	in   slot.Input
}

// subject is a user as the door keeps it between requests.
type subject []attribute

func newSubject(u *workload.User) subject {
	s := subject{{"id", slot.Quoted(u.ID)}, {"tenant", slot.Quoted(u.Tenant)}, {"roles", slot.Strings(u.Roles)}, {"groups", slot.Strings(u.Groups)}}
	if u.Country == "" {
		return s
	}
	return append(s, attribute{"country", slot.Quoted(u.Country)}, attribute{"plan", slot.Quoted(u.Plan)}, attribute{"clearance", slot.FromNumber(fmt.Sprint(u.Clearance))},
		attribute{"mfa", slot.FromBool(u.MFA)}, attribute{"projects", slot.Strings(u.Projects)}, attribute{"regions", slot.Strings(u.Regions)})
}

func (s subject) bind(r *engine.Request) {
	r.Authenticate(engine.Principal{Method: "jwt", Issuer: "https://idp.example.com", Type: "human"})
	for _, a := range s {
		r.Supply(slot.Credential, slot.User, a.name, a.in)
	}
}

// asks makes workers for HTTP requests: from method, host, canonical path and
// a user who is bound already to the decision.
func (g *Gwctl) asks(list []*workload.User, qs []workload.Question) workload.Engine {
	subjects := make([]subject, len(list))
	for i, u := range list {
		subjects[i] = newSubject(u)
	}
	return workload.Shared(func(i int) bool {
		q := &qs[i]
		r := g.set.HTTPRequest(engine.HTTP{Method: q.Method, Scheme: "https", Host: q.Host, Path: q.Path, Segments: q.Segments, ClientIP: q.IP})
		subjects[q.User.Number].bind(r)
		return g.set.Decide(r).Allowed()
	})
}

func loadGwctl(w *workload.Routes) func() (any, error) {
	files := routesSet(w)
	return func() (any, error) { return LoadGwctl(files) }
}

func gwctlRoutes(w *workload.Routes) (workload.Engine, error) {
	g, err := LoadGwctl(routesSet(w))
	if err != nil {
		return nil, err
	}
	return g.asks(w.Users, w.Questions), nil
}

func gwctlMix(w *workload.Mix) (workload.Engine, error) {
	g, err := LoadGwctl(mixSet())
	if err != nil {
		return nil, err
	}
	return g.asks(w.Users, w.Questions), nil
}

func gwctlCrowd(w *workload.Crowd) (workload.Engine, error) {
	g, err := LoadGwctl(crowdSet(w))
	if err != nil {
		return nil, err
	}
	return g.asks(w.Users, w.Questions), nil
}

// gwctlDrive asks about a resource by its id: the set's Directory knows the
// rest, as Cedar's entities do.
func gwctlDrive(w *workload.Drive) (workload.Engine, error) {
	g, err := LoadGwctl(driveSet(w))
	if err != nil {
		return nil, err
	}
	type direct struct {
		subject    subject
		kind, name string
		id         slot.Input
	}
	users := map[string]subject{}
	asked := make([]direct, len(w.Questions))
	for i, q := range w.Questions {
		who := driveID(q.Graph, q.User)
		if users[who] == nil {
			u := w.Graphs[q.Graph].ByUID[q.User]
			users[who] = subject{
				{"id", slot.Quoted(who)}, {"view", slot.Quoted(driveID(q.Graph, u.View))},
				{"owned_documents", slot.Strings(driveIDs(q.Graph, u.OwnedDocuments))}, {"owned_folders", slot.Strings(driveIDs(q.Graph, u.OwnedFolders))},
			}
		}
		kind := "document"
		if q.Resource.Type == "Folder" {
			kind = "folder"
		}
		asked[i] = direct{users[who], kind, driveAction(q.Action), slot.Quoted(driveID(q.Graph, q.Resource))}
	}
	return workload.Shared(func(i int) bool {
		a := &asked[i]
		r := g.set.DirectRequest(a.kind, a.name)
		a.subject.bind(r)
		r.Supply(slot.Caller, slot.Resource, "id", a.id)
		r.LookUp()
		return g.set.Decide(r).Allowed()
	}), nil
}
