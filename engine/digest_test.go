package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

// An object is written with its keys in any order, a choice with its items in
// any order; of a list the order is what it says.
type (
	object map[string]any
	choice []any
	list   []any
)

func write(rng *rand.Rand, out *strings.Builder, v any) {
	items, open, end := []string{}, "[", "]"
	child := func(prefix string, x any) {
		var inner strings.Builder
		write(rng, &inner, x)
		items = append(items, prefix+inner.String())
	}
	switch x := v.(type) {
	case object:
		open, end = "{", "}"
		keys := slices.Sorted(maps.Keys(x))
		rng.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		for _, k := range keys {
			child(fmt.Sprintf("%q: ", k), x[k])
		}
	case choice:
		for _, item := range x {
			child("", item)
		}
		rng.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	case list:
		for _, item := range x {
			child("", item)
		}
	default:
		text, err := json.Marshal(x)
		if err != nil {
			panic(err)
		}
		out.Write(text)
		return
	}
	out.WriteString(open + strings.Join(items, ", ") + end)
}

func doc(kind, name string, spec object) object {
	return object{"apiVersion": "gwctl.dev/v1", "kind": kind, "metadata": object{"name": name, "description": "d", "labels": object{"a": "1", "b": "2"}}, "spec": spec}
}

// bazaar is a set with something of everything that has an order in the files
// and none in its meaning.
func bazaar() []object {
	str := func(more object) object {
		out := object{"type": "string"}
		maps.Copy(out, more)
		return out
	}
	return []object{
		doc("Schema", "s", object{
			"user": object{"z": str(nil), "a": str(nil), "plan": str(object{"enum": choice{"free", "pro"}, "optional": true}), "m": str(object{"for": choice{"human", "service"}, "from": choice{"credential", "caller"}})},
			"env":  object{"region": str(object{"enum": choice{"eu", "us"}}), "zone": str(object{"optional": true})}, "roles": choice{"admin", "customer", "ops"},
		}),
		doc("Resource", "order", object{
			"actions":    object{"read": object{}, "list": object{}, "delete": object{}},
			"attributes": object{"tenant": str(object{"from": choice{"path", "directory"}}), "zz": str(nil), "aa": str(nil), "owner": str(object{"optional": true})},
			"routes": choice{
				object{"route": "GET /t/{tenant}/o/{id}", "action": "read"}, object{"route": "GET,DELETE /o/{id}", "action": object{"GET": "read", "DELETE": "delete"}},
				object{"route": "GET /o", "action": "list"},
			},
		}),
		doc("Resource", "page", object{"actions": object{"read": object{}}, "routes": choice{object{"route": "GET /p/{id}", "action": "read"}}}),
		doc("Policy", "one", object{
			"resources": choice{"order", "page"}, "consts": object{"b": list{"x", "y"}, "a": object{"k": "v", "l": "w"}, "n": 3},
			"vars": object{"late": "vars.early && has(user.plan)", "early": "user.z == 'z'", "alone": "user.a in consts.b"},
			"rules": list{
				object{"id": "second", "effect": "allow", "actions": choice{"read"}, "roles": choice{"admin", "customer"}, "scopes": choice{"s1", "s2"}, "when": "vars.late"},
				object{"id": "first", "effect": "allow", "actions": choice{"read"}, "when": "vars.alone || vars.early"},
				object{"id": "deny", "effect": "deny", "when": "user.z == 'bad' && user.a == 'bad'", "reason": object{"code": "bad", "message": "Bad.", "status": 451}},
			},
		}),
		doc("Policy", "another", object{"resources": choice{"order"}, "rules": list{
			object{"id": "needs", "effect": "allow", "actions": choice{"list", "delete"}, "when": "resource.zz == 'x' && resource.aa == 'y' && user.z != user.a"},
			object{"id": "deny", "effect": "deny", "when": "has(user.plan) && user.plan == 'free'"},
		}}),
		doc("Policy", "guard", object{"resources": list{"*"}, "rules": list{object{"id": "closed", "effect": "deny", "when": "user.z == 'bad' || user.z == user.a"}}}),
		doc("Directory", "d1", object{
			"users":     object{"alice": object{"id": "alice", "type": "human", "z": "z", "a": "x"}, "bob": object{"id": "bob", "type": "human", "z": "q", "a": "w"}},
			"resources": choice{object{"type": "order", "id": "1", "tenant": "acme", "owner": "alice"}, object{"type": "order", "id": "2", "tenant": "evil"}},
		}),
		doc("Directory", "d2", object{"resources": choice{object{"type": "order", "id": "3", "tenant": "x"}}}),
	}
}

// spread writes documents into files, both in any order.
func spread(rng *rand.Rand, docs []object) []policy.File {
	docs = slices.Clone(docs)
	rng.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
	var files []policy.File
	for _, d := range docs {
		var text strings.Builder
		write(rng, &text, d)
		if len(files) > 0 && rng.IntN(2) == 0 {
			last := &files[len(files)-1]
			last.Data = append(append(last.Data, "\n---\n"...), text.String()...)
			continue
		}
		files = append(files, policy.File{Path: fmt.Sprintf("%c%d.yaml", 'a'+rng.IntN(26), len(files)), Data: []byte(text.String())})
	}
	rng.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	return files
}

func compileFiles(t testing.TB, files []policy.File) *Set {
	t.Helper()
	src, found := policy.Load(files)
	if !found.HasErrors() {
		var set *Set
		if set, found = Compile(src); set != nil {
			return set
		}
	}
	t.Fatalf("%v", found)
	return nil
}

// answers are the decisions of a set about a row of requests, as JSON, without
// the places in files that errors name.
func answers(t testing.TB, set *Set) []string {
	t.Helper()
	var out []string
	add := func(r *Request, given ...string) {
		r.Authenticate(Principal{Method: "jwt", Type: "human"})
		r.Supply(slot.Credential, slot.User, "roles", slot.Strings([]string{"customer"}))
		r.Supply(slot.Credential, slot.User, "scopes", slot.Strings([]string{"s1", "s2"}))
		d := set.Decide(give(r, given...))
		for i := range d.Errors {
			d.Errors[i].Position = ""
		}
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(text))
	}
	for _, given := range [][]string{
		{"user.z=z", "user.a=x", "user.plan=pro"}, {"user.z=z", "user.a=b"}, {"user.z=bad", "user.a=bad"}, {"user.z=q", "user.a=w", "user.plan=free"}, {}, {"user.z=?", "user.a=?"}, {"user.plan=gold"},
	} {
		for _, line := range []string{"GET /o/1", "GET /t/acme/o/1", "GET /t/acme/o/2", "GET /o", "DELETE /o/3", "GET /p/1", "PUT /o/1", "GET /nowhere"} {
			add(asks(set, line), given...)
		}
		add(set.DirectRequest("order", "delete"), append(given, "resource.zz=x", "resource.aa=y")...)
		add(set.DirectRequest("page", "read"), given...)
	}
	return out
}

// TestOrderMeansNothing: the order of files, documents, variables and keys
// changes neither a decision, nor the deciding rule, nor the digest.
func TestOrderMeansNothing(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	first := compileFiles(t, spread(rng, bazaar()))
	want := answers(t, first)
	for range 12 {
		files := spread(rng, bazaar())
		set := compileFiles(t, files)
		if set.Digest() != first.Digest() {
			t.Fatalf("the digest changes with\n%s", texts(files))
		}
		for i, got := range answers(t, set) {
			if got != want[i] {
				t.Fatalf("answer %d is\n%s\nwas\n%s\nwith\n%s", i, got, want[i], texts(files))
			}
		}
	}
}

func texts(files []policy.File) string {
	var out strings.Builder
	for _, f := range files {
		fmt.Fprintf(&out, "# %s\n%s\n", f.Path, f.Data)
	}
	return out.String()
}

const digested = shop + `---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: p, description: text, owner: me, labels: {team: x}}
spec:
  resources: [order]
  consts: {limit: 5, names: [x, y]}
  vars: {mine: has(resource.owner) && resource.owner == user.id}
  rules:
    - {id: r1, effect: allow, actions: [read], roles: [customer], scopes: [s1], when: "vars.mine && consts.limit > 3"}
    - {id: r2, effect: allow, actions: [read], any_scope: [s1, s2], anonymous: true}
    - {id: r3, effect: deny, when: "has(user.a) && user.a", reason: {code: stop, message: Stop., status: 451}}
---
apiVersion: gwctl.dev/v1
kind: Directory
metadata: {name: d}
spec:
  users: {alice: {id: alice, type: human, plan: pro}, nobody: anonymous}
  resources: [{type: order, id: "1", tenant: acme}]
`

// TestDigestOfMeaning: whatever changes what the set says changes its digest,
// and no two changes give the same one.
func TestDigestOfMeaning(t *testing.T) {
	seen := map[string]string{compile(t, digested).Digest(): "the set as it is"}
	for _, tt := range [][2]string{
		{"enum: [free, pro]", "enum: [free, pro, max]"}, {"for: [human]", "for: [human, service]"}, {"for: [human]", "optional: true"},
		{"country: {type: string, optional: true}", "country: {type: string}"}, {"country: {type: string,", "country: {type: string, sensitive: true,"},
		{"country: {type: string,", "country: {type: string, maxLength: 9,"}, {"country: {type: string,", "country: {type: string, from: [source],"},
		{"country: {type: string,", `country: {type: string, pattern: "[A-Z]+",`}, {"country: {type: string,", `country: {type: string, pattern: "[A-Z]*",`},
		{"level: {type: int, min: 0,", "level: {type: int, min: 1,"}, {"level: {type: int, min: 0,", "level: {type: int, max: 0,"}, {"level: {type: int,", "level: {type: double,"},
		{"c: {type: bool, optional: true}", "d: {type: bool, optional: true}"}, {"    c: {type: bool, optional: true}\n", ""},
		{`labels: {type: "map(string, string)",`, `labels: {type: "map(string, string)", maxEntries: 5,`}, {`labels: {type: "map(string, string)",`, `labels: {type: "list(string)",`},
		{`labels: {type: "map(string, string)",`, `labels: {type: "list(string)", maxItems: 5,`},
		{"delete: {}}", "delete: {}, create: {}}"}, {"owner: {type: string, optional: true}", "owner: {type: string}"}, {"from: [path, source]}\n    owner", "from: [path]}\n    owner"},
		{`route: "GET /orders/{id}", action: read`, `route: "GET /orders/{id}", action: list`}, {`"GET /orders/{id}"`, `"POST /orders/{id}"`}, {`"GET /orders/{id}"`, `"GET /order/{id}"`},
		{`"GET /orders/{id}"`, `"GET /orders/{owner...}"`}, {`"GET /orders/{id}"`, `"GET,HEAD /orders/{id}"`}, {`    - {route: "DELETE /orders/{id}", action: delete}` + "\n", ""},
		{"metadata: {name: p,", "metadata: {name: q,"}, {"limit: 5", "limit: 6"}, {"limit: 5", "limit: 5, more: 5"}, {"names: [x, y]", "names: [y, x]"}, {"names: [x, y]", `names: [x, y, "5"]`},
		{"mine: has(resource.owner) && resource.owner == user.id", "mine: has(resource.owner) && resource.owner != user.id"}, {"vars: {mine:", "vars: {other: 'true', mine:"},
		{"id: r1", "id: r0"}, {"actions: [read], roles", "actions: [list], roles"}, {"actions: [read], roles", "actions: [read, list], roles"}, {"roles: [customer]", "roles: [admin]"},
		{"roles: [customer], ", ""}, {"scopes: [s1], when", "scopes: [s2], when"}, {"scopes: [s1], when", "any_scope: [s1], when"}, {"scopes: [s1], when", "when"},
		{"&& consts.limit > 3", "|| consts.limit > 3"}, {"any_scope: [s1, s2]", "any_scope: [s1]"}, {"any_scope: [s1, s2]", "scopes: [s1, s2]"}, {", anonymous: true}", "}"},
		{"when: \"has(user.a) && user.a", "when: \"has(user.b) && user.b"}, {"effect: deny, when:", "effect: deny, actions: [read], when:"}, {", reason: {code: stop, message: Stop., status: 451}", ""},
		{"code: stop", "code: halt"}, {"message: Stop.", "message: Halt."}, {"status: 451", "status: 404"},
		{"resources: [order]", `resources: [order, order2]`}, {"tenant: acme}", "tenant: evil}"}, {`id: "1"`, `id: "2"`}, {"tenant: acme}]", `tenant: acme}, {type: order, id: "2"}]`},
		{"plan: pro}", "plan: free}"}, {"nobody: anonymous", "nothing: anonymous"},
	} {
		if !strings.Contains(digested, tt[0]) {
			t.Fatalf("the set does not say %q", tt[0])
		}
		changed := strings.Replace(digested, tt[0], tt[1], 1)
		if strings.Contains(tt[1], "order2") {
			changed += "---\napiVersion: gwctl.dev/v1\nkind: Resource\nmetadata: {name: order2}\nspec: {actions: {read: {}}, attributes: {owner: {type: string}}}\n"
		}
		digest := compile(t, changed).Digest()
		if before, ok := seen[digest]; ok {
			t.Errorf("%q instead of %q has the digest of %s", tt[1], tt[0], before)
		}
		seen[digest] = fmt.Sprintf("%q instead of %q", tt[1], tt[0])
	}
	swapped := strings.Replace(digested, "- {id: r1,", "- {id: r9, effect: deny, when: user.authenticated}\n    - {id: r1,", 1)
	moved := strings.Replace(digested, "status: 451}}\n", "status: 451}}\n    - {id: r9, effect: deny, when: user.authenticated}\n", 1)
	if compile(t, swapped).Digest() == compile(t, moved).Digest() {
		t.Error("the order of rules means something and does not count")
	}
}

// TestDigestOfWords: what decides nothing does not count.
func TestDigestOfWords(t *testing.T) {
	want := compile(t, digested).Digest()
	if !strings.HasPrefix(want, "sha256:") || len(want) != len("sha256:")+64 {
		t.Errorf("digest %q", want)
	}
	for _, tt := range [][2]string{
		{"description: text", "description: other text"}, {"owner: me", "owner: you"}, {"labels: {team: x}", "labels: {team: y, more: z}"}, {"metadata: {name: shop}", "metadata: {name: bazaar}"},
		{"kind: Policy", "kind: Policy # a comment"}, {"enum: [free, pro]", "enum: [pro, free]"}, {"any_scope: [s1, s2]", "any_scope: [s2, s1]"}, {"from: [path, source]", "from: [source, path]"},
		{"country: {type: string,", "country: {type: string, description: where,"}, {`when: "has(user.a) && user.a"`, `when: "has( user.a )   && user.a"`}, {"consts: {limit: 5, names: [x, y]}", "consts: {names: [x, y], limit: 5}"},
	} {
		if !strings.Contains(digested, tt[0]) {
			t.Fatalf("the set does not say %q", tt[0])
		}
		if got := compile(t, strings.Replace(digested, tt[0], tt[1], 1)).Digest(); got != want {
			t.Errorf("%q instead of %q changes the digest", tt[1], tt[0])
		}
	}
	files := []policy.File{{Path: "elsewhere/x.yml", Data: []byte(digested)},
		{Path: "a_test.yaml", Data: []byte(testFile)},
		{Path: "gwctl.yaml", Data: []byte("apiVersion: gwctl.dev/v1\nkind: Sidecar\nmetadata: {name: s}\nspec: {anything: 1}\n")}}
	set := compileFiles(t, files)
	if set.Digest() != want {
		t.Error("suites, test Directories or a Sidecar change the digest")
	}
	// Nor does a Directory for tests decide: order 9 is known to it alone.
	r := asks(set, "GET /orders/9")
	if i, _ := r.Values().Layout().Lookup(slot.Resource, "owner"); r.Values().From(i) != slot.NoProvider {
		t.Error("a test Directory answers for a request")
	}
}

const testFile = `
apiVersion: gwctl.dev/v1
kind: Directory
metadata: {name: only-for-tests}
spec:
  users: {carol: {id: carol, type: human}}
  resources: [{type: order, id: "9", owner: carol}]
---
apiVersion: gwctl.dev/v1
kind: TestSuite
metadata: {name: t}
spec:
  users: {dave: {id: dave}}
  resources: {o: {type: order, id: "1"}}
  cases: [{name: c, user: dave, resource: o, action: read, expect: deny}]
`
