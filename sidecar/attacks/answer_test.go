package attacks_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/syntax"
)

// A credential that was good is nobody's decision: the next request of the same
// token is judged by its own rules (A75, A84, A85).
func TestKnownTokens(t *testing.T) {
	r := start(t, setup{})
	user, admin := r.as("user"), r.as("admin") // the same header, another payload
	var cases []refusal
	for i := range 3 {
		cases = append(cases,
			refusal{fmt.Sprintf("A84 a known token where it may not, %d", i), get("/admin/x", user), noRule, get("/public/x", user), nil},
			refusal{fmt.Sprintf("A85 a known token beside a greater one, %d", i), get("/admin/x", user), noRule, get("/admin/x", admin), nil},
			refusal{fmt.Sprintf("A84 a known token with another signature, %d", i), get("/admin/x", admin[:len(admin)-8]+"AAAAAAAA"), badToken("signature_invalid"), get("/admin/x", admin), nil},
		)
	}
	r.refuse(t, cases)
	r.stop(t)
}

// While there are no keys, tokens can be neither good nor bad, and two of them
// are refused as ever (A80, A81).
func TestNoKeys(t *testing.T) {
	r := start(t, setup{away: true})
	user := r.as("user")
	down := verdict{status: 503, code: "dependency_unavailable", kind: record.KindAuthnFailure}
	r.refuse(t, []refusal{
		{"A81 token without keys", get("/public/x", user), down, get("/public/x"), nil},
		{"A80 two tokens without keys", get("/public/x", user, r.as("admin")), malformed("repeated_header"), get("/public/x"), nil},
		{"A80 two tokens without keys, one as a cookie", get("/public/x", user, "Cookie: token="+strings.TrimPrefix(user, "Authorization: Bearer ")), down, get("/public/x"), nil},
	})
	r.stop(t)
}

// A form is not read for a token: the answer comes while its body does not
// (A92).
func TestTokenInBody(t *testing.T) {
	r := start(t, setup{})
	r.refuse(t, []refusal{
		{"A92 token in a form", raw("POST /admin/x HTTP/1.1", "Host: app.test", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 1073741824", "", "access_token=x"), nobody, get("/admin/x", r.as("admin")), nil},
	})
	r.stop(t)
}

// What an answer says of the request is inert in a browser (A118). Every door
// looks at the headers of every answer; here the request has markup.
func TestAnswersAreInert(t *testing.T) {
	everywhere(t, setup{}, func(t *testing.T, r *rig) {
		const tag = "%3Cscript%3E"
		host := malformed("host")
		r.refuse(t, []refusal{
			{"A118 markup in the path", get("/nowhere/" + tag), noRoute, get("/public/" + tag), nil},
			{"A118 markup in a path that is malformed", get("/nowhere/" + tag + "%2F"), malformed("encoded_slash"), get("/public/" + tag), nil},
			{"A118 raw markup", get("/nowhere/<script>"), malformed("path_byte"), get("/public/" + tag), nil},
			{"A118 markup in the query", get("/nowhere?error_description=" + tag), noRoute, get("/public/x?error_description=" + tag), nil},
			{"A118 markup in the host", get("/nowhere").at("<script>"), unread(400, syntax.Rule), get("/public/x"), &host},
			{"A118 markup as a credential", get("/public/x", "Authorization: <script>"), badToken("credential_unsupported"), get("/public/x"), nil},
		})
	})
}

// inert says what a browser could make of an answer of gwctl, "" for nothing.
func (a answer) inert() string {
	if a.code() == "" {
		return ""
	}
	for name, want := range map[string]string{
		"Content-Type": "application/problem+json", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-store",
	} {
		if got := a.header.Get(name); got != want {
			return fmt.Sprintf("%s is %q, want %q", name, got, want)
		}
	}
	if strings.Contains(a.body, "script") {
		return "the answer repeats the request: " + a.body
	}
	return ""
}
