package peerbench

import (
	"fmt"
	"strconv"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/peerbench/workload"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

const nameGwctl = "gwctl"

// Gwctl is gwctl's engine with a set. This file is the only one that calls it;
// gwctl_sets.go writes the sets.
type Gwctl struct{ set *engine.Set }

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

func loadGwctl(w *workload.Routes) func() (any, error) {
	files := routesSet(w)
	return func() (any, error) { return LoadGwctl(files) }
}

// bind binds a user once, as a door does when it has verified a token.
func (g *Gwctl) bind(inputs ...engine.UserInput) *engine.Subject {
	return g.set.Bind(engine.Principal{Method: "jwt", Issuer: "https://idp.example.com", Type: "human"}, inputs...)
}

func claim(name string, value slot.Input) engine.UserInput {
	return engine.UserInput{From: slot.Credential, Name: name, Value: value}
}

func (g *Gwctl) subject(u *workload.User) *engine.Subject {
	inputs := []engine.UserInput{
		claim("id", slot.Quoted(u.ID)), claim("tenant", slot.Quoted(u.Tenant)), claim("roles", slot.Strings(u.Roles)), claim("groups", slot.Strings(u.Groups)),
	}
	if u.Country != "" { // a user of the Mix
		inputs = append(inputs, claim("country", slot.Quoted(u.Country)), claim("plan", slot.Quoted(u.Plan)), claim("mfa", slot.FromBool(u.MFA)),
			claim("clearance", slot.FromNumber(strconv.FormatInt(u.Clearance, 10))), claim("projects", slot.Strings(u.Projects)), claim("regions", slot.Strings(u.Regions)))
	}
	return g.bind(inputs...)
}

// gwctlHTTP answers HTTP requests: from method, host, canonical path and the
// user's bound attributes to the decision. Each worker has a request that it
// uses again and again.
func gwctlHTTP(files []policy.File, users []*workload.User, questions []workload.Question) (workload.Engine, error) {
	g, err := LoadGwctl(files)
	if err != nil {
		return nil, err
	}
	subjects := make([]*engine.Subject, len(users))
	for i, u := range users {
		subjects[i] = g.subject(u)
	}
	return func() workload.Worker {
		r, h := g.set.NewRequest(), engine.HTTP{Scheme: "https"}
		return func(i int) bool {
			q := &questions[i]
			h.Method, h.Host, h.Path, h.Segments, h.ClientIP = q.Method, q.Host, q.Path, q.Segments, q.IP
			r.ResetHTTP(&h)
			r.SetSubject(subjects[q.User.Number])
			return g.set.Decide(r).Allowed()
		}
	}, nil
}

func gwctlRoutes(w *workload.Routes) (workload.Engine, error) {
	return gwctlHTTP(routesSet(w), w.Users, w.Questions)
}

func gwctlMix(w *workload.Mix) (workload.Engine, error) {
	return gwctlHTTP(mixSet(), w.Users, w.Questions)
}

func gwctlCrowd(w *workload.Crowd) (workload.Engine, error) {
	return gwctlHTTP(crowdSet(w), w.Users, w.Questions)
}

// gwctlDrive asks about a resource by its id: the set's Directory knows the
// rest, as Cedar's entities do.
func gwctlDrive(w *workload.Drive) (workload.Engine, error) {
	g, err := LoadGwctl(driveSet(w))
	if err != nil {
		return nil, err
	}
	type direct struct {
		subject      *engine.Subject
		kind, action string
		id           slot.Input
	}
	users, asked := map[string]*engine.Subject{}, make([]direct, len(w.Questions))
	for i, q := range w.Questions {
		who := driveID(q.Graph, q.User)
		if users[who] == nil {
			u := w.Graphs[q.Graph].ByUID[q.User]
			users[who] = g.bind(claim("id", slot.Quoted(who)), claim("view", slot.Quoted(driveID(q.Graph, u.View))),
				claim("owned_documents", slot.Strings(driveIDs(q.Graph, u.OwnedDocuments))), claim("owned_folders", slot.Strings(driveIDs(q.Graph, u.OwnedFolders))))
		}
		asked[i] = direct{users[who], driveKind(q.Resource), driveAction(q.Action), slot.Quoted(driveID(q.Graph, q.Resource))}
	}
	return func() workload.Worker {
		r := g.set.NewRequest()
		return func(i int) bool {
			a := &asked[i]
			r.ResetDirect(a.kind, a.action)
			r.SetSubject(a.subject)
			r.Supply(slot.Caller, slot.Resource, "id", a.id)
			r.LookUp()
			return g.set.Decide(r).Allowed()
		}
	}, nil
}
