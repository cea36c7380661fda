package workload

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
)

// Mix is the workload of a set that somebody could have written: eight
// resource types, forty rules with roles, lists, networks, shared variables
// and deny guards. What the rules say is in mix_rules.go, what the conditions
// mean in mix_conditions.go, and the same once more by hand in mix_hand.go.
type Mix struct {
	Users     []*User
	Questions []Question
	Asked     []Asked // what each question is about
}

// Asked is a question of the Mix after routing: a resource type, an action and
// the attributes that the path carries.
type Asked struct {
	Type, Action                   string
	Tenant, Project, Owner, Region string
	Level                          int64
	ID                             string
}

// MixType is a resource type with its one path and the action of each method.
type MixType struct {
	Name    string
	Path    string // with {placeholders}
	Actions []MixAction
}

// MixAction is what a method does.
type MixAction struct{ Method, Name string }

// Has tells whether the type's path carries an attribute.
func (t MixType) Has(attribute string) bool { return strings.Contains(t.Path, "{"+attribute+"}") }

// MixTypes are the resource types of the Mix.
func MixTypes() []MixType {
	return []MixType{
		{"project", "/tenants/{tenant}/projects/{project}/{id}", []MixAction{{"GET", "read"}, {"PUT", "update"}, {"DELETE", "delete"}}},
		{"document", "/tenants/{tenant}/projects/{project}/documents/{owner}/{id}", []MixAction{{"GET", "read"}, {"PUT", "update"}, {"DELETE", "delete"}, {"POST", "share"}}},
		{"secret", "/tenants/{tenant}/projects/{project}/secrets/{level}/{id}", []MixAction{{"GET", "read"}, {"PUT", "rotate"}, {"DELETE", "delete"}}},
		{"deployment", "/tenants/{tenant}/projects/{project}/deployments/{region}/{id}", []MixAction{{"GET", "read"}, {"POST", "create"}, {"DELETE", "rollback"}}},
		{"invoice", "/tenants/{tenant}/invoices/{region}/{id}", []MixAction{{"GET", "read"}, {"POST", "pay"}, {"DELETE", "void"}}},
		{"member", "/tenants/{tenant}/members/{id}", []MixAction{{"GET", "read"}, {"POST", "invite"}, {"DELETE", "remove"}}},
		{"report", "/tenants/{tenant}/reports/{owner}/{level}/{id}", []MixAction{{"GET", "read"}, {"POST", "publish"}}},
		{"ticket", "/tenants/{tenant}/tickets/{owner}/{region}/{id}", []MixAction{{"GET", "read"}, {"POST", "reply"}, {"PUT", "close"}}},
	}
}

// Values that users and requests of the Mix draw from. What rules name is
// among them, and so is what no rule names.

func mixRoles() []string {
	return []string{"viewer", "developer", "admin", "billing", "auditor", "support"}
}

func mixGroups() []string {
	return []string{"oncall-core", "oncall-edge", "contractor", "suspended", "design", "finance", "research", "platform"}
}

func mixRegions() []string { return []string{"eu", "us", "ap", "sa"} }

func mixCountries() []string {
	return []string{"DE", "FR", "US", "JP", "BR", "IN", "GB", "CA", "PL", "SE", "KP", "ES"}
}

func mixPlans() []string { return []string{"free", "pro", "enterprise"} }

func mixNetworks() []string {
	return []string{"203.0.113.", "192.0.2.", "10.20.30.", "10.21.1.", "198.51.100.", "172.16.9."}
}

// NewMix makes the workload, the same for every run: every even question is
// allowed, every odd one denied, by the hand-written rules.
func NewMix() *Mix {
	w := &Mix{}
	random := rand.New(rand.NewPCG(seed, 40))
	for i := range users {
		w.Users = append(w.Users, mixUser(random, i))
	}
	types, rules := MixTypes(), NewMixByHand()
	seen := map[string]bool{}
	for len(w.Questions) < questions {
		q, a := w.draw(random, types)
		q.Allowed = rules.Allows(&a, q.User, q.IP)
		k := key(&q)
		if q.Allowed != (len(w.Questions)%2 == 0) || seen[k] {
			continue
		}
		seen[k] = true
		w.Questions, w.Asked = append(w.Questions, q), append(w.Asked, a)
	}
	return w
}

func mixUser(random *rand.Rand, i int) *User {
	u := &User{
		Number: i, ID: fmt.Sprintf("user-%d", i), Tenant: fmt.Sprintf("tenant-%d", random.IntN(tenants)), Country: one(random, mixCountries()),
		Plan: one(random, mixPlans()), Clearance: int64(random.IntN(5)), MFA: random.IntN(4) > 0,
		Roles: some(random, mixRoles(), 1+random.IntN(2)), Groups: some(random, mixGroups(), random.IntN(3)), Regions: some(random, mixRegions(), 1+random.IntN(2)),
	}
	for range 2 + random.IntN(8) {
		u.Projects = append(u.Projects, fmt.Sprintf("project-%d", random.IntN(200)))
	}
	return u
}

// draw makes a request of some user, mostly about what is near to that user,
// so that rules and not the tenant alone decide.
func (w *Mix) draw(random *rand.Rand, types []MixType) (Question, Asked) {
	u := one(random, w.Users)
	t := one(random, types)
	action := one(random, t.Actions)
	a := Asked{
		Type: t.Name, Action: action.Name, Tenant: u.Tenant, Project: one(random, u.Projects), Owner: u.ID, Region: one(random, mixRegions()),
		Level: int64(random.IntN(5)), ID: fmt.Sprintf("id-%d", random.IntN(5000)),
	}
	if random.IntN(8) == 0 {
		a.Tenant = fmt.Sprintf("tenant-%d", random.IntN(tenants))
	}
	if random.IntN(3) == 0 {
		a.Project = fmt.Sprintf("project-%d", random.IntN(200))
	}
	if random.IntN(2) == 0 {
		a.Owner = one(random, w.Users).ID
	}
	if t.Name == "member" && random.IntN(2) == 0 {
		a.ID = u.ID
	}
	path := strings.NewReplacer("{tenant}", a.Tenant, "{project}", a.Project, "{owner}", a.Owner, "{region}", a.Region, "{level}", strconv.FormatInt(a.Level, 10), "{id}", a.ID).Replace(t.Path)
	q := newQuestion(action.Method, path, u)
	q.IP = netip.MustParseAddr(one(random, mixNetworks()) + strconv.Itoa(1+random.IntN(250)))
	return q, a
}

func one[T any](random *rand.Rand, from []T) T { return from[random.IntN(len(from))] }

// some draws n different ones.
func some(random *rand.Rand, from []string, n int) []string {
	out := []string{}
	for _, i := range random.Perm(len(from))[:n] {
		out = append(out, from[i])
	}
	return out
}

// Len is the number of questions.
func (w *Mix) Len() int { return len(w.Questions) }

// Expected tells whether a question is to be allowed.
func (w *Mix) Expected(i int) bool { return w.Questions[i].Allowed }
