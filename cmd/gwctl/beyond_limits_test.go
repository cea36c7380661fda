package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/cmd/gwctl/docs"
)

// beyondLimits changes the set of the examples of diagnostics.md so that it
// comes up to n, for the limits of docs/language.md that a small file reaches.
func beyondLimits() map[string]func(n int) docs.Example {
	letters := func(n int) string { return strings.Repeat("a", n) }
	policy := func(old, fresh string) docs.Example { return docs.Example{File: "policies.yaml", Old: old, New: fresh} }
	region := func(kind string) docs.Example {
		return docs.Example{File: "schema.yaml", Old: "region: {type: string}", New: "region: {" + kind + "}"}
	}
	route := func(fresh string) docs.Example {
		return docs.Example{File: "order.yaml", Old: `- {route: "GET /orders/{id}", action: read}`, New: "- {" + fresh + "}"}
	}
	constant := func(value string) docs.Example { return policy("  vars:\n", "  consts: {x: "+value+"}\n  vars:\n") }
	return map[string]func(n int) docs.Example{
		"characters of a name": func(n int) docs.Example { return policy("id: big-refunds", "id: "+letters(n)) },
		"characters of a reason code": func(n int) docs.Example {
			return policy("    - id: big-refunds\n", "    - {id: more, effect: deny, reason: {code: "+letters(n)+"}}\n    - id: big-refunds\n")
		},
		"characters of a value in a challenge": func(n int) docs.Example {
			return policy("status: 422}", "status: 401, challenge: {acr_values: ["+letters(n)+"]}}")
		},
		"levels of types in types": func(n int) docs.Example {
			return region("type: " + strings.Repeat("list(", n) + "string" + strings.Repeat(")", n))
		},
		"levels of objects in objects": func(n int) docs.Example {
			return region(strings.Repeat("type: object, fields: {x: {", n) + "type: string" + strings.Repeat("}}", n))
		},
		"bytes of a constant's text": func(n int) docs.Example { return constant(letters(n)) },
		"items of a constant":        func(n int) docs.Example { return constant("[" + strings.Repeat("a, ", n-1) + "a]") },
		"methods of a route": func(n int) docs.Example {
			methods := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}[:n]
			return route(fmt.Sprintf(`route: "%s /orders/{id}", action: read`, strings.Join(methods, ",")))
		},
		"bytes of a route's path":    func(n int) docs.Example { return route(`route: "GET /` + letters(n-1) + `", action: read`) },
		"segments of a route's path": func(n int) docs.Example { return route(`route: "GET ` + strings.Repeat("/a", n) + `", action: read`) },
		"characters of a host":       func(n int) docs.Example { return route(`route: "GET ` + letters(n) + `/orders/{id}", action: read`) },
		"bytes of a body": func(n int) docs.Example {
			return route(fmt.Sprintf(`route: "POST /orders/{id}", action: read, body: {type: json, maxBytes: %d}`, n))
		},
		"seconds of `max_age` in `cors`": func(n int) docs.Example {
			return route(fmt.Sprintf(`route: "GET /orders/{id}", action: read, cors: {origins: ["https://a.example"], max_age: %d}`, n))
		},
		"characters of an expression": func(n int) docs.Example {
			return policy("when: vars.is_owner", "when: user.id == '"+letters(n-len("user.id == ''"))+"'")
		},
		"loops in loops": func(n int) docs.Example {
			return policy("when: vars.is_owner", `when: "`+strings.Repeat("[1].exists(x, ", n)+"user.authenticated"+strings.Repeat(")", n)+`"`)
		},
		"characters of an obligation's header name": func(n int) docs.Example {
			return policy("when: vars.is_owner\n", "when: vars.is_owner\n      obligations: {set_headers: {"+letters(n)+": \"''\"}}\n")
		},
	}
}

// TestBeyondLimits comes up to limits and goes one further: only then the code
// is raised that the table of limits names.
func TestBeyondLimits(t *testing.T) {
	t.Parallel()
	page, changes := languagePage(t), beyondLimits()
	for _, r := range page.table(t, "limits", "what").rows {
		change, ok := changes[r.cells[0]]
		if !ok {
			continue
		}
		delete(changes, r.cells[0])
		n, err := numberIn(r.cells[1])
		if err != nil {
			t.Fatal(err)
		}
		code, _, _ := strings.Cut(strings.TrimPrefix(r.cells[2], "["), "]")
		if codes := errorsOf(t, change(int(n))); len(codes) > 0 {
			t.Errorf("%s:%d: %d already raises %q", page.name, r.line, n, codes)
		}
		if codes := errorsOf(t, change(int(n)+1)); !slices.Equal(codes, []string{code}) {
			t.Errorf("%s:%d: %d raises %q, want %s", page.name, r.line, n+1, codes, code)
		}
	}
	for what := range changes {
		t.Errorf("%s: there is no limit %q", page.name, what)
	}
}

// errorsOf are the errors that lint finds in a changed set.
func errorsOf(t *testing.T, e docs.Example) []string {
	t.Helper()
	dir := t.TempDir()
	writeBase(t, dir, &e)
	out, _ := gwctl("policy", "lint", dir)
	return errorCodes(out)
}
