package engine_test

import (
	"fmt"
	"log"
	"sync"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/source"
)

// From a directory of policies to the answer to one request.
func Example() {
	files, err := source.Read("../examples/quickstart")
	if err != nil {
		log.Fatal(err)
	}
	src, found := policy.Load(files.List)
	if found.HasErrors() {
		log.Fatal(found)
	}
	set, found := engine.Compile(src)
	if found.HasErrors() {
		log.Fatal(found)
	}

	alice := set.Bind(engine.Principal{Method: "session", Type: "human"},
		engine.UserInput{From: slot.Credential, Name: "id", Value: slot.Quoted("alice")},
		engine.UserInput{From: slot.Credential, Name: "tenant", Value: slot.Quoted("acme")},
		engine.UserInput{From: slot.Credential, Name: "roles", Value: slot.Strings([]string{"customer"})},
		engine.UserInput{From: slot.Credential, Name: "scopes", Value: slot.Strings([]string{"orders:read"})})

	r := set.NewRequest()
	r.ResetHTTP(&engine.HTTP{
		Method: "GET", Host: "shop.example.com",
		Path: "/tenants/acme/orders/42", Segments: []string{"tenants", "acme", "orders", "42"},
	})
	r.SetSubject(alice)
	r.SetTime(time.Now())
	r.Supply(slot.Config, slot.Env, "region", slot.Quoted("eu"))

	d := set.Decide(r)
	if d.Allowed() {
		fmt.Println("allowed by", d.Rule)
	}
	// Output:
	// allowed by orders/tenant-reads
}

// A set that is wrong is no set: everything that was found is told at once,
// with its place.
func ExampleCompile() {
	src, found := policy.Load([]policy.File{{Path: "orders.yaml", Data: []byte(`
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: order}
spec: {actions: {read: {}}}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: orders}
spec:
  resources: [order]
  rules:
    - {id: reads, effect: allow, actions: [read], when: user.tennant == 'acme'}
`)}})
	if found.HasErrors() {
		log.Fatal(found)
	}
	set, found := engine.Compile(src)
	for _, d := range found {
		fmt.Printf("%s:%d: %s: %s\n", d.Path, d.Line, d.Code, d.Message)
	}
	fmt.Println("there is a set:", set != nil)
	// Output:
	// orders.yaml:13: undeclared_attribute: user.tennant is not declared
	// there is a set: false
}

// reports is a small set with an obligation, a reason and a condition that can
// fail.
const reports = `
apiVersion: gwctl.dev/v1
kind: Schema
metadata: {name: reports}
spec: {user: {tenant: {type: string}}}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: report}
spec:
  actions: {read: {}, share: {}, split: {}}
  attributes: {tenant: {type: string, from: [source]}, parts: {type: int, optional: true, from: [source]}}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: reports}
spec:
  resources: [report]
  rules:
    - id: own
      effect: allow
      actions: [read]
      when: user.tenant == resource.tenant
      obligations: {set_headers: {X-Row-Filter: "'tenant=' + user.tenant"}}
    - {id: sealed, effect: deny, actions: [share], reason: {code: sealed, message: "Reports are not shared.", status: 451}}
    - {id: parts, effect: deny, actions: [split], when: "has(resource.parts) && 100 / resource.parts < 10"}
`

// compiled is the set of a text that is known to be right.
func compiled(text string) *engine.Set {
	src, found := policy.Load([]policy.File{{Path: "reports.yaml", Data: []byte(text)}})
	if found.HasErrors() {
		log.Fatal(found)
	}
	set, found := engine.Compile(src)
	if found.HasErrors() {
		log.Fatal(found)
	}
	return set
}

// What a decision says: the reason, the rule, and what an allowed request has
// to take along.
func ExampleSet_Decide() {
	set := compiled(reports)
	ann := set.Bind(engine.Principal{Method: "session", Type: "human"},
		engine.UserInput{From: slot.Credential, Name: "id", Value: slot.Quoted("ann")},
		engine.UserInput{From: slot.Credential, Name: "tenant", Value: slot.Quoted("acme")})
	r := set.NewRequest()
	ask := func(action, tenant, parts string) {
		r.ResetDirect("report", action)
		r.SetSubject(ann)
		r.Supply(slot.Caller, slot.Resource, "id", slot.Quoted("7"))
		if tenant != "" {
			r.Supply(slot.Source, slot.Resource, "tenant", slot.Quoted(tenant))
		}
		if parts != "" {
			r.Supply(slot.Source, slot.Resource, "parts", slot.FromNumber(parts))
		}
		d := set.Decide(r)
		fmt.Printf("%s: %s, %s, %d\n", action, d.Effect, d.Reason, d.HTTPStatus())
		if !d.Rule.IsZero() {
			fmt.Println("  decided by", d.Rule)
		}
		if d.Message != "" {
			fmt.Println("  for the client:", d.Message)
		}
		if d.Attribute != "" {
			fmt.Println("  because of", d.Attribute)
		}
		for _, o := range d.Obligations {
			fmt.Printf("  set %s to %q\n", o.Name, o.Value)
		}
		for _, e := range d.Errors {
			fmt.Printf("  %s failed at %s: %s\n", e.Rule, e.Position, e.Message)
		}
	}
	ask("read", "acme", "")
	ask("read", "globex", "")
	ask("read", "", "")
	ask("share", "acme", "")
	ask("split", "acme", "0")
	ask("burn", "acme", "")
	// Output:
	// read: allow, allowed, 200
	//   decided by reports/own
	//   set X-Row-Filter to "tenant=acme"
	// read: deny, no_matching_rule, 403
	// read: deny, attribute_missing, 403
	//   because of resource.tenant
	// share: deny, sealed, 451
	//   decided by reports/sealed
	//   for the client: Reports are not shared.
	// split: deny, eval_error, 403
	//   decided by reports/parts
	//   reports/parts failed at reports.yaml:26:57: division by zero
	// burn: deny, no_route, 403
}

// One set and one subject serve every goroutine; each takes a request of its
// own, here from a pool.
func ExampleSet_NewRequest() {
	set := compiled(reports)
	ann := set.Bind(engine.Principal{Method: "session", Type: "human"},
		engine.UserInput{From: slot.Credential, Name: "tenant", Value: slot.Quoted("acme")})
	requests := sync.Pool{New: func() any { return set.NewRequest() }}
	mayRead := func(tenant string) bool {
		r := requests.Get().(*engine.Request)
		defer requests.Put(r)
		r.ResetDirect("report", "read") // forgets the question before
		r.SetSubject(ann)
		r.Supply(slot.Source, slot.Resource, "tenant", slot.Quoted(tenant))
		d := set.Decide(r)
		return d.Allowed()
	}

	tenants := []string{"acme", "globex", "initech", "acme"}
	allowed := make([]bool, len(tenants))
	var working sync.WaitGroup
	for i, tenant := range tenants {
		working.Go(func() { allowed[i] = mayRead(tenant) })
	}
	working.Wait()
	fmt.Println(allowed)
	// Output:
	// [true false false true]
}
