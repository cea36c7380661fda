package index

import (
	"fmt"
	"strings"
	"testing"
)

// asked is a request of the benchmark.
type asked struct {
	method, host, path string
	segments           []string
}

// manyRoutes are n routes, ten to a resource, and 1,024 requests for them, of
// which an eighth has no route.
func manyRoutes(tb testing.TB, n int) (*Routes, []asked) {
	tb.Helper()
	r := &Routes{}
	for i := range n {
		if err := r.Add("", parse(tb, fmt.Sprintf("/api/r%d/{tenant}/a%d/{id}", i/10, i%10)), "GET", i); err != nil {
			tb.Fatal(err)
		}
	}
	var out []asked
	for i := range 1024 {
		at := i * 7919 % n
		action := at % 10
		if i%8 == 0 {
			action = 77
		}
		path := fmt.Sprintf("/api/r%d/acme/a%d/%d", at/10, action, i)
		out = append(out, asked{"GET", "shop.example", path, strings.Split(path[1:], "/")})
	}
	return r, out
}

func BenchmarkFind(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10000} {
		r, requests := manyRoutes(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			var m Match
			i, found := 0, 0
			for b.Loop() {
				q := &requests[i%len(requests)]
				r.Find(&m, q.method, q.host, q.path, q.segments)
				if i++; m.Route >= 0 {
					found++
				}
			}
			b.ReportMetric(float64(found)/float64(b.N), "found/op")
		})
	}
}

// TestFindAllocates nothing, once a Match has its memory.
func TestFindAllocates(t *testing.T) {
	r, requests := manyRoutes(t, 100)
	for _, h := range []string{"", "api.x.com", "{tenant}.x.com"} {
		if err := r.Add(h, parse(t, "/files/{rest...}"), "GET", 1000); err != nil {
			t.Fatal(err)
		}
	}
	for _, host := range []string{"api.x.com", "acme.x.com:443"} {
		requests = append(requests, asked{"GET", host, "/files/a/b", []string{"files", "a", "b"}})
	}
	requests = append(requests, asked{"PUT", "api.x.com", "/files", []string{"files"}})
	var m Match
	i := 0
	if n := testing.AllocsPerRun(2*len(requests), func() {
		q := &requests[i%len(requests)]
		r.Find(&m, q.method, q.host, q.path, q.segments)
		i++
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
