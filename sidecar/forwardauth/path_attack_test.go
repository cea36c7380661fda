package forwardauth

import (
	"strings"
	"testing"
)

// attack is one row of the corpus against this door: what is asked about is
// refused, and the same without the fault is let through.
type attack struct {
	name   string
	asked  asked
	client []string
	status string
	code   string
	rule   string // of the record, for what is not canonical; nginx's may differ
	twin   asked
	same   []string // client headers of the twin, if not those of the row
	alone  bool     // every dialect but nginx, whose own parser is in the way: see the e2e tests
}

const admin, user = "Authorization: Bearer admin", "Authorization: Bearer user"

// run asks about every row in every dialect.
func run(t *testing.T, rows []attack) {
	t.Helper()
	each(t, func(t *testing.T, r *rig) {
		var done []attack
		for _, row := range rows {
			if row.alone && r.dialect == "nginx" {
				continue
			}
			done = append(done, row)
			a := r.ask(row.asked, row.client...)
			if a.status() != row.status || a.code() != row.code || a.StatusCode < 400 {
				t.Errorf("%s: answer %s %s", row.name, a.Status, a.text)
			}
			client := row.client
			if row.same != nil {
				client = row.same
			}
			if a := r.ask(row.twin, client...); a.StatusCode != 200 {
				t.Errorf("%s: twin: answer %s %s", row.name, a.Status, a.text)
			}
		}
		events := r.records()
		if len(events) != 2*len(done) {
			t.Fatalf("%d records of %d answers", len(events), 2*len(done))
		}
		for i, row := range done {
			e, twin := events[2*i], events[2*i+1]
			if reason(e) != row.code && row.code != "invalid_token" || e.Detail != row.rule && row.rule != "" {
				t.Errorf("%s: recorded %s %q, want %s %q", row.name, reason(e), e.Detail, row.code, row.rule)
			}
			if twin.Status != 200 {
				t.Errorf("%s: twin: recorded %+v", row.name, twin)
			}
		}
	})
}

// malformed is a row about a target that two readers could understand
// differently.
func malformed(row, target, rule, twin string) attack {
	return attack{name: row + " " + target, asked: asked{line: "GET " + target}, client: []string{admin}, status: "400", code: "request_not_canonical", rule: rule, twin: asked{line: "GET " + twin}}
}

// ATTACKS 2.1: targets.
func TestPathAttacks(t *testing.T) {
	rows := []attack{
		malformed("A01", "/public/../admin/secrets", "dot_segment", "/admin/secrets"),
		malformed("A01", "/public/./x", "dot_segment", "/public/x"),
		malformed("A02", "/public/%2e%2e/admin", "dot_segment", "/public/admin"),
		malformed("A02", "/public/.%2E/admin", "dot_segment", "/public/.%2Eadmin"),
		malformed("A04", "/public%2fadmin", "encoded_slash", "/public/admin"),
		malformed("A04", "/public%2Fadmin", "encoded_slash", "/public/admin"),
		malformed("A04", "/a%5Cb", "encoded_backslash", "/public/b"),
		malformed("A04", "/a%5cb", "encoded_backslash", "/public/b"),
		malformed("A05", "/public/..%2fadmin/secret.txt", "encoded_slash", "/admin/secret.txt"),
		malformed("A06", "//admin/dashboard", "empty_segment", "/admin/dashboard"),
		malformed("A06", "///admin", "empty_segment", "/admin"),
		malformed("A06", "//x/people?a=1", "empty_segment", "/public/people?a=1"),
		malformed("A06", "/admin//x", "empty_segment", "/admin/x/"),
		malformed("A09", "/admin;x", "path_params", "/admin"),
		malformed("A09", "/admin;jsessionid=1", "path_params", "/admin"),
		malformed("A09", "/public/..;/admin", "path_params", "/public/admin"),
		malformed("A09", "/admin%3bx", "path_params", "/admin"),
		malformed("A10", "/admin#x", "fragment", "/admin"),
		malformed("A10", "/#/../admin", "fragment", "/admin"),
		malformed("A25", `/a\..\admin`, "backslash", "/admin"),
		malformed("A25", "/private.%5cx", "encoded_backslash", "/admin"),
		malformed("A26", "/public/x?a=%zz&admin=1", "query_encoding", "/public/x?a=%20&admin=1"),
		malformed("A26", "/public/x?a=1;admin=1", "query_semicolon", "/public/x?a=1&admin=1"),
		malformed("A26", "/public/x?"+strings.Repeat("a&", 256)+"admin=1", "query_params", "/public/x?"+strings.Repeat("a&", 255)+"admin=1"),
		malformed("A26", "/public/x?"+strings.Repeat("a", 8<<10), "target_length", "/public/x?"+strings.Repeat("a", 8<<10-len("/public/x?"))),
		malformed("A29", "/healthz/../admin", "dot_segment", "/admin"),
		malformed("A30", "/%c0%ae%c0%ae/admin", "path_text", "/admin"),
		malformed("A30", "/%ff", "path_text", "/public/%C3%BF"),
		malformed("A30", "/admin%00", "encoded_control", "/admin"),
		malformed("A30", "/admin%0a", "encoded_control", "/admin"),
		malformed("half a triplet", "/a%2", "percent_encoding", "/public/a%20"),
		malformed("blank", "/public/a b", "target_byte", "/public/a%20b"),
		malformed("raw UTF-8", "/public/\u00e9", "target_byte", "/public/%C3%A9"),
	}
	// A20, A21: a target that is none of this host. In nginx's URL both read as
	// something else, and nginx refuses them before; the e2e tests ask it.
	for target, rule := range map[string]string{"http://evil.test/admin": "absolute_form", "admin/x": "target_form", "*": "target_form", "": "forwarding"} {
		row := malformed("A20 A21", target, rule, "/admin/x")
		row.alone = true
		if target == "" {
			row.code, row.rule = "forwarding_incomplete", "x-forwarded-uri"
		}
		rows = append(rows, row)
	}
	run(t, rows)
}

// ATTACKS 2.1: what is canonical and leads elsewhere than it looks.
func TestRouteAttacks(t *testing.T) {
	denied := func(row, target, code, status string, twin asked) attack {
		return attack{name: row + " " + target, asked: asked{line: "GET " + target}, client: []string{user}, status: status, code: code, twin: twin}
	}
	page := asked{line: "GET /public/x"}
	asAdmin := func(a attack) attack {
		a.same = []string{admin}
		return a
	}
	run(t, []attack{
		denied("A10", "/foo/secret%23/bar", "no_route", "403", asked{line: "GET /public/secret%23/bar"}),
		asAdmin(denied("A11", "/admin/x?x=/public/logo.png", "no_matching_rule", "403", asked{line: "GET /admin/x?x=/public/logo.png"})),
		asAdmin(denied("A12", "/admin?foo=bar", "no_matching_rule", "403", asked{line: "GET /admin?foo=bar"})),
		denied("A14", "/%2561dmin/export.csv", "no_route", "403", page),
		denied("A15", "/%41DMIN/x", "no_route", "403", page),
		denied("A15", "/ADMIN/x", "no_route", "403", page),
		asAdmin(denied("A15", "/%61dmin/x", "no_matching_rule", "403", asked{line: "GET /%61dmin/x"})),
		denied("A22", "/office/1/admin", "no_route", "403", page),
		asAdmin(denied("A24", "/admin/a*b/!$&'()+,=:@~", "no_matching_rule", "403", asked{line: "GET /admin/a*b/!$&'()+,=:@~"})),
		denied("A25", "/admin./x", "no_route", "403", page),
		denied("A25", "/admin%20/x", "no_route", "403", page),
		denied("A29", "/readyz", "no_route", "403", page),
		denied("A29", "/x?p=/healthz", "no_route", "403", page),
	})
}

// ATTACKS 2.1: hosts and schemes.
func TestHostAttacks(t *testing.T) {
	host := func(row, host string) attack {
		return attack{name: row + " " + host, asked: asked{line: "GET /public/x", host: host}, status: "400", code: "request_not_canonical", rule: "host", twin: asked{line: "GET /public/x"}}
	}
	scheme := func(scheme string) attack {
		return attack{name: "scheme " + scheme, asked: asked{line: "GET /public/x", scheme: scheme}, status: "400", code: "request_not_canonical", rule: "scheme", twin: asked{line: "GET /public/x", scheme: "https"}}
	}
	elsewhere := attack{name: "A16 other host", asked: asked{line: "GET /here", host: "app.test"}, status: "403", code: "no_route", twin: asked{line: "GET /here", host: "hosted.test"}}
	folded, port, dot := elsewhere, elsewhere, elsewhere
	folded.twin.host, port.twin.host, dot.twin.host = "HOSTED.TEST", "Hosted.Test:80", "hosted.test."
	rows := []attack{
		host("A18", `a"b`), host("A18", "app.test,evil.test"), host("A18", "a@b"), host("A18", "app..test"), host("A18", "app.test:"), host("A18", "app.test:0"),
		host("A19", "app.test evil"), host("A19", "app.test\tevil"), host("A19", "app_test"), host("A19", "caf\xe9.test"), host("A19", `app.test\x`),
		host("A19", "app.test?x"), host("A19", "app.test#x"), host("A19", strings.Repeat("a", 254)),
		elsewhere, folded, port, dot,
		scheme("ftp"), scheme("HTTPS"), scheme("wss"), scheme("https,http"),
	}
	// In nginx's URL a slash ends the host.
	slash, params := host("A19", "app.test/../admin"), host("A18", `a";for=1.2.3.4`)
	slash.alone = true
	run(t, append(rows, slash, params))
}
