package celenv

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/slot"
)

// rig is a scope over a few attributes of every type, with values to bind.
type rig struct {
	t      testing.TB
	scope  *Scope
	values *slot.Values
}

func newRig(t testing.TB, vars ...string) *rig {
	t.Helper()
	attr := func(r slot.Root, name, typ string, enum ...string) *slot.Attr {
		parsed, err := slot.ParseType(typ)
		if err != nil {
			t.Fatal(err)
		}
		a := &slot.Attr{Root: r, Name: name, Type: parsed, Optional: true, From: []slot.Provider{slot.Source}}
		for _, e := range enum {
			a.Enum = append(a.Enum, slot.StringValue(e))
		}
		return a
	}
	layout := slot.NewLayout([]*slot.Attr{
		attr(slot.User, "country", "string"), attr(slot.User, "plan", "string", "free", "pro"), attr(slot.User, "tags", "list(string)", "a", "b"),
		attr(slot.User, "labels", "map(string, string)", "x"), attr(slot.User, "places", "map(string, string)"), attr(slot.User, "clearance", "int"), attr(slot.User, "score", "double"),
		attr(slot.User, "since", "timestamp"), attr(slot.User, "ttl", "duration"), attr(slot.User, "flag", "bool"), attr(slot.User, "net", "cidr"),
		attr(slot.Resource, "owner", "string"), attr(slot.Env, "region", "string"),
		{Root: slot.User, Name: "roles", Type: mustType(t, "list(string)"), From: []slot.Provider{slot.Source}},
	})
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	many := make([]string, 1000)
	scope := lib.NewScope(layout, map[string]slot.Value{
		"n": slot.IntValue(3), "empty": slot.StringValue(""), "plans": slot.StringsValue([]string{"free", "gold"}), "paid": slot.StringsValue([]string{"pro"}),
		"many": slot.StringsValue(many), "big": slot.StringValue(strings.Repeat("x", 8000)), "pattern": slot.StringValue("a.*"), "zone": slot.StringValue("Europe/Berlin"), "by_plan": slot.StringListsValue(map[string][]string{"gold": {"x"}}),
	}, nil)
	scope.SetLiterals(map[string][]string{"user.roles": {"admin", "support"}})
	r := &rig{t: t, scope: scope, values: slot.NewValues(layout)}
	for _, v := range vars {
		name, source, _ := strings.Cut(v, "=")
		scope.AddVar(strings.TrimSpace(name), r.compile(strings.TrimSpace(source), nil))
	}
	return r
}

func mustType(t testing.TB, text string) *slot.Type {
	t.Helper()
	typ, err := slot.ParseType(text)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

var boolean = &slot.Type{Kind: slot.Bool}

func (r *rig) compile(source string, want *slot.Type) *Expr {
	r.t.Helper()
	e, problems := r.scope.CompileUnguarded(source, want)
	if len(problems) > 0 || e == nil {
		r.t.Fatalf("%s: %+v", source, problems)
	}
	return e
}

func (r *rig) eval(source string) (bool, error) {
	r.t.Helper()
	return r.compile(source, boolean).EvalBool(r.scope.NewFrame(r.values))
}

func (r *rig) supply(name, text string) {
	r.values.Supply(slot.Source, slot.User, name, slot.Plain(text))
}

func (r *rig) fail(names ...string) {
	for _, name := range names {
		r.values.Fail(slot.User, name, errors.New("time-out"))
	}
}

// full gives every attribute a value.
func (r *rig) full() *rig {
	for name, text := range map[string]string{"country": "DE", "plan": "pro", "clearance": "4", "score": "1.5", "since": "2026-01-15T10:00:00Z", "ttl": "90s", "flag": "true", "net": "192.0.2.0/24"} {
		r.supply(name, text)
	}
	for _, name := range []string{"tags", "roles"} {
		r.values.Supply(slot.Source, slot.User, name, slot.Strings([]string{"a", "admin"}[:1]))
	}
	r.values.Supply(slot.Source, slot.User, "labels", slot.FromObject([]slot.InputEntry{{Key: "k", Value: slot.Quoted("x")}}))
	r.values.Set(slot.EnvTime, slot.TimeValue(time.Date(2026, 1, 15, 23, 30, 0, 0, time.UTC)))
	r.values.Set(slot.EnvIP, slot.IPValue(netip.MustParseAddr("192.0.2.10")))
	r.values.Set(slot.UserID, slot.StringValue("alice"))
	r.values.Set(slot.RequestHeaders, slot.StringListsValue(map[string][]string{"x-plan": {"pro"}, "x-two": {"1", "2"}}))
	r.values.Set(slot.RequestQuery, slot.StringListsValue(map[string][]string{"q": {"1"}, "two": {"1", "2"}}))
	return r
}
