package plan

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

// rig is a scope over attributes of every type, with a library.
type rig struct {
	testing.TB
	layout   *slot.Layout
	scope    *celenv.Scope
	lib      *celenv.Scope
	compiler *Compiler
}

func typeOf(t testing.TB, text string) *slot.Type {
	t.Helper()
	typ, err := slot.ParseType(text)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

func newRig(t testing.TB) *rig {
	t.Helper()
	attr := func(r slot.Root, name, typ string) *slot.Attr {
		return &slot.Attr{Root: r, Name: name, Type: typeOf(t, typ), Optional: true, From: []slot.Provider{slot.Source}}
	}
	address := attr(slot.User, "address", "int")
	address.Type = &slot.Type{Kind: slot.Object, Name: "user.address", Fields: []*slot.Attr{
		attr(slot.User, "city", "string"), attr(slot.User, "floor", "int"), attr(slot.User, "tags", "list(string)"),
	}}
	var attrs []*slot.Attr
	for name, typ := range map[string]string{
		"country": "string", "plan": "string", "tags": "list(string)", "labels": "map(string, string)", "counts": "map(string, int)", "clearance": "int", "level": "int",
		"score": "double", "rate": "double", "since": "timestamp", "until": "timestamp", "ttl": "duration", "grace": "duration", "flag": "bool", "net": "cidr", "host": "ip",
		"numbers": "list(int)", "scores": "list(double)", "times": "list(timestamp)", "nets": "list(cidr)", "rows": "list(list(string))", "flags": "list(bool)",
	} {
		attrs = append(attrs, attr(slot.User, name, typ))
	}
	attrs = append(attrs, address, attr(slot.Resource, "owner", "string"), attr(slot.Resource, "tenant", "string"), attr(slot.Env, "region", "string"),
		attr(slot.Body, "amount", "double"), attr(slot.Body, "kind", "string"))
	r := &rig{TB: t, layout: slot.NewLayout(attrs)}
	library, err := celenv.NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	r.lib = library.NewScope(r.layout, map[string]slot.Value{"limit": slot.IntValue(7)}, nil)
	countries := []string{"AT", "BE", "CH", "DE", "DK", "ES", "FI", "FR", "IT", "NL", "PT", "SE"}
	consts := map[string]slot.Value{
		"n": slot.IntValue(3), "word": slot.StringValue("pro"), "countries": slot.StringsValue(countries), "few": slot.StringsValue(countries[:4]), "pattern": slot.StringValue("^a.*$"),
		"zone": slot.StringValue("Europe/Berlin"), "by_plan": slot.StringListsValue(map[string][]string{"pro": {"x", "y"}}), "many": slot.StringsValue(make([]string, 1100)),
		"numbers": slot.ListValue([]slot.Value{slot.IntValue(1), slot.IntValue(4)}), "big": slot.StringValue(strings.Repeat("x", 8000)),
	}
	r.scope = library.NewScope(r.layout, consts, map[string]*celenv.Scope{"common": r.lib})
	r.vars(r.lib, "local = user.country == 'DE'", "risky = 10 / user.clearance > 1", "names = user.tags.filter(x, x != 'b')")
	r.vars(r.scope, "same_tenant = has(user.tenant) && user.tenant == resource.tenant", "bad = user.clearance > 2", "both = vars.bad || vars.same_tenant", "plan = user.?plan.orValue('free')",
		"country = user.?country", "tags = user.tags", "twice = user.clearance * 2", "half = user.score / 2.0", "soon = env.time + duration('1h')", "lease = user.ttl + user.grace",
		"at = env.ip", "inside = user.net", "chosen = user.tags.filter(x, x.startsWith('a'))", "low = user.tags.exists(x, x.lowerAscii() == user.country.lowerAscii())", "address = user.?address",
		"never = true", "dear = consts.many.exists(a, consts.many.exists(b, a + b == 'y'))", "quoted = strings.quote(user.country)", "labels = user.labels", "some = user.?labels")
	r.compiler = NewCompiler(r.layout)
	return r
}

func (r *rig) vars(scope *celenv.Scope, vars ...string) {
	r.Helper()
	for _, v := range vars {
		name, source, _ := strings.Cut(v, " = ")
		e, problems := scope.CompileUnguarded(source, nil)
		if len(problems) > 0 {
			r.Fatalf("%s: %+v", source, problems)
		}
		scope.AddVar(name, e)
	}
}

func (r *rig) compile(source string) *celenv.Expr {
	r.Helper()
	e, problems := r.scope.CompileUnguarded(source, nil)
	if len(problems) > 0 || e == nil {
		r.Fatalf("%s: %+v", source, problems)
	}
	return e
}

// world is one request's values.
type world struct {
	name   string
	values *slot.Values
}

func (r *rig) empty() *slot.Values { return slot.NewValues(r.layout) }

func (r *rig) full() *slot.Values {
	v := r.empty()
	for name, text := range map[string]string{
		"country": "DE", "plan": "pro", "clearance": "4", "level": "-2", "score": "1.5", "rate": "2", "since": "2026-01-15T10:00:00Z", "until": "2026-03-01T00:00:00Z",
		"ttl": "90s", "grace": "1h30m", "flag": "true", "net": "192.0.2.0/24", "host": "192.0.2.99",
	} {
		v.Supply(slot.Source, slot.User, name, slot.Plain(text))
	}
	list := func(items ...string) slot.Input {
		var in []slot.Input
		for _, x := range items {
			in = append(in, slot.Plain(x))
		}
		return slot.FromList(in)
	}
	pair := func(key string, value slot.Input) slot.InputEntry { return slot.InputEntry{Key: key, Value: value} }
	for name, in := range map[string]slot.Input{
		"tags": list("a", "b", "äb"), "numbers": list("1", "2", "9223372036854775807", "0"), "scores": list("0.5", "-1"), "times": list("2026-01-15T10:00:00Z"), "nets": list("10.0.0.0/8", "192.0.2.0/24"),
		"rows": slot.FromList([]slot.Input{list("a"), list()}), "flags": list("true", "false"),
		"labels":  slot.FromObject([]slot.InputEntry{pair("k", slot.Quoted("x")), pair("tenant", slot.Quoted("acme"))}),
		"counts":  slot.FromObject([]slot.InputEntry{pair("a", slot.Plain("1")), pair("b", slot.Plain("0"))}),
		"address": slot.FromObject([]slot.InputEntry{pair("city", slot.Quoted("Köln")), pair("tags", list("home"))}),
	} {
		v.Supply(slot.Source, slot.User, name, in)
	}
	v.Supply(slot.Source, slot.Resource, "owner", slot.Quoted("alice"))
	v.Supply(slot.Source, slot.Resource, "tenant", slot.Quoted("acme"))
	v.Supply(slot.Source, slot.Body, "amount", slot.Plain("12.5"))
	v.SetBody()
	v.Set(slot.UserTenant, slot.StringValue("acme"))
	v.Set(slot.UserID, slot.StringValue("alice"))
	v.Set(slot.UserRoles, slot.StringsValue([]string{"admin", "support"}))
	v.Set(slot.UserScopes, slot.StringsValue([]string{"orders:read", "orders:list"}))
	v.Set(slot.UserGroups, slot.StringsValue([]string{"team-a", "team-b", "ops"}))
	v.Set(slot.ActionName, slot.StringValue("read"))
	v.Set(slot.EnvTime, slot.TimeValue(time.Date(2026, 1, 15, 23, 30, 5, 7_000_000, time.UTC)))
	v.Set(slot.EnvIP, slot.IPValue(netip.MustParseAddr("192.0.2.10")))
	v.Set(slot.RequestPath, slot.StringValue("/tenants/acme/orders"))
	v.Set(slot.RequestSegments, slot.StringsValue([]string{"tenants", "acme", "orders"}))
	v.Set(slot.RequestHeaders, slot.StringListsValue(map[string][]string{"x-plan": {"pro"}, "x-two": {"1", "2"}, "accept": {"*/*"}}))
	v.Set(slot.RequestQuery, slot.StringListsValue(map[string][]string{"q": {"1"}, "two": {"1", "2"}}))
	return v
}

// worlds are requests in which attributes are in every state that they can be
// in, all at once or one by one.
func (r *rig) worlds() []world {
	other := r.full()
	for name, v := range map[string]slot.Value{
		"country": slot.StringValue("\xff\n"), "plan": slot.StringValue(""), "clearance": slot.IntValue(0), "level": slot.IntValue(-9223372036854775808), "score": slot.DoubleValue(0), "rate": slot.DoubleValue(0),
		"since": slot.TimeValue(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)), "until": slot.TimeValue(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)),
		"ttl": slot.DurationValue(-1 << 63), "grace": slot.DurationValue(-1), "flag": slot.BoolValue(false), "tags": slot.StringsValue(nil), "numbers": slot.ListValue(nil),
		"labels": slot.MapValue(nil), "net": slot.CIDRValue(netip.MustParsePrefix("2001:db8::/32")), "host": slot.IPValue(netip.MustParseAddr("::1")),
	} {
		i, _ := r.layout.Lookup(slot.User, name)
		other.Set(i, v)
	}
	out := []world{{"full", r.full()}, {"empty", r.empty()}, {"odd", other}}
	for state, spoil := range map[string]func(v *slot.Values, a *slot.Attr){
		"unavailable": func(v *slot.Values, a *slot.Attr) { v.Fail(a.Root, a.Name, errTimeout) },
		"malformed":   func(v *slot.Values, a *slot.Attr) { v.Invalidate(a.Root, a.Name, errBroken) },
	} {
		all := r.full()
		for i := range r.layout.Len() {
			spoil(all, r.layout.Attr(slot.Index(i)))
		}
		out = append(out, world{state, all})
		for _, name := range []string{"country", "tags", "labels", "clearance", "flag", "tenant", "plan", "address", "scopes"} {
			v := r.full()
			i, _ := r.layout.Lookup(slot.User, name)
			spoil(v, r.layout.Attr(i))
			out = append(out, world{state + " " + name, v})
			absent := r.empty()
			spoil(absent, r.layout.Attr(i))
			out = append(out, world{"only " + state + " " + name, absent})
		}
	}
	conflict := r.full()
	conflict.Supply(slot.Source, slot.User, "country", slot.Quoted("FR"))
	conflict.Supply(slot.Source, slot.User, "clearance", slot.Plain("5"))
	return append(out, world{"conflict", conflict})
}

var errTimeout, errBroken = errors.New("time-out"), errors.New("broken")

// classOf is what the engine makes of an error.
func classOf(err error) string {
	var attr *celenv.AttributeError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &attr):
		return fmt.Sprint(attr.State, " ", attr.Attribute, " ", attr.Err)
	}
	return "error"
}

// agree holds a program to what CEL makes of the expression in every world.
func (r *rig) agree(source string) *Program {
	r.Helper()
	e := r.compile(source)
	p := r.compiler.Compile(e)
	m := NewMachine()
	for _, w := range r.worlds() {
		m.Reset(w.values, r.compiler.Memo())
		frame := r.scope.NewFrame(w.values)
		var got, want any
		var err, wantErr error
		if e.TypeName() == "string" {
			got, err = p.Text(m)
			want, wantErr = e.EvalString(frame)
		} else {
			got, err = p.Bool(m)
			want, wantErr = e.EvalBool(frame)
		}
		if got != want || classOf(err) != classOf(wantErr) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			r.Errorf("%s: %s: %v, %v; CEL has %v, %v", w.name, source, got, err, want, wantErr)
		}
	}
	return p
}
