package policy

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/policy/document"
)

// routed is a set of n policies with one rule and one route each, and a
// Resource for every ten of them, as documents.
func routed(n int) []string {
	const head = "apiVersion: gwctl.dev/v1\nkind: "
	var out []string
	for i := 0; i < n; i += 10 {
		var actions, routes strings.Builder
		for j := range min(10, n-i) {
			method := [4]string{"GET", "POST", "PUT", "DELETE"}[(i+j)%4]
			fmt.Fprintf(&actions, "    op%d: {}\n", j)
			fmt.Fprintf(&routes, "    - {route: \"%s /svc%d/op%d/tenants/{tenant}/users/{owner}\", action: op%d}\n", method, i/10, j, j)
			out = append(out, fmt.Sprintf(head+"Policy\nmetadata: {name: svc%d-op%d}\nspec:\n  resources: [svc%d]\n  rules:\n    - id: owner\n      effect: allow\n"+
				"      actions: [op%d]\n      roles: [role-%d]\n      when: has(user.tenant) && user.tenant == resource.tenant && resource.owner == user.id\n",
				i/10, j, i/10, j, (i+j)*7%16))
		}
		out = append(out, fmt.Sprintf(head+"Resource\nmetadata: {name: svc%d}\nspec:\n  actions:\n%s  attributes:\n    tenant: {type: string, from: [path]}\n"+
			"    owner: {type: string, from: [path]}\n  routes:\n%s", i/10, &actions, &routes))
	}
	return out
}

// filed puts documents into files of so many, or of as many as a file may hold.
func filed(docs []string, perFile int) []File {
	var out []File
	var text strings.Builder
	count := 0
	flush := func() {
		if count > 0 {
			out = append(out, File{Path: fmt.Sprintf("policies/%05d.yaml", len(out)), Data: []byte(text.String())})
		}
		text.Reset()
		count = 0
	}
	for _, d := range docs {
		if count == perFile || text.Len()+len(d)+4 > document.MaxFileSize {
			flush()
		}
		if count++; count > 1 {
			text.WriteString("---\n")
		}
		text.WriteString(d)
	}
	flush()
	return slices.Clip(out)
}

// BenchmarkLoad loads 10,000 policies of one rule and one route each, in files
// of one document, of a hundred, and of as many as a file may hold: the time
// and the memory that each takes, and the memory that stays.
func BenchmarkLoad(b *testing.B) {
	const n = 10000
	docs := routed(n)
	for _, perFile := range []int{1, 100, n} {
		files := filed(docs, perFile)
		b.Run(fmt.Sprintf("files=%d", len(files)), func(b *testing.B) {
			before := liveHeap()
			var set *Set
			b.ReportAllocs()
			for b.Loop() {
				var found Diagnostics
				if set, found = Load(files); len(found) > 0 {
					b.Fatal(found[0])
				}
			}
			b.ReportMetric(float64(liveHeap()-before)/n, "B-live/policy")
			if len(set.Policies) != n || len(set.Resources) != n/10 {
				b.Fatalf("%d policies, %d resources", len(set.Policies), len(set.Resources))
			}
			runtime.KeepAlive(files)
		})
	}
}

func liveHeap() int64 {
	runtime.GC()
	runtime.GC() // what finalizers and pools held at the first
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
