package attacks_test

import (
	"strings"
	"testing"

	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/syntax"
)

// refusal is a request that does not get through, and its twin without the
// fault, which does.
type refusal struct {
	name string // begins with the number of its row
	bad  request
	want verdict
	good request

	// forwarded is the verdict where it differs for a request that another
	// server has read.
	forwarded *verdict
}

// refuse sends each bad request and its twin through every door.
func (r *rig) refuse(t *testing.T, cases []refusal) {
	for _, tt := range cases {
		for _, d := range r.doors {
			if !d.carries(tt.bad) {
				continue
			}
			t.Run(tt.name+"/"+d.name(), func(t *testing.T) {
				r := r.in(t)
				var a answer
				if seen, conns := r.upstream.received(func() { a = d.ask(t, attacker, tt.bad) }); seen != "" || conns > 0 {
					t.Errorf("the upstream saw %d connections and %q", conns, seen)
				}
				want, source := tt.want, attacker
				if _, direct := d.(proxyDoor); !direct {
					if tt.forwarded != nil {
						want = *tt.forwarded
					}
					if want.detail == syntax.Rule || want.detail == canonical.RuleHeaderLimit {
						source = front // whose words about the client are not read then
					}
				}
				r.note(t, want, source)
				if wrong := d.judge(a, want); wrong != "" {
					t.Error(wrong)
				}
				if wrong := a.inert(); wrong != "" {
					t.Error(wrong)
				}
				r.pass(t, d, tt.good)
			})
		}
	}
}

// pass sends a request that has to get through, and gives what the service
// learns of it.
func (r *rig) pass(t *testing.T, d door, q request) string {
	t.Helper()
	return r.passFrom(t, d, client, q)
}

func (r *rig) passFrom(t *testing.T, d door, from string, q request) string {
	t.Helper()
	var a answer
	seen, _ := r.upstream.received(func() { a = d.ask(t, from, q) })
	r.note(t, passes, from)
	if a.status != 200 {
		t.Errorf("%.200q: answer %d %s, want 200", q.wire(), a.status, a.body)
	}
	return d.hands(a, seen)
}

// harmless is a request that gets through without what was added to it: the
// service learns the same as of its twin. Everything added says evil.
type harmless struct {
	name string
	ask  request
	twin request
}

func (r *rig) strip(t *testing.T, cases []harmless) {
	for _, tt := range cases {
		for _, d := range r.doors {
			if !d.carries(tt.ask) {
				continue
			}
			t.Run(tt.name+"/"+d.name(), func(t *testing.T) {
				r := r.in(t)
				got, want := r.passFrom(t, d, attacker, tt.ask), r.pass(t, d, tt.twin)
				if got != want {
					t.Errorf("the service learns\n%s\nand of the twin\n%s", got, want)
				}
				if strings.Contains(strings.ToLower(got), "evil") {
					t.Errorf("the service learns\n%s", got)
				}
			})
		}
	}
}

// in gives the rig with the test that works with it now.
func (r *rig) in(t *testing.T) *rig { r.TB = t; return r }

// note remembers the record that an answer must have left.
func (r *rig) note(t testing.TB, v verdict, from string) {
	r.wants = append(r.wants, wanted{name: t.Name(), verdict: v, source: from})
}
