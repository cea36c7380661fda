package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"
)

func TestBundle(t *testing.T) {
	idp, service := startProvider(t, 0), startUpstream(t)
	dir := t.TempDir()
	set, file := filepath.Join(dir, "source"), filepath.Join(dir, "set.tar.gz")
	pack := func(t *testing.T) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), binary(t), "policy", "bundle", set, "--out", file).CombinedOutput(); err != nil {
			t.Fatalf("gwctl policy bundle: %v\n%s", err, out)
		}
	}
	copyPolicies(t, set)
	pack(t)
	s := startSidecar(t, setup{issuer: idp.issuer, upstream: service.URL, policies: "{bundle: {file: set.tar.gz}}", dir: dir})
	ask := request("GET", order1, bearer(idp.token(t, reader, es256, allScopes)))
	s.expect(t, ask, 200, "")
	s.expect(t, request("GET", "/public"), 200, "")

	writeFile(t, filepath.Join(set, gateFile), gate(1, "1"))
	pack(t)
	s.decides(t, ask, 1, true)

	whole := readFile(t, file)
	for _, spoiled := range []string{whole[:len(whole)/2], "", "no bundle"} {
		writeFile(t, file, spoiled)
		eventually(t, takeover, "the failure to be counted", func() bool { return s.metric(t, reloadSuccessful) == 0 })
		s.expect(t, ask, 403, "edit_1")
		replaceFile(t, file, whole)
		eventually(t, takeover, "the repair to be taken", func() bool { return s.metric(t, reloadSuccessful) == 1 })
	}
	s.expect(t, ask, 403, "edit_1")
}
