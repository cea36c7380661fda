package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

const patience = 30 * time.Second // for a slow machine; nothing takes that long

// process is a gwctl serve that runs beside the test.
type process struct {
	cmd      *exec.Cmd
	out, err *buffer
	ended    chan error
}

func startServe(t *testing.T, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(self), out: &buffer{}, err: &buffer{}, ended: make(chan error, 1)}
	p.cmd.Args = append([]string{"gwctl", "serve"}, args...) // TestMain looks at the name
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.err
	p.cmd.Dir, p.cmd.Env = t.TempDir(), append(os.Environ(), "GORACE="+raceExit)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.cmd.Wait() }()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it has ended already if all went well
		if t.Failed() {
			t.Logf("standard error of gwctl:\n%s", p.err.String())
		}
	})
	return p
}

// stop sends a signal; the process must end by itself and well.
func (p *process) stop(t *testing.T, with os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(with); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.ended:
		if err != nil {
			t.Errorf("after %s: %v", with, err)
		}
	case <-time.After(patience):
		t.Errorf("%s does not end it", with)
	}
}

func (p *process) waitFor(t *testing.T, text string) {
	t.Helper()
	poll(t, text, func() bool { return strings.Contains(p.err.String(), text) })
}

// The parts of the banner.
var (
	tryLine  = regexp.MustCompile(`(?m)^# (.+)\n(curl .+)$`)
	editLine = regexp.MustCompile(`(?m)^edit (.+) and save;$`)
	tokenURL = regexp.MustCompile(`\$\(curl -s (http://[^)]+)\)`)
)

// tries gives the curl lines of the banner by their titles.
func (p *process) tries(t *testing.T) map[string]try {
	t.Helper()
	p.waitFor(t, "Stop with Ctrl-C.")
	out := map[string]try{}
	for _, m := range tryLine.FindAllStringSubmatch(p.err.String(), -1) {
		out[m[1]] = try{line: m[2]}
	}
	return out
}

func (p *process) policyFile(t *testing.T) string {
	t.Helper()
	m := editLine.FindStringSubmatch(p.err.String())
	if m == nil {
		t.Fatalf("the banner names no file:\n%s", p.err.String())
	}
	return m[1]
}

// try is a curl line, which ends in its URL.
type try struct{ line string }

// do sends what the line says.
func (c try) do(t *testing.T) (status int, body string) {
	t.Helper()
	url := c.line[strings.LastIndex(c.line, " ")+1:]
	if !strings.HasPrefix(url, "http://") {
		t.Fatalf("the line does not end in a URL: %q", c.line)
	}
	method := http.MethodGet
	if _, rest, ok := strings.Cut(c.line, " -X "); ok {
		method, _, _ = strings.Cut(rest, " ")
	}
	header := http.Header{}
	if m := tokenURL.FindStringSubmatch(c.line); m != nil {
		status, token := send(t, http.MethodGet, m[1], nil)
		if status != http.StatusOK {
			t.Fatalf("the issuer answers %d %s", status, token)
		}
		header.Set("Authorization", "Bearer "+strings.TrimSpace(token))
	}
	return send(t, method, url, header)
}

func send(t *testing.T, method, url string, header http.Header) (status int, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(data)
}

// viaCurl runs a line in a real shell and gives the status, 0 without curl.
func viaCurl(t *testing.T, line string) int {
	t.Helper()
	for _, tool := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			return 0
		}
	}
	out, err := exec.CommandContext(t.Context(), "sh", "-c", line).Output()
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	status := 0
	if _, rest, ok := bytes.Cut(out, []byte(" ")); ok && bytes.HasPrefix(out, []byte("HTTP/")) && len(rest) > 3 {
		for _, c := range rest[:3] {
			status = status*10 + int(c-'0')
		}
	}
	return status
}

// reasonOf gives the reason code of a problem document.
func reasonOf(t *testing.T, status int, body string) string {
	t.Helper()
	if status == http.StatusOK {
		return ""
	}
	var problem struct{ Code string }
	if err := json.Unmarshal([]byte(body), &problem); err != nil {
		t.Fatalf("%d without a problem document: %s", status, body)
	}
	return problem.Code
}

// echoes tells whether the service behind received a header.
func echoes(t *testing.T, c try, header string) bool {
	t.Helper()
	_, body := c.do(t)
	var got struct{ Headers http.Header }
	return json.Unmarshal([]byte(body), &got) == nil && got.Headers.Get(header) != ""
}

// poll asks until it is so, or gives up.
func poll(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline.C:
			t.Fatalf("it never came to this: %s", what)
		case <-tick.C:
		}
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// buffer is written by a process while the test reads it.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
