package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// order1 is the order that the gate of the tests closes and opens.
const order1 = "/tenants/acme/orders/1"

// takeover bounds the time from an edit to the first decision by it.
const takeover = 5 * time.Second

// A layout keeps the set somewhere below dir and tells how a new gate gets in.
type layout struct {
	name string
	// prepare gives the value of spec.policies and the way to edit.
	prepare func(t *testing.T, dir string) (policies string, edit func(t *testing.T, gate string))
}

var layouts = []layout{
	{"a file is written in place", func(t *testing.T, dir string) (string, func(*testing.T, string)) {
		copyPolicies(t, filepath.Join(dir, "policies"))
		return "{dir: ./policies}", func(t *testing.T, gate string) { writeFile(t, filepath.Join(dir, "policies", gateFile), gate) }
	}},
	{"a file is renamed over another", func(t *testing.T, dir string) (string, func(*testing.T, string)) {
		copyPolicies(t, filepath.Join(dir, "policies"))
		return "{dir: ./policies}", func(t *testing.T, gate string) { replaceFile(t, filepath.Join(dir, "policies", gateFile), gate) }
	}},
	{"a Kubernetes volume is updated", kubernetesVolume},
	{"a linked directory is swapped", linkedDirectory},
}

// kubernetesVolume lays the set out as a mounted ConfigMap: every file is a link
// through the link ..data, and an update swaps that one link.
func kubernetesVolume(t *testing.T, dir string) (string, func(*testing.T, string)) {
	mount := filepath.Join(dir, "policies")
	copyPolicies(t, filepath.Join(mount, "..2026_0"))
	replaceLink(t, filepath.Join(mount, "..data"), "..2026_0")
	files, err := os.ReadDir(filepath.Join(mount, "..data"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if err := os.Symlink(filepath.Join("..data", f.Name()), filepath.Join(mount, f.Name())); err != nil {
			t.Fatal(err)
		}
	}
	edits := 0
	return "{dir: ./policies}", func(t *testing.T, gate string) {
		edits++
		old, next := fmt.Sprintf("..2026_%d", edits-1), fmt.Sprintf("..2026_%d", edits)
		copyPolicies(t, filepath.Join(mount, next))
		writeFile(t, filepath.Join(mount, next, gateFile), gate)
		replaceLink(t, filepath.Join(mount, "..data"), next)
		if err := os.RemoveAll(filepath.Join(mount, old)); err != nil {
			t.Fatal(err)
		}
	}
}

// linkedDirectory lays the set out as releases with a link to the current one.
func linkedDirectory(t *testing.T, dir string) (string, func(*testing.T, string)) {
	copyPolicies(t, filepath.Join(dir, "release-0"))
	replaceLink(t, filepath.Join(dir, "current"), "release-0")
	edits := 0
	return "{dir: ./current}", func(t *testing.T, gate string) {
		edits++
		next := fmt.Sprintf("release-%d", edits)
		copyPolicies(t, filepath.Join(dir, next))
		writeFile(t, filepath.Join(dir, next, gateFile), gate)
		replaceLink(t, filepath.Join(dir, "current"), next)
	}
}

// editOf gives the number in a reason code of the gate, -1 for another code.
func editOf(code string) int {
	var n int
	if _, err := fmt.Sscanf(code, "edit_%d", &n); err != nil {
		return -1
	}
	return n
}

// openOrGate accepts the two answers that a request to order1 may get.
func openOrGate(a answer) string {
	if a.status == 200 || a.status == 403 && editOf(a.code()) > 0 {
		return ""
	}
	return "neither open nor closed by the gate"
}

// decides waits until a decision shows the edit.
func (s *sidecar) decides(t *testing.T, ask string, edit int, closed bool) {
	t.Helper()
	eventually(t, takeover, fmt.Sprintf("edit %d", edit), func() bool {
		a := s.ask(t, ask)
		return closed && editOf(a.code()) == edit || !closed && a.status == 200
	})
}

func TestReload(t *testing.T) {
	idp, service := startProvider(t, 0), startUpstream(t)
	ask := request("GET", order1, bearer(idp.token(t, reader, es256, allScopes)))
	for _, l := range layouts {
		t.Run(l.name, func(t *testing.T) {
			dir := t.TempDir()
			policies, edit := l.prepare(t, dir)
			s := startSidecar(t, setup{issuer: idp.issuer, upstream: service.URL, policies: policies, dir: dir, away: true})
			s.expect(t, ask, 200, "")
			pressure := startLoad(t, s, 8, ask, openOrGate)
			var slowest time.Duration
			for n := 1; n <= 4; n++ {
				began := time.Now()
				if n%2 == 1 {
					edit(t, gate(n, "1"))
				} else {
					edit(t, gate(n))
				}
				s.decides(t, ask, n, n%2 == 1)
				slowest = max(slowest, time.Since(began))
			}
			pressure.stop(t)
			t.Logf("%d answers, slowest takeover %s", pressure.answered.Load(), slowest.Round(time.Millisecond))
		})
	}
	t.Run("SIGHUP reads policies and configuration again", func(t *testing.T) {
		s := startSidecar(t, setup{issuer: idp.issuer, upstream: service.URL})
		const reloads = `gwctl_config_reloads_total{result="ok"}`
		before, seen := s.metric(t, reloads), s.stdout.count()
		s.signal(t, syscall.SIGHUP)
		eventually(t, takeover, "a reload though nothing has changed", func() bool { return s.metric(t, reloads) == before+1 })
		s.stdout.await(t, takeover, seen, `"event":"config_reload"`, `"by":"signal"`, `"ok":true`)

		s.expect(t, request("GET", "/public"), 200, "")
		replaceFile(t, s.config, strings.Replace(readFile(t, s.config), "anonymous: allow", "anonymous: deny", 1))
		writeFile(t, filepath.Join(filepath.Dir(s.config), "policies", gateFile), gate(1, "1"))
		s.signal(t, syscall.SIGHUP)
		s.decides(t, ask, 1, true)
		s.expect(t, request("GET", "/public"), 401, "unauthenticated")
	})
}

func TestManyEdits(t *testing.T) {
	const edits = 200
	idp, service := startProvider(t, 0), startUpstream(t)
	ask := request("GET", order1, bearer(idp.token(t, reader, es256, allScopes)))
	s := startSidecar(t, setup{issuer: idp.issuer, upstream: service.URL, sink: "{file: {path: audit.jsonl}}"})
	file := filepath.Join(filepath.Dir(s.config), "policies", gateFile)
	// Each worker asks one question after the other: what it sees never goes
	// back to an earlier edit.
	pressure := startWorkers(t, s, 4, ask, func() func(answer) string {
		last := 0
		return func(a answer) string {
			if wrong := openOrGate(a); wrong != "" || a.status == 200 {
				return wrong
			}
			n := editOf(a.code())
			if n < last {
				return fmt.Sprintf("went back from edit %d", last)
			}
			last = n
			return ""
		}
	})
	for n := 1; n <= edits; n++ {
		text := gate(n)
		if n%2 == 0 {
			text = gate(n, "1")
		}
		if n%3 == 0 {
			replaceFile(t, file, text)
		} else {
			writeFile(t, file, text)
		}
		answered := pressure.answered.Load()
		eventually(t, takeover, "answers between two edits", func() bool { return pressure.answered.Load() >= answered+20 })
		if n%8 == 0 {
			s.decides(t, ask, n, true)
		}
	}
	reloads := s.metric(t, `gwctl_config_reloads_total{result="ok"}`)
	failed := s.metric(t, `gwctl_config_reloads_total{result="failed"}`) // a file was met half-written, and left alone
	for range 50 {
		s.expect(t, ask, 403, fmt.Sprintf("edit_%d", edits))
	}
	pressure.stop(t)
	if err := s.stop(20 * time.Second); err != nil {
		t.Fatalf("gwctl: %v", err)
	}
	var recorded int64
	for _, e := range parseRecords(t, readLines(t, filepath.Join(filepath.Dir(s.config), "audit.jsonl"))) {
		if e.ofRequest() {
			recorded++
		}
	}
	if answered := pressure.answered.Load() + s.asked.Load(); recorded != answered {
		t.Errorf("%d requests answered, %d recorded", answered, recorded)
	}
	t.Logf("%d edits, %v reloads and %v failed ones, %d answers", edits, reloads, failed, recorded)
}
