package forwardauth

import (
	"slices"
	"strings"
	"testing"
)

// ATTACKS 2.2: identity headers of clients in every spelling. None of them is
// seen by a rule or answered as if it were true.
func TestIdentityHeaderAttacks(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		for _, spelling := range []string{
			"X-User-ID", "x-user-id", "X-USER-id", "X_User_ID", "X-User_Id", "x_user_id", "X.User.Id", "X-User.Id",
			"X-User-Roles", "X_User_Roles", "X-Tenant-ID", "x_tenant_id", "X-Auth-Claims", "X-Request-ID", "X_Request_Id",
			"X-Order-View", "X_Order_View", "x-seen-by", "X.Seen.By",
		} {
			evil := spelling + ": evil-0123456789"
			allowed(t, "A31 A32 A34 "+spelling, r.ask(asked{line: "GET /public/x"}, evil), nil)
			if spelling == "X-Request-ID" { // must stand alone, whoever sends it
				if a := r.ask(asked{line: "GET /public/x"}, evil, evil); a.status() != "400" || a.code() != "request_not_canonical" {
					t.Errorf("A34 twice %s: %s %s", spelling, a.Status, a.text)
				}
			} else {
				allowed(t, "A34 twice "+spelling, r.ask(asked{line: "GET /public/x"}, evil, evil), nil)
			}
			a := r.ask(asked{line: "GET /mark"}, user, evil)
			allowed(t, "A34 beside the real one "+spelling, a, map[string]string{
				"X-User-Id": "alice", "X-User-Roles": "customer", "X-Tenant-Id": "acme", "X-Auth-Claims": "eyJwbGFuIjoicHJvIn0", "X-Order-View": "own", "X-Seen-By": "alice",
			})
			if strings.Contains(strings.Join(a.Header["X-Request-Id"], ""), "evil") {
				t.Errorf("%s: the client chose the id", spelling)
			}
			if a := r.ask(asked{line: "GET /admin/x"}, evil); a.StatusCode != 401 || a.code() != "unauthenticated" {
				t.Errorf("%s: answer %s %s", spelling, a.Status, a.text)
			}
		}
	})
}

// ATTACKS 2.2: what else a client can say about itself. It changes nothing, in
// whatever family the proxy leaves it on the carrier.
func TestForwardedHeaderAttacks(t *testing.T) {
	page, twin := asked{line: "GET /secure"}, asked{line: "GET /secure", scheme: "https"}
	spoof := func(row string, headers ...string) attack {
		return attack{name: row + " " + strings.Join(headers, " "), asked: page, client: headers, status: "401", code: "unauthenticated", twin: twin}
	}
	office := func(row, from string, headers ...string) attack {
		return attack{name: row + " " + from, asked: asked{line: "GET /office", from: from}, client: headers, status: "401", code: "unauthenticated", twin: asked{line: "GET /office", from: "10.0.0.1"}}
	}
	rows := []attack{
		spoof("A38", "X-Forwarded-Port: 443", "X-Forwarded-Ssl: on", "Front-End-Https: on"),
		spoof("A39", "X-Forwarded-Prefix: /public", "X_Forwarded_Proto: https", "X_Forwarded_Uri: /public/x", "X-Forwarded_Proto: https"),
		spoof("A40", "Forwarded: for=10.0.0.1;proto=https"),
		office("A40", "198.51.100.7", "Forwarded: for=10.0.0.1", "X-Real-IP: 10.0.0.1", "X_Forwarded_For: 10.0.0.1", "Client-IP: 10.0.0.1"),
		office("A41", `10.0.0.1"`), office("A41", "unknown"), office("A41", `"10.0.0.1, 198.51.100.7"`), office("A41", "010.0.0.1"), office("A41", "10.0.0.1%25eth0"),
		office("A104", "10.0.0.1, 198.51.100.7"), office("A104", "10.0.0.1, 198.51.100.7, 127.0.0.9"), office("A104", "10.0.0.1,,127.0.0.9"),
		{name: "A36", asked: asked{line: "GET /plan"}, client: []string{"Connection: X-Plan", "X-Plan: pro"}, status: "401", code: "unauthenticated", twin: asked{line: "GET /plan"}, same: []string{"X-Plan: pro"}},
		{name: "A32 other names", asked: asked{line: "GET /plan"}, client: []string{"X_Plan: pro"}, status: "401", code: "unauthenticated", twin: asked{line: "GET /plan"}, same: []string{"X-Plan: pro"}},
		{name: "A42", asked: asked{line: "GET /role"}, client: []string{"X-Role: user", "X-Role: admin"}, status: "400", code: "attribute_invalid", twin: asked{line: "GET /role"}, same: []string{"X-Role: user"}},
		{name: "A28", asked: asked{line: "GET /admin/x"}, client: []string{"X-HTTP-Method-Override: OPTIONS", "X-Method-Override: OPTIONS", "X-HTTP-Method: OPTIONS"}, status: "401", code: "unauthenticated", twin: asked{line: "GET /public/x"}},
		{name: "A44", asked: asked{line: "GET /admin/x"}, client: []string{"X-Envoy-Original-Path: /public/x", "X-Rewrite-URL: /public/x", "X-Original-URI: /public/x"}, status: "401", code: "unauthenticated", twin: asked{line: "GET /public/x"}},
		{name: "A45", asked: asked{line: "GET /admin/x"}, client: []string{"User-Agent: GoogleHC/1.0"}, status: "401", code: "unauthenticated", twin: asked{line: "GET /public/x"}},
		{name: "A46", asked: asked{line: "GET /admin/x"}, client: []string{"X-SSL-Client-CN: root", "X-Forwarded-Client-Cert: Subject=root", "Client-Cert: :MIIB:"}, status: "401", code: "unauthenticated", twin: asked{line: "GET /public/x"}},
		{name: "A49", asked: asked{line: "GET /admin/x?access_token=admin"}, status: "401", code: "unauthenticated", twin: asked{line: "GET /public/x?access_token=admin"}},
		{name: "A51", asked: asked{line: "GET /public/x"}, client: []string{"Authorization: Bearer torn"}, status: "403", code: "claim_not_representable", twin: asked{line: "GET /public/x"}, same: []string{user}},
		{name: "A72 two credentials", asked: asked{line: "GET /public/x"}, client: []string{user, "Authorization: Bearer forged"}, status: "400", code: "request_not_canonical", rule: "repeated_header", twin: asked{line: "GET /public/x"}, same: []string{user}},
	}
	for _, c := range []struct{ connection, code, rule string }{
		{"close, x-user-id, X-Request-ID", "hop_by_hop_abuse", "connection_abuse"}, {"Authorization", "hop_by_hop_abuse", "connection_abuse"},
		{"X-Order-View", "hop_by_hop_abuse", "connection_abuse"}, {"X-Forwarded-Uri", "hop_by_hop_abuse", "connection_abuse"}, {"X-Original-URL", "hop_by_hop_abuse", "connection_abuse"},
		{"a b", "request_not_canonical", "connection"},
	} {
		rows = append(rows, attack{name: "A35 " + c.connection, asked: asked{line: "GET /public/x"}, client: []string{user, "Connection: " + c.connection}, status: "400", code: c.code, rule: c.rule, twin: asked{line: "GET /public/x"}, same: []string{user, "Connection: close"}})
	}
	run(t, rows)
}

// Each header of the family stands on the carrier exactly once. What is not
// there is not looked for elsewhere: not in the carrier's line, not in another
// family, not under another spelling.
func TestFamily(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		good := asked{line: "GET /public/x"}
		other := "nginx"
		if r.dialect == "nginx" {
			other = "generic"
		}
		var rules []string
		ask := func(what, code, rule string, headers []string) {
			t.Helper()
			a := r.send(carrier("GET /public/x", headers...))
			if a.status() != "400" || a.code() != code || a.StatusCode == 200 {
				t.Errorf("%s: answer %s %s", what, a.Status, a.text)
			}
			rules = append(rules, rule)
		}
		family := good.family(r.dialect)
		for i, header := range family {
			name, value, _ := strings.Cut(header, ": ")
			rest := slices.Delete(slices.Clone(family), i, i+1)
			fold := strings.ToLower(name)
			ask("without "+name, "forwarding_incomplete", fold, rest)
			// The client can say what it likes; the proxy did not say it.
			for _, line := range []string{strings.ReplaceAll(name, "-", "_") + ": " + value, strings.ReplaceAll(name, "-", ".") + ": " + value} {
				ask("with only "+line, "forwarding_incomplete", fold, append(rest, line))
			}
			if name != "X-Forwarded-Host" {
				ask("with an empty "+name, "forwarding_incomplete", fold, append(slices.Clone(rest), name+":"))
			} else {
				ask("with an empty "+name, "request_not_canonical", "host", append(slices.Clone(rest), name+":"))
			}
			ask("twice "+name, "request_not_canonical", "repeated_header", append(slices.Clone(family), header))
			ask("twice, in another case, "+name, "request_not_canonical", "repeated_header", append(slices.Clone(family), strings.ToUpper(name)+": "+value))
			ask("too long a "+name, "request_not_canonical", "header_limit", append(slices.Clone(rest), header+strings.Repeat("x", 9<<10)))
		}
		first := strings.ToLower(strings.SplitN(family[0], ":", 2)[0])
		ask("nothing", "forwarding_incomplete", first, nil)
		// Only the address of the client has the same name in both families.
		ask("another family", "forwarding_incomplete", first, good.family(other))
		// A spoofed header of the other family beside the real one.
		evil := slices.DeleteFunc(asked{line: "GET /public/x", host: "hosted.test", scheme: "https"}.family(other), func(h string) bool { return strings.HasPrefix(h, "X-Forwarded-For") })
		if a := r.ask(asked{line: "GET /admin/x"}, evil...); a.StatusCode != 401 || a.code() != "unauthenticated" {
			t.Errorf("the other family is believed: %s %s", a.Status, a.text)
		}
		rules = append(rules, "")
		allowed(t, "the twin", r.ask(good, evil...), nil)
		rules = append(rules, "")
		for i, e := range r.records() {
			if e.Detail != rules[i] || e.Door != Name {
				t.Errorf("record %d: %s %q, want %q", i, reason(e), e.Detail, rules[i])
			}
		}
	})
}

// The carrier's own line says nothing, whatever it is.
func TestCarrierLine(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		for _, line := range []string{"GET /", "GET /public/x?a=%zz", "POST /a/../b", "DELETE //", "OPTIONS *", "GET http://evil.test/public/x"} {
			raw := func(a asked) string { return carrier(line, a.family(r.dialect)...) }
			allowed(t, line, r.send(raw(asked{line: "GET /public/x"})), nil)
			if a := r.send(raw(asked{line: "GET /admin/x"})); a.StatusCode != 401 {
				t.Errorf("%s: answer %s", line, a.Status)
			}
		}
	})
}

// Only configured proxies may ask. Others are refused before anything that
// they say is read.
func TestUntrustedPeer(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.from = "127.0.0.2"
		whole := asked{line: "GET /public/x", from: "127.0.0.1"}.family(r.dialect)
		for _, headers := range [][]string{whole, nil, append(whole, user), {"X-Forwarded-For: 127.0.0.1"}} {
			a := r.send(carrier("GET /public/x", headers...))
			if a.StatusCode != 403 || a.code() != "untrusted_peer" || !a.Close || a.Header["X-User-Id"] != nil {
				t.Errorf("answer %s %v %s", a.Status, a.Header, a.text)
			}
		}
		r.from = "127.0.0.9"
		allowed(t, "the other proxy", r.send(carrier("GET /", whole...)), nil)
		events := r.records()
		for i, e := range events {
			if i < 4 && (e.Reason != "untrusted_peer" || e.Detail != RulePeer || e.SourceIP != "127.0.0.2" || e.Status != 403 || e.RequestID == "") {
				t.Errorf("recorded %+v", e)
			}
		}
		if len(events) != 5 || events[4].SourceIP != "127.0.0.1" {
			t.Errorf("%d records", len(events))
		}
	})
}
