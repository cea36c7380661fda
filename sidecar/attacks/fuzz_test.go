package attacks_test

import (
	"bufio"
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/audit"
	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/health"
	"github.com/gwctl/gwctl/sidecar/pdp"
)

// decider is a decision point over the policies of this package.
func decider(t testing.TB) *pdp.Point {
	t.Helper()
	src, found := policy.Load([]policy.File{{Path: "set.yaml", Data: []byte(policies)}})
	set, more := engine.Compile(src)
	if found = append(found, more...); found.HasErrors() {
		t.Fatal(found)
	}
	reader, err := canonical.New(canonical.Options{})
	if err != nil {
		t.Fatal(err)
	}
	log := audit.New(audit.NewWriterSink(io.Discard), audit.Options{})
	point := pdp.New(pdp.Options{
		Clock: time.Now, NewID: func() string { return "decision" }, Audit: log, Metrics: health.NewMetrics(),
		Reader: reader, Logger: slog.New(slog.DiscardHandler), Verify: (*engine.Set).Verify,
	})
	snapshot, found := pdp.NewSnapshot(set, &config.Config{AllowAnonymous: true}, nil, func(string) (string, bool) { return "", false })
	if found.HasErrors() {
		t.Fatal(found)
	}
	point.Swap(snapshot)
	return point
}

// readings are how services make a path out of the target they are asked for.
// None of them is gwctl's own.
var readings = map[string]func(target string) (string, bool){
	"net/url": func(target string) (string, bool) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return "", false
		}
		return u.Path, true
	},
	"decode, then clean": func(target string) (string, bool) {
		raw, _, _ := strings.Cut(target, "?")
		p, err := url.PathUnescape(raw)
		return path.Clean("/" + p), err == nil
	},
	"clean, then decode": func(target string) (string, bool) {
		raw, _, _ := strings.Cut(target, "?")
		p, err := url.PathUnescape(path.Clean("/" + raw))
		return p, err == nil
	},
	"without parameters": func(target string) (string, bool) {
		raw, _, _ := strings.Cut(target, "?")
		var kept []string
		for segment := range strings.SplitSeq(raw, "/") {
			segment, _, _ = strings.Cut(segment, ";")
			kept = append(kept, segment)
		}
		p, err := url.PathUnescape(strings.Join(kept, "/"))
		return path.Clean("/" + p), err == nil
	},
	"decoded parameters": func(target string) (string, bool) {
		raw, _, _ := strings.Cut(target, "?")
		p, err := url.PathUnescape(raw)
		p, _, _ = strings.Cut(p, ";")
		return path.Clean("/" + p), err == nil
	},
	"backslash is slash": func(target string) (string, bool) {
		raw, _, _ := strings.Cut(target, "?")
		p, err := url.PathUnescape(raw)
		return path.Clean("/" + strings.ReplaceAll(p, `\`, "/")), err == nil
	},
	"text in C": func(target string) (string, bool) {
		raw, _, _ := strings.Cut(target, "?")
		p, err := url.PathUnescape(raw)
		p, _, _ = strings.Cut(p, "\x00")
		return path.Clean("/" + p), err == nil
	},
	"fragment cut": func(target string) (string, bool) {
		raw, _, _ := strings.Cut(target, "#")
		raw, _, _ = strings.Cut(raw, "?")
		p, err := url.PathUnescape(raw)
		return path.Clean("/" + p), err == nil
	},
	"authority": func(target string) (string, bool) {
		u, err := url.Parse(target) // `//host/path` has a host here
		if err != nil {
			return "", false
		}
		return u.Path, true
	},
	"overlong dots": func(target string) (string, bool) {
		raw, _, _ := strings.Cut(target, "?")
		p, err := url.PathUnescape(raw)
		p = strings.NewReplacer("\xc0\xae", ".", "\xc0\xaf", "/").Replace(p)
		return path.Clean("/" + p), err == nil
	},
}

// FuzzPathAuthorisedIsPathSent (A08): whatever bytes a client sends, if they are
// allowed then every service reads the path that was decided, and the identity
// headers are those that were decided (A08).
func FuzzPathAuthorisedIsPathSent(f *testing.F) {
	for _, target := range []string{
		"/public/x", "/public/%61/b%2Cc/", "/open/other/x?a=1&b", "/items/%25", "/hosted", "/plan", "/public/../admin/x", "/public/%2e%2e/admin", "/public/..%2fadmin",
		"//public/x", "/public//admin", "/public/x;y", "/public/..;/admin", "/public/%5c..%5cadmin", "/public/x%00", "/public/x#/../admin", "/public/%2561dmin", "/public/%252e%252e/admin",
		"/public/%c0%ae%c0%ae/admin", "/public/\u00e9", "http://app.test/public/x", "*", "public/x", "/public/?../admin", "/open/%61dmin/x", "/public/\u2024\u2024/admin", "/public/%e2%80%a4",
	} {
		f.Add(target, "app.test", "X-User-Id", "evil")
	}
	for _, name := range []string{"X_User_Id", "x.user.roles", "X-Tenant-ID", "X-USER-ROLES", "Connection", "X-Auth_Claims", "x-request-id", "Transfer-Encoding", "Content-Length", "Upgrade", "X-Plan"} {
		f.Add("/public/x", "App.Test:80", name, "evil, x-user-id")
		f.Add("/plan", "app.test.", name, "evil\r\nX-User-Id: evil")
	}
	point := decider(f)
	f.Fuzz(func(t *testing.T, target, host, name, value string) {
		raw := "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + name + ": " + value + "\r\nX-Plan: pro\r\n\r\n"
		in, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
		if err != nil {
			return
		}
		in.RemoteAddr = "192.0.2.1:4711"
		turn := point.Begin()
		c, refused := turn.Reader().Read(in)
		if refused != nil {
			return
		}
		out := turn.Request(t.Context(), c, nil, "proxy")
		if !out.Allowed {
			return
		}
		wire := sent(t, c, out.Headers)
		line, head, _ := strings.Cut(wire, "\r\n")
		checkSentLine(t, c, line)
		checkSentHead(t, head, out.Headers)
	})
}

// sent writes what the proxy sends for an allowed request.
func sent(t *testing.T, c *canonical.Request, identity http.Header) string {
	t.Helper()
	h := c.Header.Clone()
	if h == nil {
		h = http.Header{}
	}
	for name, values := range identity {
		h[name] = values
	}
	var wire bytes.Buffer
	if err := (&http.Request{Method: c.Method, URL: c.OutURL(&url.URL{Scheme: "http", Host: "service.test"}), Host: c.Host, Header: h}).Write(&wire); err != nil {
		t.Fatalf("%q is allowed and cannot be sent: %v", c.Path, err)
	}
	return wire.String()
}

func checkSentLine(t *testing.T, c *canonical.Request, line string) {
	t.Helper()
	target := c.Path
	if c.RawQuery != "" {
		target += "?" + c.RawQuery
	}
	if line != c.Method+" "+target+" HTTP/1.1" {
		t.Fatalf("decided %q, sent %q", target, line)
	}
	want := "/" + strings.Join(c.Segments, "/")
	for name, read := range readings {
		if got, ok := read(target); !ok || strings.TrimSuffix(got, "/") != strings.TrimSuffix(want, "/") {
			t.Fatalf("decided %q, a service that reads by %q is asked for %q (%t)", want, name, got, ok)
		}
	}
}

// checkSentHead reads the head once more, by the letter and as leniently as
// anybody does.
func checkSentHead(t *testing.T, head string, identity http.Header) {
	t.Helper()
	if strings.Count(head, "\n") != strings.Count(head, "\r\n") || strings.Count(head, "\r") != strings.Count(head, "\r\n") || strings.Contains(head, "\x00") {
		t.Fatalf("sent %q", head)
	}
	seen := map[string]bool{}
	for line := range strings.SplitSeq(strings.TrimSuffix(head, "\r\n\r\n"), "\r\n") {
		name, value, ok := strings.Cut(line, ": ")
		fold := strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(strings.TrimSpace(name)))
		if !ok || strings.Trim(name, " \t") != name {
			t.Fatalf("sent the line %q", line)
		}
		switch {
		case known(fold):
			if seen[fold] || len(identity[name]) != 1 || identity[name][0] != value {
				t.Fatalf("the identity header %q is sent, the identity is %v", line, identity)
			}
			seen[fold] = true
		case strings.HasPrefix(fold, "x-forwarded"), fold == "forwarded", fold == "connection", fold == "transfer-encoding", fold == "upgrade", fold == "x-http-method-override":
			t.Fatalf("the line %q is sent", line)
		}
	}
}

// known tells whether a folded name is one of the identity headers.
func known(fold string) bool {
	for _, name := range identityHeaders {
		if strings.ToLower(name) == fold {
			return true
		}
	}
	return false
}
