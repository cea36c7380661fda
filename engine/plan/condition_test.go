package plan

import (
	"testing"

	"github.com/gwctl/gwctl/engine/slot"
)

// conditions are what rules typically say.
var conditions = []struct{ name, source string }{
	{"nothing", "user.authenticated"},
	{"role", "'support' in user.roles"},
	{"tenant", "has(user.tenant) && user.tenant == resource.tenant"},
	{"owner", "has(resource.owner) && resource.owner == user.id"},
	{"scope", "'orders:list' in user.scopes && user.authenticated"},
	{"scope of action", "'orders:' + action.name in user.scopes"},
	{"clearance", "has(user.clearance) && user.clearance >= 3"},
	{"country", "has(user.country) && user.country in consts.countries"},
	{"few countries", "user.?country.orValue('XX') in ['DE', 'AT', 'CH']"},
	{"groups", "user.groups.exists(g, g.startsWith('ops'))"},
	{"matches", "request.path.matches('^/tenants/[a-z]+/orders$')"},
	{"prefix", "request.path.matches('^/tenants/.*$')"},
	{"network", "has(env.ip) && cidr('192.0.2.0/24').containsIP(env.ip)"},
	{"office hours", "clock(env.time, 'Europe/Berlin') >= '00:00' && weekday(env.time, 'Europe/Berlin') in ['friday']"},
	{"variable", "vars.same_tenant && ('admin' in user.roles || (has(resource.owner) && resource.owner == user.id))"},
	{"header", "request.header('x-plan').orValue('') == 'pro'"},
	{"label", "has(user.labels) && has(user.labels.tenant) && user.labels.tenant == resource.tenant"},
	{"body", "has(request.body.amount) && request.body.amount > 10.0"},
	{"age", "env.time - user.since < duration('48h')"},
}

// TestConditionsAllocateNothing: a typical condition that holds is evaluated
// without allocating, the resetting of the machine included.
func TestConditionsAllocateNothing(t *testing.T) {
	r := newRig(t)
	v := r.full()
	v.Set(slot.UserAuthenticated, slot.BoolValue(true))
	for _, c := range conditions {
		p := r.compiler.Compile(r.compile(c.source))
		m := NewMachine()
		run := func() {
			m.Reset(v, r.compiler.Memo())
			if ok, err := p.Bool(m); !ok || err != nil {
				t.Errorf("%s: %t, %v", c.name, ok, err)
			}
		}
		run()
		if n := testing.AllocsPerRun(100, run); n != 0 {
			t.Errorf("%s allocates %v times", c.name, n)
		}
	}
}

// TestAbsentAllocatesNothing: neither does reading what is absent.
func TestAbsentAllocatesNothing(t *testing.T) {
	r := newRig(t)
	v := r.empty()
	for _, source := range []string{"user.country == 'DE'", "vars.bad", "user.country == 'DE' || user.clearance > 3", "user.tags.exists(x, x == 'a')"} {
		p := r.compiler.Compile(r.compile(source))
		m := NewMachine()
		if n := testing.AllocsPerRun(100, func() {
			m.Reset(v, r.compiler.Memo())
			if _, err := p.Bool(m); err == nil {
				t.Errorf("%s: no error", source)
			}
		}); n != 0 {
			t.Errorf("%s allocates %v times", source, n)
		}
	}
}

func BenchmarkCondition(b *testing.B) {
	r := newRig(b)
	v := r.full()
	v.Set(slot.UserAuthenticated, slot.BoolValue(true))
	for _, c := range conditions {
		e := r.compile(c.source)
		p := r.compiler.Compile(e)
		b.Run("plan/"+c.name, func(b *testing.B) {
			m := NewMachine()
			b.ReportAllocs()
			for b.Loop() {
				m.Reset(v, r.compiler.Memo())
				if ok, err := p.Bool(m); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
		b.Run("celenv/"+c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if ok, err := e.EvalBool(r.scope.NewFrame(v)); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	r := newRig(b)
	for _, c := range conditions {
		e := r.compile(c.source)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.compiler.Compile(e)
			}
		})
	}
}
