package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// claimSets are the claims that a provider puts into tokens.
type claimSets struct {
	Users  map[string]json.RawMessage `json:"users"`
	Others map[string]struct {
		Reason string          `json:"reason"`
		Claims json.RawMessage `json:"claims"`
	} `json:"others"`
}

// Users by claims in suites become what they are at the sidecar: under the
// configuration of every provider one list of cases passes, and without it none
// of them would. Claims that the sidecar refuses fail their case.
func TestProviderSuites(t *testing.T) {
	dir := filepath.Join(root, "examples", "authn", "providers")
	page := readText(t, filepath.Join(root, "docs", "providers.md"))
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) < 8 {
		t.Fatalf("%d configurations, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			_, block, _ := strings.Cut(readText(t, file), "  authn:\n")
			if !strings.Contains(page, "```yaml\nauthn:\n"+dedent(block)+"```\n") {
				t.Errorf("docs/providers.md does not show the block of %s as it is", name)
			}
			if out, code := gwctl("serve", "-c", file, "--check"); code != 0 || !strings.Contains(out, "0 errors, 0 warnings") {
				t.Errorf("exit %d\n%s", code, out)
			}
			var sets claimSets
			if err := json.Unmarshal([]byte(readText(t, filepath.Join(dir, "claims", name+".json"))), &sets); err != nil {
				t.Fatal(err)
			}
			set := t.TempDir()
			write := func(name, text string) {
				if err := os.WriteFile(filepath.Join(set, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write("orders.yaml", readText(t, filepath.Join(dir, "policies", "orders.yaml")))
			write("claims_test.yaml", suiteOfClaims(sets))
			if out, code := gwctl("policy", "test", "-c", file, set); code != 0 || !strings.Contains(out, "7 passed") {
				t.Errorf("exit %d\n%s", code, out)
			}
			if out, code := gwctl("policy", "test", set); code != 1 || strings.Contains(out, " 7 passed") {
				t.Errorf("without the configuration: exit %d\n%s", code, out)
			}
			out, code := gwctl("explain", "-p", set, "-c", file, "--case", "claims_test.yaml#nightly refunds")
			if code != 0 || !strings.Contains(out, "decision  DENY, reason person_required") {
				t.Errorf("explain: exit %d\n%s", code, out)
			}
			for what, o := range sets.Others {
				if o.Reason != "invalid_claims" {
					continue
				}
				write("claims_test.yaml", fmt.Sprintf(suiteHead, "    other: {claims: "+string(o.Claims)+"}\n")+
					"    - {name: refused, user: other, request: GET /tenants/acme/orders/42, expect: deny}\n")
				if out, code := gwctl("policy", "test", "-c", file, set); code != 1 || !strings.Contains(out, "refuses these claims with 401") {
					t.Errorf("%s: exit %d\n%s", what, code, out)
				}
				if out, code := gwctl("explain", "-p", set, "-c", file, "--case", "claims_test.yaml#refused"); code == 0 || !strings.Contains(out, "refuses these claims with 401") {
					t.Errorf("explain of %s: exit %d\n%s", what, code, out)
				}
			}
		})
	}
}

const suiteHead = `apiVersion: gwctl.dev/v1
kind: TestSuite
metadata: {name: claims}
spec:
  now: 2026-01-15T10:00:00Z
  users:
%s  cases:
`

func suiteOfClaims(sets claimSets) string {
	var users strings.Builder
	for _, name := range slices.Sorted(maps.Keys(sets.Users)) {
		fmt.Fprintf(&users, "    %s: {claims: %s}\n", name, sets.Users[name])
	}
	return fmt.Sprintf(suiteHead, users.String()) + `    - {name: meera reads, user: meera, request: GET /tenants/acme/orders/42, expect: {effect: allow, rule: orders/people-read}}
    - {name: meera refunds, user: meera, request: POST /tenants/acme/orders/42/refund, expect: {effect: allow, rule: orders/managers-refund}}
    - {name: victor refunds, user: victor, request: POST /tenants/acme/orders/42/refund, expect: {effect: deny, reason: no_matching_rule}}
    - {name: ravi reads, user: ravi, request: GET /tenants/acme/orders/42, expect: {effect: deny, reason: insufficient_scope}}
    - {name: eve reads, user: eve, request: GET /tenants/globex/orders/42, expect: {effect: allow, rule: orders/people-read}}
    - {name: nightly reads, user: nightly, request: GET /tenants/acme/orders/42, expect: {effect: allow, rule: orders/apps-read}}
    - {name: nightly refunds, user: nightly, request: POST /tenants/acme/orders/42/refund, expect: {effect: deny, reason: person_required}}
`
}

// dedent takes four blanks from the beginning of each line.
func dedent(block string) string {
	var out strings.Builder
	for line := range strings.Lines(block) {
		out.WriteString(strings.TrimPrefix(line, "    "))
	}
	return out.String()
}
