package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestWebSocketExample: the example of docs/serve.md lints, is formatted, passes
// its suite and can be served.
func TestWebSocketExample(t *testing.T) {
	dir := filepath.Join(root, "examples", "websocket")
	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"policy", "lint", "--strict", dir}, "0 errors, 0 warnings"},
		{[]string{"policy", "fmt", "--check", dir}, ""},
		{[]string{"policy", "test", dir}, "10 passed, 0 failed"},
		{[]string{"serve", "-c", filepath.Join(dir, "gwctl.yaml"), "--check"}, "ok: 0 errors, 0 warnings"},
	} {
		if out, code := gwctl(tt.args...); code != 0 || !strings.Contains(out, tt.says) {
			t.Errorf("gwctl %s: exit %d\n%s", strings.Join(tt.args, " "), code, out)
		}
	}
}
