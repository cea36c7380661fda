package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	reloadSuccessful = "gwctl_config_last_reload_successful"
	reloadFailedLine = "last reload failed at "
)

// A fault is a way to spoil a running sidecar's files.
var faults = []struct {
	name    string
	mention string // in the log
	inflict func(t *testing.T, dir string)
}{
	{"a condition that does not compile", gateFile, func(t *testing.T, dir string) {
		spoilGate(t, dir, "resource.id in consts.closed", "resource.id in consts.clothed")
	}},
	{"no YAML", gateFile, func(t *testing.T, dir string) { spoilGate(t, dir, "spec:", "spec: ][") }},
	{"an unknown key", gateFile, func(t *testing.T, dir string) { spoilGate(t, dir, "effect: deny", "effekt: deny") }},
	{"a file cut in the middle", gateFile, func(t *testing.T, dir string) {
		text := gate(1, "1")
		writeFile(t, filepath.Join(dir, "policies", gateFile), text[:strings.Index(text, "nothing")+3])
	}},
	{"a file emptied", gateFile, func(t *testing.T, dir string) { writeFile(t, filepath.Join(dir, "policies", gateFile), "") }},
	{"all files removed", "", func(t *testing.T, dir string) {
		files, err := filepath.Glob(filepath.Join(dir, "policies", "*"))
		if err != nil || len(files) < 4 {
			t.Fatalf("%v %v", files, err)
		}
		for _, file := range files {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	}},
	{"the directory removed", "policies", func(t *testing.T, dir string) {
		if err := os.RemoveAll(filepath.Join(dir, "policies")); err != nil {
			t.Fatal(err)
		}
	}},
	{"a broken configuration", "gwctl.yaml", func(t *testing.T, dir string) {
		writeFile(t, filepath.Join(dir, "gwctl.yaml"), "kind: Sidecar\n")
	}},
	{"a configuration cut in the middle", "gwctl.yaml", func(t *testing.T, dir string) {
		file := filepath.Join(dir, "gwctl.yaml")
		text, _, ok := strings.Cut(readFile(t, file), audience)
		if !ok {
			t.Fatal("the configuration has no audience")
		}
		writeFile(t, file, text)
	}},
	{"a setting that needs a restart", "listeners.proxy.address", func(t *testing.T, dir string) {
		file := filepath.Join(dir, "gwctl.yaml")
		writeFile(t, file, strings.Replace(readFile(t, file), "proxy: {address: 127.0.0.1:", "proxy: {address: 127.0.0.2:", 1))
	}},
}

func spoilGate(t *testing.T, dir, old, spoiled string) {
	t.Helper()
	text := gate(1, "1")
	if !strings.Contains(text, old) {
		t.Fatalf("the gate has no %q", old)
	}
	writeFile(t, filepath.Join(dir, "policies", gateFile), strings.Replace(text, old, spoiled, 1))
}

func TestBrokenSetKeepsTheOldOne(t *testing.T) {
	idp, service := startProvider(t, 0), startUpstream(t)
	token := bearer(idp.token(t, reader, es256, allScopes))
	open, closed := request("GET", order42, token), request("GET", order1, token)
	s := startSidecar(t, setup{issuer: idp.issuer, upstream: service.URL})
	dir := filepath.Dir(s.config)
	config := readFile(t, s.config)
	// The way back is the way an operator takes: the good files once more.
	mend := func(t *testing.T) {
		t.Helper()
		if err := os.RemoveAll(filepath.Join(dir, "policies")); err != nil {
			t.Fatal(err)
		}
		copyPolicies(t, filepath.Join(dir, "policies"))
		replaceFile(t, filepath.Join(dir, "policies", gateFile), gate(1, "1"))
		replaceFile(t, s.config, config)
	}
	mend(t)
	s.decides(t, closed, 1, true)
	digest := s.record(t, s.ask(t, closed)).Decision.Digest
	pressure := startLoad(t, s, 2, open, func(a answer) string {
		if a.status != 200 {
			return "no longer open"
		}
		return ""
	})
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			records, logged := s.stdout.count(), s.stderr.count()
			fault.inflict(t, dir)
			eventually(t, takeover, "the failure to be counted", func() bool { return s.metric(t, reloadSuccessful) == 0 })
			line := s.stderr.await(t, takeover, logged, "reload failed")
			if !strings.Contains(line, fault.mention) {
				t.Errorf("the log does not name %s: %s", fault.mention, line)
			}
			s.stdout.await(t, takeover, records, `"event":"config_reload"`, `"ok":false`, digest)
			if status, body := s.get("/readyz"); status != 200 || !strings.Contains(body, reloadFailedLine) {
				t.Errorf("/readyz: %d %s", status, body)
			}
			for range 10 {
				s.expect(t, closed, 403, "edit_1")
				s.expect(t, open, 200, "")
			}

			mend(t)
			eventually(t, takeover, "the repair to be taken", func() bool { return s.metric(t, reloadSuccessful) == 1 })
			if status, body := s.get("/readyz"); status != 200 || strings.Contains(body, reloadFailedLine) {
				t.Errorf("/readyz: %d %s", status, body)
			}
			s.expect(t, closed, 403, "edit_1")
		})
	}
	pressure.stop(t)
}
