package index

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// TestFindAgain: what a Match held before does not show in the next one, and
// what was found is as it was when more is found.
func TestFindAgain(t *testing.T) {
	r := table(t, "GET /", "GET /orders/{id}", "DELETE /orders/{id}", "GET /orders/mine", "GET /files/{rest...}", "GET /files/{a}/{b}", "POST /x")
	for i, host := range []string{"api.x.com", "{tenant}.x.com"} {
		if err := r.Add(host, parse(t, "/orders/{id}/{part}"), "GET", 100+i); err != nil {
			t.Fatal(err)
		}
	}
	var again Match
	rng := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[rng.IntN(len(of))] }
	seen := map[int]bool{}
	for range 3000 {
		method, host := pick("GET", "HEAD", "DELETE", "PUT"), pick("", "api.x.com", "acme.x.com:8443", "y.com")
		path := pick("/", "/orders/1", "/orders/mine", "/orders/2/lines", "/files", "/files/a/b/c", "/files/a/b", "/x", "/nowhere", "*")
		segments := strings.Split(path[1:], "/")
		if path[1:] == "" {
			segments = nil
		}
		want := r.Match(method, host, path, segments)
		r.Find(&again, method, host, path, segments)
		if got := r.Methods(&again); !reflect.DeepEqual(got, want.Allow) || again.Allow != nil {
			t.Fatalf("%s %s: methods %v, want %v", method, path, got, want.Allow)
		}
		if again.Route != want.Route || again.Path != want.Path || again.Foreign != want.Foreign || fmt.Sprint(again.Captures) != fmt.Sprint(want.Captures) {
			t.Fatalf("%s %s%s: %+v, want %+v", method, host, path, again, want)
		}
		seen[again.Route] = true
	}
	if len(seen) != 9 { // all but POST /x, and none
		t.Errorf("routes %v came up", seen)
	}
	if got := r.Methods(&Match{}); got != nil {
		t.Errorf("of nothing the methods are %v", got)
	}
}

// TestManyLiterals: a node finds its literals however many there are.
func TestManyLiterals(t *testing.T) {
	for _, n := range []int{1, 2, 3, 17, 1000} {
		r := &Routes{}
		for i := range n {
			for _, parent := range []string{"/a/", "/b/", "/{x}/"} {
				if err := r.Add("", parse(t, fmt.Sprintf("%sn%d", parent, i)), "GET", 10*i+len(parent)); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i := range n + 1 {
			for parent, number := range map[string]int{"a": 10*i + 3, "b": 10*i + 3, "c": 10*i + 5} {
				if i == n {
					number = -1
				}
				last := fmt.Sprint("n", i)
				if m := r.Match("GET", "", "/"+parent+"/"+last, []string{parent, last}); m.Route != number {
					t.Errorf("of %d: /%s/%s leads to %d, want %d", n, parent, last, m.Route, number)
				}
			}
		}
	}
}
