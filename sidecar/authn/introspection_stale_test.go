package authn

import (
	"fmt"
	"reflect"
	"testing"
	"time"
)

// An answer that has ceased to count serves only during an outage, for so long,
// and only where it is known when the token ends.
func TestIntrospectionStale(t *testing.T) {
	down := func(a *authorizer) { a.set(func(a *authorizer) { a.status = 503 }) }
	for _, tc := range []struct {
		name   string
		ttl    time.Duration
		answer func(c claimSet) claimSet
		header string // Cache-Control of the first answer
		then   func(a *authorizer, m *Introspection)
		want   string
	}{
		{"good twin", time.Minute, nil, "", func(a *authorizer, _ *Introspection) { down(a); time.Sleep(119 * time.Second) }, "ok"},
		{"no answer at all", time.Minute, nil, "", func(a *authorizer, _ *Introspection) {
			a.set(func(a *authorizer) { a.delay = time.Hour })
			time.Sleep(time.Minute)
		}, "ok"},
		{"not configured", 0, nil, "", func(a *authorizer, _ *Introspection) { down(a); time.Sleep(time.Minute) }, "broken"},
		{"too old", time.Minute, nil, "", func(a *authorizer, _ *Introspection) { down(a); time.Sleep(2 * time.Minute) }, "broken"},
		{"no exp", time.Minute, func(c claimSet) claimSet { return c.with("exp", "") }, "", func(a *authorizer, _ *Introspection) { down(a); time.Sleep(31 * time.Second) }, "broken"},
		{"exp has passed, within leeway", time.Minute, func(c claimSet) claimSet { return c.with("exp", quoteTime(50*time.Second)) }, "", func(a *authorizer, _ *Introspection) {
			down(a)
			time.Sleep(50 * time.Second)
		}, "broken"},
		{"exp lies ahead by a moment", time.Minute, func(c claimSet) claimSet { return c.with("exp", quoteTime(50*time.Second)) }, "", func(a *authorizer, _ *Introspection) {
			down(a)
			time.Sleep(49 * time.Second)
		}, "ok"},
		{"purged", time.Minute, nil, "", func(a *authorizer, m *Introspection) { m.Purge(Whose{Subject: "alice"}); down(a) }, "broken"},
		{"somebody else purged", time.Minute, nil, "", func(a *authorizer, m *Introspection) {
			m.Purge(Whose{Subject: "bob"})
			down(a)
			time.Sleep(time.Minute)
		}, "ok"},
		{"not to be kept", time.Minute, nil, "no-store", func(a *authorizer, _ *Introspection) { down(a) }, "broken"},
		{"inactive since", time.Minute, nil, "", func(a *authorizer, m *Introspection) {
			time.Sleep(time.Minute)
			a.says(`{"active":false}`)
			_ = outcome(m, bearing("t"))
			down(a)
			time.Sleep(11 * time.Second)
		}, "broken"},
		{"inactive since, not to be kept", time.Minute, nil, "", func(a *authorizer, m *Introspection) {
			time.Sleep(time.Minute)
			a.set(func(a *authorizer) {
				a.body = `{"active":false}`
				a.header = map[string][]string{"Cache-Control": {"no-store"}}
			})
			_ = outcome(m, bearing("t"))
			down(a)
		}, "broken"},
		{"the server refuses the question", time.Minute, nil, "", func(a *authorizer, _ *Introspection) {
			a.set(func(a *authorizer) { a.status = 400 })
			time.Sleep(time.Minute)
		}, "broken"},
		{"the server answers", time.Minute, nil, "", func(a *authorizer, _ *Introspection) { a.says(`{"active":false}`); time.Sleep(time.Minute) }, ReasonTokenInactive},
		{"after a reload", time.Minute, nil, "", func(a *authorizer, m *Introspection) { down(a); time.Sleep(time.Minute); m.Renew() }, "ok"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			asking(t, func(c *IntrospectionConfig) { c.StaleTTL = tc.ttl }, func(t *testing.T, a *authorizer, m *Introspection) {
				if tc.answer != nil {
					a.says(tc.answer(activeAnswer()).String())
				}
				if tc.header != "" {
					a.set(func(a *authorizer) { a.header = map[string][]string{"Cache-Control": {tc.header}} })
				}
				first, err := m.Authenticate(t.Context(), bearing("t"))
				if err != nil || first.AnswerStale() {
					t.Fatalf("%v, %v", first, err)
				}
				tc.then(a, m)
				id, err := m.Authenticate(t.Context(), bearing("t"))
				if got := outcome(m, bearing("t")); got != tc.want {
					t.Fatalf("%s, want %s", got, tc.want)
				}
				if tc.want == "ok" && (err != nil || !id.AnswerStale() || first.AnswerStale() || string(id.Claims) != string(first.Claims)) {
					t.Errorf("%+v, %v", id, err)
				}
				if other := outcome(m, bearing("another")); tc.want == "ok" && other == "ok" {
					t.Error("a token that nobody knows passes")
				}
			})
		})
	}
}

func quoteTime(d time.Duration) string { return fmt.Sprint(time.Now().Add(d).Unix()) }

// What an identity says, its old copy says, too.
func TestAgedIdentity(t *testing.T) {
	id := &Identity{}
	for v, i := reflect.ValueOf(id).Elem(), 0; i < v.NumField(); i++ {
		switch f := v.Field(i); {
		case v.Type().Field(i).Name == "Memo" || !f.CanSet():
		case f.Kind() == reflect.String:
			f.SetString(v.Type().Field(i).Name)
		case f.Type() == reflect.TypeFor[time.Time]():
			f.Set(reflect.ValueOf(time.Unix(1, 0)))
		case f.Kind() == reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		default:
			t.Fatalf("the test does not fill %s", v.Type().Field(i).Name)
		}
	}
	old := id.aged()
	a, b := reflect.ValueOf(id).Elem(), reflect.ValueOf(old).Elem()
	for i := range a.NumField() {
		f := a.Type().Field(i)
		if f.IsExported() && f.Name != "Memo" && !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			t.Errorf("%s is lost", f.Name)
		}
	}
	if !old.AnswerStale() || id.AnswerStale() {
		t.Error("the wrong one is old")
	}
}

// The breaker tells once when it opens and once when it closes.
func TestIntrospectionState(t *testing.T) {
	var told []bool
	asking(t, func(c *IntrospectionConfig) { c.OnState = func(open bool) { told = append(told, open) } }, func(t *testing.T, a *authorizer, m *Introspection) {
		a.set(func(a *authorizer) { a.status = 503 })
		for range 8 {
			wantOutcome(t, m, bearing("t"), "broken")
		}
		if len(told) != 1 || !told[0] {
			t.Fatalf("told %v", told)
		}
		a.set(func(a *authorizer) { a.status = 0 })
		time.Sleep(3 * time.Second)
		wantOutcome(t, m, bearing("t"), "ok")
		wantOutcome(t, m, bearing("u"), "ok")
		if len(told) != 2 || told[1] {
			t.Errorf("told %v", told)
		}
	})
}
