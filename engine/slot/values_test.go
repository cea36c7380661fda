package slot

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func layout() *Layout {
	return NewLayout(
		[]*Attr{{Root: User, Name: "plan", Type: stringType, From: []Provider{Credential}}},
		[]*Attr{
			{Root: Resource, Name: "tenant", Type: stringType, From: []Provider{Path, Source}},
			{Root: Resource, Name: "number", Type: &Type{Kind: Int}, From: []Provider{Path, Source}},
			{Root: Resource, Name: "tags", Type: stringsType, From: []Provider{Source, Directory}},
			{Root: Resource, Name: "when", Type: timeType, From: []Provider{Path}},
			{Root: Resource, Name: "ratio", Type: &Type{Kind: Double}, From: []Provider{Path, Source}},
		})
}

func state(t *testing.T, v *Values, r Root, name string) (Value, State) {
	t.Helper()
	i, ok := v.Layout().Lookup(r, name)
	if !ok {
		t.Fatalf("no %s.%s", r, name)
	}
	return v.Get(i)
}

func TestSupplyFrom(t *testing.T) {
	for _, tt := range []struct {
		from    Provider
		root    Root
		name    string
		dropped bool
	}{
		{Credential, User, "plan", false}, {Fixture, User, "plan", false},
		{Source, User, "plan", true}, {Caller, User, "plan", true}, {Path, User, "plan", true}, {Directory, User, "plan", true},
		{Path, Resource, "tenant", false}, {Source, Resource, "tenant", false}, {Directory, Resource, "tenant", true}, {Credential, Resource, "tenant", true},
		{Credential, User, "type", true}, {Credential, User, "method", true}, {Credential, User, "issuer", true}, {Credential, User, "authenticated", true},
		{Credential, User, "tenant", false}, {Credential, User, "id", false}, {Caller, Resource, "type", true}, {Path, Resource, "id", false},
		{Credential, User, "nowhere", true}, {Config, Env, "time", true}, {Caller, Action, "name", true},
	} {
		t.Run(fmt.Sprint(tt.from, tt.root, tt.name), func(t *testing.T) {
			v := NewValues(layout())
			v.Supply(tt.from, tt.root, tt.name, Plain("a"))
			if got := v.Dropped() == 1; got != tt.dropped {
				t.Errorf("dropped %t, want %t", got, tt.dropped)
			}
			if i, ok := v.Layout().Lookup(tt.root, tt.name); ok {
				if _, s := v.Get(i); (s == Present) == tt.dropped {
					t.Errorf("dropped %t and %s", tt.dropped, s)
				}
			}
		})
	}
}

// TestSupplyTwice: two providers must agree; lists are not merged, a fault is
// not mended, and none of it depends on who is first.
func TestSupplyTwice(t *testing.T) {
	broken := errors.New("broken")
	type step func(*Values)
	supply := func(from Provider, name, value string) step {
		return func(v *Values) { v.Supply(from, Resource, name, Plain(value)) }
	}
	list := func(from Provider, items ...string) step {
		return func(v *Values) { v.Supply(from, Resource, "tags", Strings(items)) }
	}
	fail := func(name string) step { return func(v *Values) { v.Fail(Resource, name, broken) } }
	null := func(v *Values) { v.Supply(Source, Resource, "tenant", Input{}) }
	for _, tt := range []struct {
		name  string
		attr  string
		steps []step
		want  State
	}{
		{"agree", "tenant", []step{supply(Path, "tenant", "acme"), supply(Source, "tenant", "acme")}, Present},
		{"disagree", "tenant", []step{supply(Path, "tenant", "acme"), supply(Source, "tenant", "evil")}, Conflicting},
		{"third agrees with one", "tenant", []step{supply(Path, "tenant", "acme"), supply(Source, "tenant", "evil"), supply(Fixture, "tenant", "acme")}, Conflicting},
		{"null says nothing", "tenant", []step{supply(Path, "tenant", "acme"), null}, Present},
		{"nobody", "tenant", []step{null}, Absent},
		{"equal lists", "tags", []step{list(Source, "a", "b"), list(Directory, "a", "b")}, Present},
		{"lists are not merged", "tags", []step{list(Source, "a"), list(Directory, "b")}, Conflicting},
		{"order of a list counts", "tags", []step{list(Source, "a", "b"), list(Directory, "b", "a")}, Conflicting},
		{"same number, other text", "number", []step{supply(Path, "number", "7"), func(v *Values) { v.Supply(Source, Resource, "number", FromNumber("7")) }}, Present},
		{"invalid beats good", "number", []step{supply(Source, "number", "x"), supply(Path, "number", "7")}, Malformed},
		{"invalid beats conflict", "number", []step{supply(Source, "number", "x"), supply(Path, "number", "7"), supply(Fixture, "number", "8")}, Malformed},
		{"invalid beats unavailable", "number", []step{supply(Source, "number", "x"), fail("number")}, Malformed},
		{"conflict beats unavailable", "tenant", []step{supply(Path, "tenant", "acme"), supply(Source, "tenant", "evil"), fail("tenant")}, Conflicting},
		{"unavailable beats good", "tenant", []step{supply(Path, "tenant", "acme"), fail("tenant")}, Unavailable},
		{"unavailable", "tenant", []step{fail("tenant"), null}, Unavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			for range 12 {
				v := NewValues(layout())
				for _, s := range tt.steps {
					s(v)
				}
				got, s := state(t, v, Resource, tt.attr)
				if s != tt.want || (got.Kind() != Invalid) != (s == Present) {
					t.Fatalf("%s with kind %d, want %s", s, got.Kind(), tt.want)
				}
				rng.Shuffle(len(tt.steps), func(i, j int) { tt.steps[i], tt.steps[j] = tt.steps[j], tt.steps[i] })
			}
		})
	}
}

func TestSupplyOverBuiltin(t *testing.T) {
	v := NewValues(layout())
	v.Set(UserRoles, StringsValue(nil))
	v.Supply(Credential, User, "roles", Strings([]string{"admin"}))
	if got, s := v.Get(UserRoles); s != Present || !slices.Equal(got.Strings(), []string{"admin"}) {
		t.Errorf("roles %v %s: gwctl's own default counts as nothing", got.Strings(), s)
	}
	v.Supply(Credential, User, "roles", Strings([]string{"guest"}))
	if _, s := v.Get(UserRoles); s != Conflicting {
		t.Errorf("roles %s, want conflict", s)
	}
}

// TestPathSpelling: a value of the path is also what the upstream sees, and so
// it has one spelling; other providers are held to the type only.
func TestPathSpelling(t *testing.T) {
	for _, tt := range []struct {
		name, text   string
		path, source State
	}{
		{"number", "7", Present, Present}, {"number", "-7", Present, Present}, {"number", "07", Malformed, Malformed}, {"number", "7.0", Malformed, Malformed},
		{"ratio", "1.5", Present, Present}, {"ratio", "1.50", Malformed, Present}, {"ratio", "15e-1", Malformed, Present}, {"ratio", "1.0", Malformed, Present}, {"ratio", "1", Present, Present},
		{"tenant", "acme", Present, Present}, {"tenant", "", Absent, Present},
	} {
		for from, want := range map[Provider]State{Path: tt.path, Source: tt.source} {
			v := NewValues(layout())
			v.Supply(from, Resource, tt.name, Plain(tt.text))
			if _, s := state(t, v, Resource, tt.name); s != want {
				t.Errorf("%s=%q from %d: %s, want %s", tt.name, tt.text, from, s, want)
			}
		}
	}
	for text, want := range map[string]State{"2026-01-15T10:00:00Z": Present, "2026-01-15T10:00:00.5Z": Present, "2026-01-15T10:00:00.50Z": Malformed, "2026-01-15T10:00:00.0Z": Malformed} {
		v := NewValues(layout())
		v.Supply(Path, Resource, "when", Plain(text))
		if _, s := state(t, v, Resource, "when"); s != want {
			t.Errorf("when=%q: %s, want %s", text, s, want)
		}
	}
}

func TestLayout(t *testing.T) {
	l := NewLayout([]*Attr{{Root: User, Name: "roles", Type: stringsType, From: []Provider{Source}}, {Root: User, Name: "plan", Type: stringType}})
	if i, _ := l.Lookup(User, "roles"); i != UserRoles || !l.Attr(i).AcceptsFrom(Source) || l.Attr(i).AcceptsFrom(Credential) {
		t.Error("a declaration does not take the place of the built-in")
	}
	if i, ok := l.Lookup(User, "plan"); !ok || i != builtinCount || l.Len() != int(builtinCount)+1 {
		t.Errorf("plan has slot %d of %d", i, l.Len())
	}
	for i := range builtinCount {
		if a := l.Attr(i); a.FullName() == "" || a.Type == nil {
			t.Errorf("slot %d has no attribute", i)
		}
	}
	if _, ok := l.Lookup(Resource, "plan"); ok {
		t.Error("resource.plan is found")
	}
}
