package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestMatchGlob(t *testing.T) {
	for _, tt := range []struct {
		glob, name string
		want       bool
	}{
		{"*", "alice", true}, {"*", "", true}, {"*", "order/42", false}, {"order/*", "order/42", true}, {"order/*", "order/4/2", false},
		{"a*e", "alice", true}, {"a*e", "alic", false}, {"*ice", "alice", true}, {"al*c*", "alice", true}, {"**", "x", true},
		{"*/*", "order/42", true}, {"alice", "alice", true}, {"alice", "alic", false}, {"a*b*c", "aXbYbZc", true}, {"a*b", "ab/b", false}, {"*b", "a/b", false},
	} {
		if got := MatchGlob(tt.glob, tt.name); got != tt.want {
			t.Errorf("%q, %q: %t", tt.glob, tt.name, got)
		}
	}
	began := time.Now()
	if MatchGlob(strings.Repeat("a*", 60)+"b", strings.Repeat("a", 100000)) {
		t.Error("it matches")
	}
	if took := time.Since(began); took > patience {
		t.Errorf("took %v", took)
	}
}

const globbed = `apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: order}
spec: {actions: {read: {}, refund: {}, list: {}}}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: page}
spec: {actions: {read: {}, view: {}}}
---
apiVersion: gwctl.dev/v1
kind: Directory
metadata: {name: d}
spec:
  users: {zoe: {id: z}, ann: {id: a}}
  resources: [{type: order, id: "7"}, {type: page, id: home}, {type: order, id: "*"}]
`

// TestGlobs: what globs stand for, in which order, and which expectation goes
// before which.
func TestGlobs(t *testing.T) {
	tests := []struct{ name, matrix, want string }{
		{"users of the suite first, then those of Directories by name", `users: ["*"], resources: [o], actions: [read], expect: deny`,
			"u o read deny, v o read deny, ann o read deny, zoe o read deny"},
		{"a name stands where it is written, and once", `users: [zoe, "*"], resources: [o], actions: [read], expect: deny`,
			"zoe o read deny, u o read deny, v o read deny, ann o read deny"},
		{"resources of Directories by type and id", `users: [u], resources: ["*/*", o], actions: [read], expect: deny`,
			"u order/7 read deny, u page/home read deny, u o read deny"},
		{"actions of each type", `users: [u], resources: [o, p], actions: ["*"], expect: deny`,
			"u o read deny, u o refund deny, u o list deny, u p read deny, u p view deny"},
		{"a glob names what it matches", `users: [u, v], resources: [o, p], actions: ["*"], expect: {"*": {"*": {"re*": allow, "*i*": deny}}}`,
			"u o read allow, u o refund allow, u o list deny, u p read allow, u p view deny, v o read allow, v o refund allow, v o list deny, v p read allow, v p view deny"},
		{"a name goes before a glob", `users: [u, v], resources: [o], actions: [read], expect: {"*": deny, v: allow}`,
			"u o read deny, v o read allow"},
		{"excluded cells need no expectation", `users: [u, v], resources: [o, p], actions: [read], exclude: [{users: [v], resources: ["p*"]}], expect: {u: deny, v: {o: allow}}`,
			"u o read deny, u p read deny, v o read allow"},
		{"an exclusion of an action", `users: [u], resources: [o, p], actions: ["*"], exclude: [{actions: ["re*"]}, {resources: [o]}], expect: deny`,
			"u p view deny"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			suite := "apiVersion: gwctl.dev/v1\nkind: TestSuite\nmetadata: {name: m}\nspec:\n  users: {u: {id: u}, v: {id: v}}\n  resources: {o: {type: order}, p: {type: page}}\n  matrix:\n    - {" + tt.matrix + "}\n"
			set, found := Load([]File{{"set.yaml", []byte(globbed)}, {"m_test.yaml", []byte(suite)}})
			if len(found) != 0 {
				t.Fatalf("found %v", found)
			}
			var got []string
			for _, c := range set.Suites[0].Matrix[0].Cells {
				got = append(got, fmt.Sprintf("%s %s %s %s", c.User, c.Resource, c.Action, c.Expect.Effect.Value()))
			}
			if g := strings.Join(got, ", "); g != tt.want {
				t.Errorf("got  %s\nwant %s", g, tt.want)
			}
		})
	}
}

// TestWideGlobs: as many names and keys as files can hold, crossed by globs,
// are read in time that grows with their number and no faster.
func TestWideGlobs(t *testing.T) {
	const n = 10000
	var users, keys strings.Builder
	for i := range n {
		fmt.Fprintf(&users, "u%d: anonymous, ", i)
		fmt.Fprintf(&keys, "k%d: deny, ", i)
	}
	suite := "apiVersion: gwctl.dev/v1\nkind: TestSuite\nmetadata: {name: m}\nspec:\n  users: {" + users.String() + "}\n  resources: {o: {type: order}}\n  matrix:\n" +
		"    - {users: [\"*\"], resources: [o], actions: [\"*\"], expect: {\"*\": {o: {\"*\": deny, " + keys.String() + "}}}}\n"
	began := time.Now()
	set, found := Load([]File{{"set.yaml", []byte(globbed)}, {"m_test.yaml", []byte(suite)}})
	if len(found) != n || len(set.Suites[0].Matrix[0].Cells) != 3*(n+2) {
		t.Errorf("%d cells, %d findings", len(set.Suites[0].Matrix[0].Cells), len(found))
	}
	if took := time.Since(began); took > patience {
		t.Errorf("took %v", took)
	}
}

// TestTable: a row is the case with its own keys in place of the case's.
func TestTable(t *testing.T) {
	suite := `apiVersion: gwctl.dev/v1
kind: TestSuite
metadata: {name: m}
spec:
  cases:
    - name: case
      user: u
      env: {a: x, b: x}
      tags: [one]
      request: GET /a
      delivers: {owner: x}
      expect: {effect: deny, reason: r}
      table:
        - {name: as it is}
        - {name: all, user: v, env: {b: y}, tags: [two], request: GET /b, delivers: unavailable, skip: later, expect: allow}
    - name: direct
      resource: o
      action: read
      expect: deny
      table:
        - {name: action, user: u, action: list}
        - {name: request, user: u, request: GET /c}
`
	set, found := Load([]File{{"m_test.yaml", []byte(suite)}})
	if len(found) != 0 {
		t.Fatalf("found %v", found)
	}
	var got []string
	for _, c := range set.Suites[0].Cases {
		path := ""
		if c.Request != nil {
			path = c.Request.Path
		}
		var env, tags []string
		for _, e := range c.Env {
			env = append(env, e.Key.Value()+e.Value.Text.Value())
		}
		for _, x := range c.Tags {
			tags = append(tags, x.Value())
		}
		got = append(got, fmt.Sprintf("%s|%s|%v|%v|%s|%s%s|%d%t|%s|%s%s|line %d", c.Name.Value(), c.User.Value(), env, tags, path, c.Resource.Value(), c.Action.Value(), len(c.Delivers), c.Failing, c.Skip.Value(), c.Expect.Effect.Value(), c.Expect.Reason.Value(), c.Span.Start.Line))
	}
	want := []string{
		"case: as it is|u|[ax bx]|[one]|/a||1false||denyr|line 14",
		"case: all|v|[ax bx by]|[one two]|/b||0true|later|allow|line 15",
		"direct: action|u|[]|[]||olist|0false||deny|line 21",
		"direct: request|u|[]|[]|/c||0false||deny|line 22",
	}
	if g := strings.Join(got, "\n"); g != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", g, strings.Join(want, "\n"))
	}
}
