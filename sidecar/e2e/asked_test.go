package e2e

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// startAsked runs gwctl with the configuration of examples/forward-auth for a
// proxy. Its proxy field is the address to ask at. Edits are made to the
// configuration.
func startAsked(t testing.TB, dialect, issuer string, edits ...[2]string) *sidecar {
	t.Helper()
	policies, err := filepath.Abs(filepath.Join("..", "..", "examples", "quickstart"))
	if err != nil {
		t.Fatal(err)
	}
	return startAskedAbout(t, dialect, issuer, policies, false, edits...)
}

// startAskedAbout is startAsked with other policies. An unready one has no keys of
// its issuer.
func startAskedAbout(t testing.TB, dialect, issuer, policies string, unready bool, edits ...[2]string) *sidecar {
	t.Helper()
	s := &sidecar{config: filepath.Join(t.TempDir(), "gwctl.yaml"), client: &http.Client{Timeout: 5 * time.Second}}
	t.Cleanup(s.client.CloseIdleConnections)
	for range 3 { // as in startSidecar
		s.proxy = freeAddress(t)
		health := freeAddress(t)
		s.health = "http://" + health
		text := example(t, dialect, "gwctl.yaml", map[string]string{
			"../../quickstart": policies, exampleGwctl: s.proxy, "127.0.0.1:9900": health, "http://127.0.0.1:9100": issuer,
		})
		for _, e := range edits {
			text = strings.Replace(text, e[0], e[1], 1)
		}
		writeFile(t, s.config, text+"  drain: {delay: 0s, timeout: 10s}\n")
		s.process = startProcess(t, "gwctl", exec.Command(binary(t), "serve", "-c", s.config))
		if s.comesUp(t, unready) {
			return s
		}
	}
	t.Fatal("found no free ports")
	return nil
}
