package slot

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

func request() *HTTP {
	return &HTTP{
		ID: "7", Method: "GET", Scheme: "https", Host: "h", Path: "/a/b", Segments: []string{"a", "b"}, ClientIP: netip.MustParseAddr("192.0.2.1"),
		Query: map[string][]string{"Q": {"1", "2"}, "q": {"3"}, "none": nil}, Headers: map[string][]string{"X-B": {"1"}, "x-a": {"2"}, "X-A": {"3", "4"}, "Ä": {"5"}},
	}
}

// TestBindHTTP: what is bound shows as if it had been there from the beginning.
func TestBindHTTP(t *testing.T) {
	v := NewValues(layout())
	v.BindHTTP(request())
	v.BindTarget("order", "read")
	want := map[Index]string{
		RequestID: `"7"`, RequestMethod: `"GET"`, RequestScheme: `"https"`, RequestHost: `"h"`, RequestPath: `"/a/b"`, RequestSegments: `["a","b"]`,
		RequestQuery: `{"Q":["1","2"],"none":[],"q":["3"]}`, RequestHeaders: `{"x-a":["3","4","2"],"x-b":["1"],"ä":["5"]}`, EnvIP: `"192.0.2.1"`, ResourceType: `"order"`, ActionName: `"read"`,
	}
	for i := range Index(v.Layout().Len()) {
		got, state := v.Get(i)
		text, ok := want[i]
		if ok != (state == Present) || ok && (string(got.AppendJSON(nil)) != text || v.From(i) != Builtin) || v.State(i) != state {
			t.Errorf("%s: %s %s, want %s", v.Layout().Attr(i).FullName(), state, got.AppendJSON(nil), text)
		}
	}
	v.Reset(layout())
	v.BindHTTP(&HTTP{})
	if ip, state := v.Get(EnvIP); state != Absent || ip.Kind() != Invalid {
		t.Errorf("without an address env.ip is %s", state)
	}
	if list, state := v.Get(RequestHeaders); state != Present || list.Kind() != Map || len(list.Entries()) != 0 {
		t.Errorf("without headers there are %s", list.AppendJSON(nil))
	}
	// What is put over it counts.
	v.Set(RequestPath, StringValue("/x"))
	v.Fail(Request, "host", errors.New("broken"))
	if got, _ := v.Get(RequestPath); got.Str() != "/x" || v.State(RequestHost) != Unavailable || v.Err(RequestHost) == nil {
		t.Errorf("path %s, host %s", got.Text(), v.State(RequestHost))
	}
}

// TestBindPath: the texts of a path are supplied by it, first of all.
func TestBindPath(t *testing.T) {
	l := layout()
	tenant, _ := l.Lookup(Resource, "tenant")
	number, _ := l.Lookup(Resource, "number")
	when, _ := l.Lookup(Resource, "when")
	v := NewValues(l)
	v.BindPath([]Index{tenant, number, when}, []string{"acme", "07", ""})
	if got, state := v.Get(tenant); state != Present || got.Str() != "acme" || v.From(tenant) != Path {
		t.Errorf("tenant %s %s", state, got.Text())
	}
	if v.State(number) != Malformed || v.From(number) != Path || v.Err(number) == nil || v.State(when) != Absent {
		t.Errorf("number %s, when %s", v.State(number), v.State(when))
	}
	v.Reset(l)
	v.BindPath([]Index{tenant, number}, []string{"acme", "7"})
	v.Supply(Source, Resource, "tenant", Plain("evil"))
	v.Supply(Source, Resource, "number", FromNumber("7"))
	if v.State(tenant) != Conflicting || v.State(number) != Present {
		t.Errorf("tenant %s, number %s", v.State(tenant), v.State(number))
	}
}

// TestReset: nothing of one request is left for the next, in any layout.
func TestReset(t *testing.T) {
	small, large := NewLayout(), layout()
	v := NewValues(large)
	for range 3 {
		v.BindHTTP(request())
		v.BindTarget("order", "read")
		v.SetBody()
		v.Drop()
		v.Supply(Credential, User, "roles", Strings([]string{"admin"}))
		v.Supply(Credential, User, "plan", FromBool(true))
		v.Fail(Resource, "tags", errors.New("broken"))
		for i := range Index(large.Len()) {
			v.Get(i)
		}
		for _, l := range []*Layout{small, large} {
			v.Reset(l)
			for i := range Index(l.Len()) {
				got, state := v.Get(i)
				if held, _ := v.HoldsAny(i, []string{"admin", ""}); state != Absent || got.Kind() != Invalid || v.Err(i) != nil || v.From(i) != NoProvider || held {
					t.Fatalf("%s is %s %s from %d, %v", l.Attr(i).FullName(), state, got.Text(), v.From(i), v.Err(i))
				}
			}
			if v.HasBody() || v.Dropped() != 0 || v.Layout() != l {
				t.Error("body or count are left")
			}
		}
		v.Supply(Credential, User, "plan", Quoted("pro"))
		if got, state := state(t, v, User, "plan"); state != Present || got.Str() != "pro" {
			t.Errorf("after a reset: %s", state)
		}
	}
}

// TestExtend: an extended layout is the one that is made at once, and the base
// does not learn of it.
func TestExtend(t *testing.T) {
	user := []*Attr{{Root: User, Name: "plan", Type: stringType}, {Root: User, Name: "roles", Type: stringsType, From: []Provider{Source}}}
	own := []*Attr{{Root: Resource, Name: "tenant", Type: stringType}, {Root: Resource, Name: "id", Type: stringType, Optional: true}, {Root: Body, Name: "b", Type: stringType}}
	base := NewLayout(user)
	length, names := base.Len(), fmt.Sprint(base.Names(Resource), base.Names(Body))
	l, twin, whole := base.Extend(own), base.Extend(own[:1]), NewLayout(user, own)
	if base.Len() != length || fmt.Sprint(base.Names(Resource), base.Names(Body)) != names {
		t.Errorf("the base now has %v", base.Names(Resource))
	}
	if _, ok := twin.Lookup(Body, "b"); ok {
		t.Error("a twin has what only the other declares")
	}
	if l.Len() != whole.Len() || !slices.Equal(l.users, whole.users) || !slices.Equal(l.unread, whole.unread) {
		t.Fatalf("%d slots, users %v; want %d, %v", l.Len(), l.users, whole.Len(), whole.users)
	}
	for i := range Index(l.Len()) {
		a := l.Attr(i)
		if at, ok := l.Lookup(a.Root, a.Name); !ok || at != i || a != whole.Attr(i) && i >= builtinCount || a.FullName() != whole.Attr(i).FullName() {
			t.Errorf("%s is at %d, %t", a.FullName(), at, ok)
		}
	}
	if base.Attr(ResourceID) == own[1] || l.Attr(ResourceID) != own[1] {
		t.Error("a declaration does not take the place of the built-in, or takes that of the base")
	}
}

// TestSingle: one header or parameter is what the whole map says about it.
func TestSingle(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	names := []string{"a", "A", "ab", "aB", "AB", "b", "ä", "Ä", "K", "K", "\xff", ""}
	seen := map[string]int{}
	v, whole := NewValues(layout()), NewValues(layout())
	for range 3000 {
		m := map[string][]string{}
		for range rng.IntN(5) {
			m[names[rng.IntN(len(names))]] = [][]string{nil, {}, {"1"}, {"2"}, {"1", "2"}}[rng.IntN(5)]
		}
		v.Reset(v.Layout())
		whole.Reset(whole.Layout())
		v.BindHTTP(&HTTP{Headers: m, Query: m})
		whole.BindHTTP(&HTTP{Headers: m, Query: m})
		for _, from := range []Index{RequestHeaders, RequestQuery} {
			list, _ := whole.Get(from)
			for _, name := range names {
				if from == RequestHeaders {
					name = strings.ToLower(name)
				}
				e, want := list.Entry(name)
				text, times, ok := v.Single(from, name)
				late, lateTimes, lateOK := whole.Single(from, name)
				if ok != want || times != len(e.Items()) || times == 1 && text != e.Items()[0].Str() || lateOK != ok || lateTimes != times || times == 1 && late != text {
					t.Fatalf("%q of %q: %q %d times, %t; the map has %s", name, m, text, times, ok, list.AppendJSON(nil))
				}
				seen[fmt.Sprint(ok, min(times, 2))]++
			}
		}
	}
	for _, kind := range []string{"false 0", "true 0", "true 1", "true 2"} {
		if seen[kind] < 500 {
			t.Errorf("%s came up %d times", kind, seen[kind])
		}
	}
}

// TestLowerNames: names that clients choose do not pile up.
func TestLowerNames(t *testing.T) {
	v := NewValues(layout())
	for i := range 300 {
		v.Reset(v.Layout())
		v.BindHTTP(&HTTP{Headers: map[string][]string{fmt.Sprint("X-", i): {"1"}, strings.Repeat("X", maxLowerLength+1): {"2"}}})
		if got, _ := v.Get(RequestHeaders); len(got.Entries()) != 2 || got.Entries()[0].Key != fmt.Sprint("x-", i) {
			t.Fatalf("headers %s", got.AppendJSON(nil))
		}
	}
	if n := len(v.bound.lists.lower); n != maxLower {
		t.Errorf("%d names are kept, want %d", n, maxLower)
	}
}
