package command

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/gwctl/gwctl/sidecar"
)

// banner tells a newcomer what to try.
type banner struct {
	out           io.Writer
	proxy, issuer string
	set           *loaded
	own           bool // the user's own set, not a copy of the quickstart
	tour          *tour
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
	allowed, denied := b.tour.example(true), b.tour.example(false)
	w := &strings.Builder{}
	fmt.Fprintf(w, "\ngwctl is ready on http://%s. Try, in another terminal:\n", b.proxy)
	anyone := allowed
	if anyone == nil {
		anyone = denied
	}
	for _, try := range []struct {
		title string
		ask   *question
		token bool
	}{{"allowed", allowed, true}, {"denied", denied, true}, {"no token", anyone, false}} {
		if try.ask != nil {
			fmt.Fprintf(w, "\n# %s\n%s\n", try.title, b.curl(try.ask, try.token))
		}
	}
	if anyone == nil {
		fmt.Fprintf(w, "\n# a token (NAME is a user of a Directory or suite)\ncurl -s %s/token/NAME\n", b.issuer)
	}
	change := "edit " + filepath.Join(b.set.path, b.file()) + " and save"
	if b.set.files.Bundle {
		change = "pack a new bundle over " + b.set.path
	}
	fmt.Fprintf(w, "\nDecisions are printed here, one JSON line each. Now change a policy:\n%s;\n", change)
	fmt.Fprintf(w, "the log says \"policies are in force\" and the next request is decided anew.\n")
	if !b.own {
		fmt.Fprintf(w, "(The directory is a copy of examples/quickstart and is removed at the end.)\n")
	}
	fmt.Fprintf(w, "Stop with Ctrl-C.\n\n")
	_, _ = io.WriteString(b.out, w.String()) // nobody is left to tell if the terminal is gone
}

// file is the file to edit: the one with the first policy.
func (b *banner) file() string {
	rules := b.set.set.Inspect().Rules
	if len(rules) == 0 {
		return ""
	}
	rel, err := filepath.Rel(b.set.path, rules[0].Policy.Name.Span().Path)
	if err != nil {
		return ""
	}
	return rel
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
