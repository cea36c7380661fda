package command

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/suite"
	"github.com/gwctl/gwctl/sidecar"
	"github.com/gwctl/gwctl/sidecar/dev"
)

// banner tells a newcomer what to try.
type banner struct {
	out           io.Writer
	proxy, issuer string
	path          string
	own           bool // the user's own set, not a copy of the quickstart
	set           *engine.Set
	runner        *suite.Runner
	users         map[string]dev.TokenSpec
}

// whenReady prints once requests can be decided.
func (b *banner) whenReady(ctx context.Context, car *sidecar.Sidecar) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !car.Ready() {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
	b.print()
}

func (b *banner) print() {
	allowed, denied := b.example(true), b.example(false)
	w := &strings.Builder{}
	fmt.Fprintf(w, "\ngwctl is ready on http://%s. Try, in another terminal:\n", b.proxy)
	for _, try := range []struct {
		title string
		ask   *question
		token bool
	}{{"allowed", allowed, true}, {"denied", denied, true}, {"no token", orElse(allowed, denied), false}} {
		if try.ask != nil {
			fmt.Fprintf(w, "\n# %s\n%s\n", try.title, b.curl(try.ask, try.token))
		}
	}
	fmt.Fprintf(w, "\nDecisions are printed here, one JSON line each. Now change a policy:\nedit %s and save;\n", filepath.Join(b.path, b.file()))
	fmt.Fprintf(w, "the log says \"policies are in force\" and the next request is decided anew.\n")
	if !b.own {
		fmt.Fprintf(w, "(The directory is a copy of examples/quickstart and is removed at the end.)\n")
	}
	fmt.Fprintf(w, "Stop with Ctrl-C.\n\n")
	_, _ = io.WriteString(b.out, w.String()) // nobody is left to tell if the terminal is gone
}

// file is the file to edit: the one with the first policy.
func (b *banner) file() string {
	rules := b.set.Inspect().Rules
	if len(rules) == 0 {
		return ""
	}
	rel, err := filepath.Rel(b.path, rules[0].Policy.Kind.Span().Path)
	if err != nil {
		return ""
	}
	return rel
}

// question is a request that dev mode can really answer this way.
type question struct{ user, method, path string }

func orElse(a, b *question) *question {
	if a != nil {
		return a
	}
	return b
}

// example finds a case of the suites, with a token holder as its user, whose
// decision is the wanted one, GET first since it needs no body.
func (b *banner) example(allow bool) *question {
	cases := b.runner.Cases()
	slices.SortStableFunc(cases, func(x, y *suite.Case) int { return rank(x) - rank(y) })
	for _, c := range cases {
		spec := c.Request()
		if spec == nil || spec.Query != "" || len(spec.Headers) > 0 || strings.ContainsAny(spec.Path, "'\\") {
			continue
		}
		if _, ok := b.users[c.User()]; !ok || spec.Method == "HEAD" {
			continue
		}
		d := c.Run().Decision
		if d.Allowed() == allow && (allow || d.Reason != engine.ReasonNoRoute) {
			return &question{user: c.User(), method: spec.Method, path: spec.Path}
		}
	}
	return nil
}

func rank(c *suite.Case) int {
	if spec := c.Request(); spec != nil && spec.Method == "GET" {
		return 0
	}
	return 1
}

// curl writes one line that can be pasted, with nothing after the URL.
func (b *banner) curl(q *question, token bool) string {
	parts := []string{"curl -i"}
	if q.method != "GET" {
		parts = append(parts, "-X "+q.method)
	}
	if token {
		parts = append(parts, fmt.Sprintf(`-H "Authorization: Bearer $(curl -s %s/token/%s)"`, b.issuer, q.user))
	}
	return strings.Join(append(parts, "http://"+b.proxy+q.path), " ")
}
