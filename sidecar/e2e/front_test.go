package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// front is a real proxy that asks gwctl before it forwards, run with the
// configuration of examples/forward-auth.
type front struct {
	name string
	*process
	address string
}

// fronts are the proxies of the tests.
func fronts() []string { return []string{"nginx", "caddy", "haproxy"} }

// The addresses that stand in the examples.
const (
	exampleFront   = "127.0.0.1:8080"
	exampleGwctl   = "127.0.0.1:8081"
	exampleService = "127.0.0.1:9000"
)

// program gives the path of a proxy's binary.
func program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	// Debian puts daemons where not every user looks.
	if path = "/usr/sbin/" + name; isFile(path) {
		return path
	}
	missing(t, "no "+name+" in PATH: on Debian, apt-get install --no-install-recommends nginx-light caddy haproxy")
	return ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// example gives a file of examples/forward-auth with other addresses. Every
// address has to stand in it.
func example(t testing.TB, dir, name string, addresses map[string]string) string {
	t.Helper()
	text := readFile(t, filepath.Join("..", "..", "examples", "forward-auth", dir, name))
	for old, now := range addresses {
		if !strings.Contains(text, old) {
			t.Fatalf("%s of %s does not name %s", name, dir, old)
		}
		text = strings.ReplaceAll(text, old, now)
	}
	return text
}

// startFront runs a proxy between the test and a service. Edits are made to its
// configuration: what stands there, and what to write instead.
func startFront(t testing.TB, name, gwctl, service string, edits ...[2]string) *front {
	t.Helper()
	binary := program(t, name)
	write := func(path, text string) {
		t.Helper()
		for _, e := range edits {
			text = strings.Replace(text, e[0], e[1], 1)
		}
		writeFile(t, path, text)
	}
	for range 3 { // as in startSidecar
		f := &front{name: name, address: freeAddress(t)}
		_, port, err := net.SplitHostPort(f.address)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		var cmd *exec.Cmd
		switch name {
		case "nginx":
			write(filepath.Join(dir, "nginx.conf"), example(t, name, "nginx.conf", map[string]string{exampleFront: f.address, exampleGwctl: gwctl, exampleService: service}))
			cmd = exec.Command(binary, "-p", dir, "-c", "nginx.conf", "-g", "daemon off; master_process off;")
		case "caddy":
			write(filepath.Join(dir, "Caddyfile"), example(t, name, "Caddyfile", map[string]string{"\n:8080 {": "\n:" + port + " {", exampleGwctl: gwctl, exampleService: service}))
			cmd = exec.Command(binary, "run", "--config", "Caddyfile", "--adapter", "caddyfile")
			cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
		case "haproxy":
			write(filepath.Join(dir, "haproxy.cfg"), example(t, name, "haproxy.cfg", map[string]string{exampleFront: f.address, exampleService: service}))
			write(filepath.Join(dir, "gwctl.lua"), example(t, name, "gwctl.lua", map[string]string{exampleGwctl: gwctl}))
			cmd = exec.Command(binary, "-db", "-f", "haproxy.cfg")
		}
		cmd.Dir = dir
		f.process = startProcess(t, name, cmd)
		f.abandoned = true // each has its own idea of how to end
		if f.comesUp(t) {
			return f
		}
	}
	t.Fatal("found no free port")
	return nil
}

// comesUp waits until the proxy takes connections. It reports false if its port
// was taken.
func (f *front) comesUp(t testing.TB) bool {
	t.Helper()
	taken := false
	eventually(t, 20*time.Second, f.name+" to be up", func() bool {
		if f.hasEnded() {
			said := strings.ToLower(f.stderr.tail(30) + f.stdout.tail(30))
			if taken = strings.Contains(said, "in use") || strings.Contains(said, "cannot bind"); taken {
				return true
			}
			t.Fatalf("%s has ended: %v\n%s", f.name, f.err, said)
		}
		c, err := net.DialTimeout("tcp", f.address, time.Second)
		if err != nil {
			return false
		}
		_ = c.Close()
		return true
	})
	return !taken
}

// ask sends one request to the proxy on a connection of its own.
func (f *front) ask(t testing.TB, request string) answer {
	t.Helper()
	w := wire{address: f.address}
	defer w.close()
	a, err := w.do(request)
	if err != nil {
		line, _, _ := strings.Cut(request, "\r\n")
		t.Fatalf("%s: %s: %v", f.name, line, err)
	}
	return a
}
