package engine

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/slot"
)

// everything is all that a request says about its slots.
func everything(r *Request) []string {
	var out []string
	v := r.Values()
	for i := range slot.Index(v.Layout().Len()) {
		value, state := v.Get(i)
		line := v.Layout().Attr(i).FullName() + " " + state.String() + " " + string(value.AppendJSON(nil))
		if err := v.Err(i); err != nil {
			line += " " + err.Error()
		}
		out = append(out, line)
	}
	return out
}

// TestSubjectAgainstSupply: a request with a subject is the request to which
// the same user was supplied, whatever the request was used for before.
func TestSubjectAgainstSupply(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	reasons := map[string]bool{}
	for range 12 {
		byPolicy := map[string][]string{}
		for _, r := range randomRules(rng) {
			byPolicy[r.policy] = append(byPolicy[r.policy], r.String())
		}
		var docs []string
		for name, list := range byPolicy {
			docs = append(docs, policyOf(name, list...))
		}
		set := shopSet(t, docs...)
		again := set.NewRequest()
		for range 300 {
			q := randomQuery(rng)
			fresh := q.bind(set)
			again.ResetDirect("order", q.action)
			if subject := q.bind(set).Subject(); subject != nil {
				again.SetSubject(subject)
			} else {
				q.bindUser(again)
			}
			q.bindStates(again, "resource")
			want, got := set.Decide(fresh), set.Decide(again)
			if !reflect.DeepEqual(got, want) || !slices.Equal(everything(again), everything(fresh)) || again.Values().Dropped() != fresh.Values().Dropped() || again.Anonymous() != fresh.Anonymous() {
				t.Fatalf("query %+v\ngot  %+v\n%s\nwant %+v\n%s", *q, got, strings.Join(everything(again), "\n"), want, strings.Join(everything(fresh), "\n"))
			}
			reasons[got.Reason] = true
		}
	}
	if len(reasons) < 9 {
		t.Errorf("only %v came up: the sets are too tame", reasons)
	}
}

// TestSubjectOfAnotherSet: not even a set of the same files may read a subject
// that it did not bind; the places of attributes are its own.
func TestSubjectOfAnotherSet(t *testing.T) {
	docs := []string{shop, policyOf("p", allowAll, `id: public, effect: allow, actions: [read], anonymous: true`)}
	set, twin := compile(t, docs...), compile(t, docs...)
	user := set.Bind(Principal{Method: "jwt", Type: "human"}, UserInput{slot.Credential, "plan", slot.Quoted("pro")})
	ask := func(s *Set, subject *Subject) string {
		r := s.DirectRequest("order", "read")
		r.SetSubject(subject)
		return short(s.Decide(r))
	}
	const refused = "deny eval_error 403 error :eval_error"
	for _, tt := range []struct {
		name      string
		got, want string
	}{
		{"its own", ask(set, user), "allow allowed 200 by p/all matched p/all,p/public"},
		{"a twin's", ask(twin, user), refused},
		{"nobody", ask(twin, nil), "allow allowed 200 by p/public"},
		{"a request of the twin", short(set.Decide(twin.DirectRequest("order", "read"))), refused},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, tt.got, tt.want)
		}
	}
	r := twin.DirectRequest("order", "read")
	r.SetSubject(user)
	if got := shown(r, "user.authenticated", "user.plan"); got != "false absent" || r.Subject() != nil {
		t.Errorf("of a twin's subject the request shows %s", got)
	}
	r.SetSubject(twin.Bind(Principal{Method: "jwt", Type: "human"}))
	if got := short(twin.Decide(r)); got != "allow allowed 200 by p/all matched p/all,p/public" {
		t.Errorf("after its own: %s", got)
	}
}

// TestSetSubjectReplaces: the last subject counts as a whole.
func TestSetSubjectReplaces(t *testing.T) {
	set := shopSet(t, policyOf("p", allowAll))
	bind := func(inputs ...UserInput) *Subject {
		return set.Bind(Principal{Method: "jwt", Issuer: "https://idp.example", Type: "human"}, inputs...)
	}
	with := bind(UserInput{slot.Credential, "country", slot.Quoted("DE")}, UserInput{slot.Credential, "plan", slot.Quoted("gold")}, UserInput{slot.Source, "plan", slot.Quoted("pro")})
	without := bind(UserInput{slot.Credential, "roles", slot.Strings([]string{"admin"})})
	names := []string{"user.country", "user.plan", "user.roles", "user.method"}
	r := set.DirectRequest("order", "read")
	for _, tt := range []struct {
		subject *Subject
		want    string
		dropped int
	}{
		{with, `"DE" invalid [] "jwt"`, 1}, {without, `absent absent ["admin"] "jwt"`, 0}, {nil, `absent absent [] "anonymous"`, 0}, {with, `"DE" invalid [] "jwt"`, 1},
	} {
		r.SetSubject(tt.subject)
		plan, _ := r.Values().Layout().Lookup(slot.User, "plan")
		if got := shown(r, names...); got != tt.want || r.Values().Dropped() != tt.dropped || (r.Values().Err(plan) != nil) != (tt.subject == with) || r.Anonymous() != (tt.subject == nil) {
			t.Errorf("%s, %d dropped, plan: %v; want %s", got, r.Values().Dropped(), r.Values().Err(plan), tt.want)
		}
	}
	// What comes later is compared with what the subject has, and stays with the request.
	r.SetSubject(with)
	r.Supply(slot.Credential, slot.User, "country", slot.Quoted("FR"))
	other := set.DirectRequest("order", "read")
	other.SetSubject(with)
	if got := shown(r, "user.country") + " " + shown(other, "user.country"); got != `conflict "DE"` {
		t.Errorf("supplied on top: %s", got)
	}
}

// TestSubjectShared: any number of goroutines decide with one subject.
func TestSubjectShared(t *testing.T) {
	set := shopSet(t, policyOf("p", allowAll+`, roles: [admin], scopes: [s1], when: "has(user.country) && user.country == 'DE'"`))
	user := set.Bind(Principal{Method: "jwt", Type: "human"}, UserInput{slot.Credential, "country", slot.Quoted("DE")}, UserInput{slot.Credential, "level", slot.Quoted("high")},
		UserInput{slot.Credential, "roles", slot.Strings([]string{"admin"})}, UserInput{slot.Credential, "scopes", slot.Strings([]string{"s1"})})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			r := set.NewRequest()
			for i := range 50 {
				r.ResetHTTP(&HTTP{Method: "GET", Path: "/orders/1", Segments: []string{"orders", "1"}})
				want := "deny unauthenticated 401"
				if i%3 > 0 {
					r.SetSubject(user)
					want = "allow allowed 200 by p/all"
				}
				if got := short(set.Decide(r)); got != want {
					t.Errorf("%s, want %s", got, want)
					return
				}
				if i%5 == 0 { // the error of what cannot be used, too
					everything(r)
				}
			}
		})
	}
	wg.Wait()
}
