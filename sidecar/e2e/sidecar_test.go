package e2e

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// setup is what a test says about its sidecar.
type setup struct {
	issuer     string
	upstream   string
	policies   string                            // value of spec.policies; "{dir: ./policies}" if empty
	sink       string                            // of the audit log; "stdout" if empty
	jwt        string                            // more keys of the jwt method, each with a comma before it
	attributes string                            // of the jwt method; those of the first provider if empty
	methods    string                            // further methods of authn: whole lines
	drain      string                            // value of spec.drain; "{delay: 0s, timeout: 10s}" if empty
	dir        string                            // where the configuration goes; a new one if empty
	whole      func(proxy, health string) string // the configuration, in place of all of the above
	away       bool                              // start gwctl in another directory, with an absolute path
	unready    bool                              // do not wait until it is ready
}

// sidecar is a running `gwctl serve`.
type sidecar struct {
	*process
	proxy  string // host:port
	health string // URL
	config string // path of gwctl.yaml
	client *http.Client
	asked  atomic.Int64 // answers that ask has got
}

// startSidecar writes gwctl.yaml, starts gwctl and waits until it is ready.
func startSidecar(t testing.TB, c setup) *sidecar {
	t.Helper()
	if c.dir == "" {
		c.dir = t.TempDir()
		copyPolicies(t, filepath.Join(c.dir, "policies"))
	}
	s := &sidecar{config: filepath.Join(c.dir, "gwctl.yaml"), client: &http.Client{Timeout: 5 * time.Second}}
	t.Cleanup(s.client.CloseIdleConnections)
	// Between choosing a port and listening on it somebody else may take it.
	for range 3 {
		s.proxy = freeAddress(t)
		health := freeAddress(t)
		s.health = "http://" + health
		text := c.yaml
		if c.whole != nil {
			text = c.whole
		}
		writeFile(t, s.config, text(s.proxy, health))
		cmd := exec.Command(binary(t), "serve", "-c", "gwctl.yaml")
		cmd.Dir = c.dir
		if c.away {
			cmd.Args[3], cmd.Dir = s.config, t.TempDir()
		}
		s.process = startProcess(t, "gwctl", cmd)
		if s.comesUp(t, c.unready) {
			return s
		}
	}
	t.Fatal("found no free ports")
	return nil
}

// comesUp waits until the process serves. It reports false if a port was taken.
func (s *sidecar) comesUp(t testing.TB, unready bool) bool {
	t.Helper()
	path, taken := "/readyz", false
	if unready {
		path = "/livez"
	}
	eventually(t, 20*time.Second, "gwctl to be up", func() bool {
		if s.hasEnded() {
			if _, taken = s.stderr.find(0, "address already in use"); taken {
				s.abandoned = true
				return true
			}
			t.Fatalf("gwctl has ended: %v\n%s", s.err, s.stderr.tail(30))
		}
		status, _ := s.get(path)
		return status == http.StatusOK
	})
	return !taken
}

func (c setup) yaml(proxy, health string) string {
	return fmt.Sprintf(`apiVersion: gwctl.dev/v1
kind: Sidecar
metadata: {name: e2e}
spec:
  policies: %s
  listeners:
    proxy: {address: %s, upstreams: [{match: "/{rest...}", url: "%s"}]}
    health: {address: %s}
  env: {region: eu}
  anonymous: allow
  authn:
    - jwt: {issuer: "%s", audiences: [%s], type: service, attributes: %s%s}
%s  propagate: {claims: [plan]}
  audit: {sinks: [%s], overflow: block}
  drain: %s
`, cmp.Or(c.policies, "{dir: ./policies}"), proxy, c.upstream, health, c.issuer, audience,
		cmp.Or(c.attributes, "{roles: claims.roles, tenant: claims.tenant}"), c.jwt, c.methods,
		cmp.Or(c.sink, "stdout"), cmp.Or(c.drain, "{delay: 0s, timeout: 10s}"))
}

// get asks the health listener; status 0 is no answer.
func (s *sidecar) get(path string) (status int, body string) {
	resp, err := s.client.Get(s.health + path)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(text)
}

// metric gives the value of one sample, written as in the exposition; -1 if it
// is not there.
func (s *sidecar) metric(t testing.TB, sample string) float64 {
	t.Helper()
	status, body := s.get("/metrics")
	if status != http.StatusOK {
		t.Fatalf("/metrics: %d %s", status, body)
	}
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(sample) + ` (\S+)$`).FindStringSubmatch(body)
	if m == nil {
		return -1
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatalf("%s is %q", sample, m[1])
	}
	return v
}

// freeAddress gives an address on loopback that was free a moment ago.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// readLines reads a file of whole lines.
func readLines(t testing.TB, path string) []string {
	t.Helper()
	text, whole := strings.CutSuffix(readFile(t, path), "\n")
	if !whole {
		t.Fatalf("%s does not end with a line", path)
	}
	return strings.Split(text, "\n")
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// writePrivate writes a file that nobody but its owner can read.
func writePrivate(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
