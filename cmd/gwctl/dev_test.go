package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestServeDev does what the banner tells a newcomer to do: the three lines,
// then a changed policy, then Ctrl-C.
func TestServeDev(t *testing.T) {
	t.Parallel()
	p := startServe(t, "--dev", "--address", "127.0.0.1:0")
	tries := p.tries(t)
	for _, want := range []struct {
		title  string
		status int
		reason string
	}{{"allowed", 200, ""}, {"denied", 403, "no_matching_rule"}, {"no token", 401, "unauthenticated"}} {
		try, ok := tries[want.title]
		if !ok {
			t.Fatalf("the banner has no line %q:\n%s", want.title, p.err.String())
		}
		status, body := try.do(t)
		if status != want.status || reasonOf(t, status, body) != want.reason {
			t.Errorf("%s: %d %s, want %d %s\n%s", want.title, status, body, want.status, want.reason, try.line)
		}
		if curl := viaCurl(t, try.line); curl != 0 && curl != want.status {
			t.Errorf("%s: curl gets %d, want %d\n%s", want.title, curl, want.status, try.line)
		}
	}
	if !echoes(t, tries["allowed"], "X-User-Id") {
		t.Error("the echo does not show the identity")
	}

	// The file that the banner names is followed. A broken one changes nothing.
	file := p.policyFile(t)
	text := readText(t, file)
	writeText(t, file, text+"---\napiVersion: gwctl.dev/v1\nkind: Polcy\n")
	p.waitFor(t, "reload failed; the policies before it stay in force")
	if status, _ := tries["allowed"].do(t); status != http.StatusOK {
		t.Errorf("with a broken file: %d", status)
	}
	const reads, creates = "id: tenant-reads\n      effect: allow\n      actions: [list, read]", "id: tenant-reads\n      effect: allow\n      actions: [create]"
	if !strings.Contains(text, reads) {
		t.Fatal("the quickstart has changed; change this test")
	}
	writeText(t, file, strings.Replace(text, reads, creates, 1))
	poll(t, "the decision changes", func() bool {
		status, body := tries["allowed"].do(t)
		return status == http.StatusForbidden && reasonOf(t, status, body) == "no_matching_rule"
	})

	// Ctrl-C drains and ends well, the copy of the quickstart is gone, and every
	// decision was printed.
	p.stop(t, os.Interrupt)
	if _, err := os.Stat(filepath.Dir(file)); !os.IsNotExist(err) {
		t.Errorf("the copy of the quickstart is still there: %v", err)
	}
	kinds := map[string]int{}
	for line := range strings.Lines(p.out.String()) {
		var e struct{ Event string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("standard output holds more than records: %q", line)
		}
		kinds[e.Event]++
	}
	if kinds["decision"] < 4 || kinds["config_reload"] < 2 {
		t.Errorf("records: %v", kinds)
	}
}

// TestServeDevOwnSet serves a set of the user's own. Its first cases hold only
// at the suite's time and address; the banner must not promise them.
func TestServeDevOwnSet(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, "rules.yaml"), `apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: page}
spec:
  actions: {read: {}}
  attributes: {area: {type: string, from: [path]}}
  routes: [{route: "GET /{area}/{id}", action: read}]
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: pages}
spec:
  resources: [page]
  rules:
    - {id: old, effect: allow, actions: [read], when: "resource.area == 'old' && env.time < timestamp('2001-01-01T00:00:00Z')"}
    - {id: near, effect: allow, actions: [read], when: "resource.area == 'near' && env.ip == ip('192.0.2.1')", transports: [http]}
    - {id: new, effect: allow, actions: [read], when: "resource.area == 'new' && env.time > timestamp('2020-01-01T00:00:00Z')"}
    - {id: open, effect: allow, actions: [read], when: "resource.area == 'open'"}
`)
	writeText(t, filepath.Join(dir, "pages_test.yaml"), `apiVersion: gwctl.dev/v1
kind: TestSuite
metadata: {name: pages}
spec:
  now: 2000-01-01T00:00:00Z
  env: {ip: 192.0.2.1}
  users:
    "ann; rm -rf /": {id: ann, type: human}
    ann: {id: ann, type: human}
  cases:
    - {name: in the past, user: ann, request: GET /old/1, expect: allow}
    - {name: from near, user: ann, request: GET /near/1, expect: allow}
    - {name: an odd name, user: "ann; rm -rf /", request: GET /open/1, expect: allow}
    - {name: an odd path, user: ann, request: "GET /open/$(id)", expect: allow}
    - {name: in the future, user: ann, request: GET /new/1, expect: deny}
    - {name: open, user: ann, request: GET /open/2, expect: allow}
    - {name: closed, user: ann, request: GET /shut/1, expect: deny}
`)
	p := startServe(t, "--dev", "--address", "127.0.0.1:0", dir)
	tries := p.tries(t)
	for title, want := range map[string]string{"allowed": "/new/1", "denied": "/old/1", "no token": "/new/1"} {
		if !strings.HasSuffix(tries[title].line, want) {
			t.Errorf("%s: %q, want a line that ends in %s", title, tries[title].line, want)
		}
	}
	if strings.Contains(p.err.String(), "rm -rf") {
		t.Error("the banner has a line that a shell does not take as it is")
	}
	for title, want := range map[string]int{"allowed": 200, "denied": 403, "no token": 401} {
		if status, body := tries[title].do(t); status != want {
			t.Errorf("%s: %d %s, want %d", title, status, body, want)
		}
	}
	if got, want := p.policyFile(t), filepath.Join(dir, "rules.yaml"); got != want {
		t.Errorf("the banner says to edit %s, want %s", got, want)
	}
	p.stop(t, syscall.SIGTERM)
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("the set is gone: %v", err)
	}
}

// TestServeDevBundle serves a bundle, which has no file to edit.
func TestServeDevBundle(t *testing.T) {
	t.Parallel()
	// The examples' set wants env.region, which a bundle cannot bring along.
	dir := t.TempDir()
	writeBase(t, dir, nil)
	schema := filepath.Join(dir, "schema.yaml")
	writeText(t, schema, strings.Replace(readText(t, schema), "region: {type: string}", "region: {type: string, optional: true}", 1))
	file := filepath.Join(t.TempDir(), "set.tar.gz")
	if out, code := gwctl("policy", "bundle", dir, "--out", file); code != 0 {
		t.Fatal(out)
	}
	p := startServe(t, "--dev", "--address", "127.0.0.1:0", file)
	p.waitFor(t, "pack a new bundle over "+file)
	if status, body := p.tries(t)["denied"].do(t); status != http.StatusForbidden {
		t.Errorf("denied: %d %s", status, body)
	}
	p.stop(t, syscall.SIGTERM)
}
