package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gwctl/gwctl/cmd/gwctl/docs"
	"github.com/gwctl/gwctl/examples"
)

// TestScripts runs every script in testdata/script. Each begins in a directory
// that holds its own files and a copy of examples/quickstart.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Deadline:            time.Now().Add(2 * time.Minute), // ends a command that serves instead of refusing
		Setup: func(e *testscript.Env) error {
			e.Setenv("GORACE", raceExit)
			e.Setenv("TOKEN", unsigned(`{"sub":"alice","tenant":"acme","roles":"customer","scope":"orders:read","exp":4102444800}`))
			e.Setenv("EXPIRED", unsigned(`{"sub":"alice","tenant":"acme","roles":"customer","scope":"orders:read","exp":946684800}`))
			e.Setenv("FRESH", jwt("RS256", fmt.Sprintf(`{"iss":"https://idp.example.com","aud":"orders-api","sub":"alice","exp":%d}`, time.Now().Add(time.Hour).Unix())))
			now := time.Now()
			e.Setenv("LATE", jwt("RS256", fmt.Sprintf(`{"iss":"https://idp.example.com","aud":"orders-api","sub":"alice","iat":%d,"exp":%d}`, now.Add(-time.Hour-time.Minute).Unix(), now.Add(-190*time.Second).Unix())))
			e.Setenv("EARLY", jwt("RS256", fmt.Sprintf(`{"iss":"https://idp.example.com","aud":"orders-api","sub":"alice","nbf":%d,"exp":%d}`, now.Add(11*time.Minute+30*time.Second).Unix(), now.Add(time.Hour).Unix())))
			return os.CopyFS(filepath.Join(e.WorkDir, "quickstart"), examples.Quickstart())
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "envelope": envelope, "fill": fill,
		},
	})
}

// unsigned makes a token that nobody should believe.
func unsigned(claims string) string { return jwt("none", claims) }

// jwt makes a token with a signature of no worth.
func jwt(alg, claims string) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"`+alg+`"}`)) + "." + part([]byte(claims)) + "." + part([]byte("signature"))
}

// exits CODE COMMAND [ARG...] runs a command that must end with this very code.
// No script has a terminal, so nothing may be coloured.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var ended *exec.ExitError
	got := 0
	switch {
	case errors.As(err, &ended):
		got = ended.ExitCode()
	case err != nil:
		ts.Fatalf("running %s: %s", args[1], err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
	for _, stream := range []string{"stdout", "stderr"} {
		if strings.Contains(ts.ReadFile(stream), "\x1b") {
			ts.Fatalf("%s holds colour codes and is no terminal", stream)
		}
	}
}

// envelope COMMAND OK [KEY...] checks the JSON on standard output: what every
// output has, and further keys at the top.
func envelope(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: envelope COMMAND OK [KEY...]")
	}
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	var top map[string]json.RawMessage
	ts.Check(dec.Decode(&top))
	if dec.More() {
		ts.Fatalf("standard output goes on after the JSON")
	}
	for key, want := range map[string]string{"version": "1", "command": strconv.Quote(args[0]), "ok": args[1]} {
		if got := string(top[key]); got != want {
			ts.Fatalf("%s is %s, want %s", key, got, want)
		}
	}
	var found []map[string]json.RawMessage
	ts.Check(json.Unmarshal(top["diagnostics"], &found))
	if found == nil {
		ts.Fatalf("diagnostics is null; an empty list is []")
	}
	for _, d := range found {
		for _, key := range []string{"path", "line", "column", "end_line", "end_column", "severity", "code", "message", "url"} {
			if d[key] == nil {
				ts.Fatalf("a diagnostic has no %s: %s", key, d)
			}
		}
	}
	var summary map[string]any
	ts.Check(json.Unmarshal(top["summary"], &summary))
	want := append([]string{"version", "command", "ok", "diagnostics", "summary"}, args[2:]...)
	for key := range top {
		if !slices.Contains(want, key) {
			ts.Fatalf("key %q is not expected", key)
		}
	}
	if len(top) != len(want) || len(summary) == 0 {
		ts.Fatalf("want the keys %q and a summary, got %s", want, ts.ReadFile("stdout"))
	}
}

// fill DIR... completes directories to the set that docs/diagnostics.md begins
// with: files that a script brings itself stay as they are.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: fill DIR...")
	}
	set, err := docs.Base()
	ts.Check(err)
	names, err := fs.Glob(set, "*.yaml")
	ts.Check(err)
	for _, arg := range args {
		dir := ts.MkAbs(arg)
		ts.Check(os.MkdirAll(dir, 0o777))
		for _, name := range names {
			path := filepath.Join(dir, name)
			if _, err := os.Stat(path); err == nil {
				continue
			}
			text, err := fs.ReadFile(set, name)
			ts.Check(err)
			ts.Check(os.WriteFile(path, text, 0o666))
		}
	}
}
