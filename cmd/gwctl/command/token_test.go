package command

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// inspect runs token inspect with a token on standard input.
func inspect(token string, now time.Time, args ...string) (code int, out, errs string) {
	var stdout, stderr bytes.Buffer
	code = Main(append([]string{"token", "inspect"}, args...), Streams{In: strings.NewReader(token), Out: &stdout, Err: &stderr, Now: func() time.Time { return now }})
	return code, stdout.String(), stderr.String()
}

func tokenOf(claims string) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"RS256","kid":"fresh"}`)) + "." + part([]byte(claims)) + "." + part([]byte("signature"))
}

// A token is sent nowhere, and nobody is asked about it or about keys, whatever
// it says: neither issuer nor endpoint sees a connection.
func TestInspectConnectsToNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var accepted atomic.Int64
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted.Add(1)
			_ = c.Close()
		}
	}()
	dir, iss := t.TempDir(), "http://"+l.Addr().String()
	path := filepath.Join(dir, "gwctl.yaml")
	text := fmt.Sprintf(`apiVersion: gwctl.dev/v1
kind: Sidecar
metadata: {name: s}
spec:
  policies: {dir: policies}
  listeners:
    proxy: {address: "127.0.0.1:0", upstreams: [{match: "/{rest...}", url: "http://127.0.0.1:9000"}]}
  authn:
    - jwt: {issuer: %q, audiences: [api]}
    - introspection: {endpoint: "%s/introspect", client_id: gw, client_secret: {env: NOT_SET}, issuer: %q}
`, iss, iss, iss)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	good := tokenOf(fmt.Sprintf(`{"iss":%q,"aud":"api","sub":"a","exp":1800000600}`, iss))
	for name, tt := range map[string]struct {
		token string
		code  int
		says  string
	}{
		"of the issuer": {good, 0, "would take it, if the signature is good"},
		"expired":       {tokenOf(fmt.Sprintf(`{"iss":%q,"aud":"api","sub":"a","exp":1799999820}`, iss)), 0, "expired 3 minutes ago"},
		"of another":    {tokenOf(`{"iss":"https://x.test","aud":"api","sub":"a","exp":1800000600}`), 1, "issuer_unknown"},
		"opaque":        {"abc", 0, "would be asked about it"},
		"encrypted":     {"eyJlbmMiOiJBMTI4R0NNIn0.AA.AA.AA.AA", 0, "the token is encrypted"},
		"too large":     {strings.Repeat("a", 17<<10), 1, "token_too_large"},
	} {
		code, out, errs := inspect(tt.token, now, "-c", path)
		if code != tt.code || !strings.Contains(out, tt.says) || errs != "" || !strings.HasSuffix(out, "the token was sent nowhere\n") {
			t.Errorf("%s: exit code %d\n%s%s", name, code, out, errs)
		}
	}
	if n := accepted.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
	// Control: the listener counts.
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = c.Read(make([]byte, 1))
	if n := accepted.Load(); n != 1 {
		t.Errorf("%d connections counted", n)
	}
}

// What is read is bounded, and more is no token.
func TestInspectInput(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for name, tt := range map[string]struct {
		in   string
		code int
	}{
		"nothing":        {"", 2},
		"blanks":         {" \n\t", 2},
		"64 KiB":         {strings.Repeat("a", 64<<10), 1},
		"a byte more":    {strings.Repeat("a", 64<<10+1), 2},
		"very much":      {strings.Repeat("a", 4<<20), 2},
		"line end":       {tokenOf(`{"sub":"a"}`) + "\r\n", 0},
		"with a scheme":  {"bearer " + tokenOf(`{"sub":"a"}`), 0},
		"another scheme": {"Basic YTpi", 1},
		"two":            {tokenOf(`{}`) + " " + tokenOf(`{}`), 1},
	} {
		if code, out, errs := inspect(tt.in, now); code != tt.code || strings.Contains(out+errs, "aaaa") {
			t.Errorf("%s: exit code %d, want %d\n%.300s%.300s", name, code, tt.code, out, errs)
		}
	}
}

// Lengths of time in words, in the largest whole unit.
func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 seconds", time.Second: "1 second", 59 * time.Second: "59 seconds", time.Minute: "1 minute", 119 * time.Second: "1 minute",
		3*time.Minute + 59*time.Second: "3 minutes", time.Hour: "1 hour", 47 * time.Hour: "1 day", 48 * time.Hour: "2 days", 400 * 24 * time.Hour: "400 days",
	} {
		if got := span(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
