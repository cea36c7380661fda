package attacks_test

import (
	"strings"
	"testing"
)

// identityHeaders are those that gwctl itself sets towards a service.
var identityHeaders = []string{"X-User-ID", "X-User-Roles", "X-Tenant-ID", "X-Auth-Claims", "X-Request-ID"}

// managedHeaders are what proxies say about a request.
var managedHeaders = []string{
	"Forwarded", "X-Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix",
	"X-Forwarded-Uri", "X-Forwarded-Method", "X-Real-IP", "X-Original-URL", "X-Original-URI", "X-Original-Method", "X-Rewrite-URL",
	"X-Envoy-Original-Path", "X-Envoy-External-Address", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override",
	"X-Forwarded-Client-Cert", "Client-Cert", "Client-Cert-Chain", "X-SSL-Client-CN", "X-SSL-Client-Verify",
}

// TestForgedHeaders is section 2.2 of the corpus as far as a request passes and
// what was forged does not. Every forged value says evil.
func TestForgedHeaders(t *testing.T) { everywhere(t, setup{}, attackForged) }

func attackForged(t *testing.T, r *rig) {
	user := r.as("user")
	var cases []harmless
	for _, name := range identityHeaders {
		cases = append(cases,
			harmless{"A31 " + name + " of nobody", get("/public/x", name+": evil-evil"), get("/public/x")},
			harmless{"A31 " + name + " of a user", get("/public/x", user, name+": evil-evil"), get("/public/x", user)},
			harmless{"A32 " + name + " with underscores", get("/public/x", strings.ReplaceAll(name, "-", "_")+": evil-evil"), get("/public/x")},
			harmless{"A32 " + name + " with one underscore", get("/public/x", strings.Replace(name, "-", "_", 1)+": evil-evil"), get("/public/x")},
			harmless{"A32 " + name + " with dots", get("/public/x", user, strings.ReplaceAll(name, "-", ".")+": evil-evil"), get("/public/x", user)},
			harmless{"A34 " + name + " in small letters", get("/public/x", user, strings.ToLower(name)+": evil-evil"), get("/public/x", user)},
			harmless{"A34 " + name + " in capitals", get("/public/x", user, strings.ToUpper(name)+": evil-evil"), get("/public/x", user)},
		)
	}
	for _, name := range managedHeaders {
		cases = append(cases,
			harmless{"A44 " + name, get("/public/x", name+": evil"), get("/public/x")},
			harmless{"A39 " + name + " with underscores", get("/public/x", strings.ReplaceAll(name, "-", "_")+": evil"), get("/public/x")},
		)
	}
	r.strip(t, append(cases, []harmless{
		{"A34 twice, in two cases", get("/public/x", user, "X-USER-id: evil", "x-user-ID: evil"), get("/public/x", user)},
		{"A28 method override", get("/public/x", "X-HTTP-Method-Override: EVIL"), get("/public/x")},
		{"A36 header that is not passed on", get("/public/x", "Connection: X-Plan", "X-Plan: evil"), get("/public/x")},
		{"A40 Forwarded", get("/public/x", "Forwarded: for=10.0.0.1;proto=https;host=evil"), get("/public/x")},
		{"A41 addresses that are none", get("/public/x", `X-Forwarded-For: 10.0.0.1", evil, unknown`), get("/public/x")},
		{"A46 certificate of another hop", get("/public/x", "X-Forwarded-Client-Cert: By=spiffe://evil/a;Hash=0"), get("/public/x")},
		{"A115 terminal escapes are text", get("/public/x", "X_Name: evil"), get("/public/x")},
	}...))
}

// TestIdentity is section 2.2 of the corpus as far as a request is refused.
func TestIdentity(t *testing.T) { everywhere(t, setup{}, attackIdentity) }

func attackIdentity(t *testing.T, r *rig) {
	user, admin := r.as("user"), r.as("admin")
	mail := func(address string) request { return get("/mail", bearer(r.token("bob", `{"email":"`+address+`"}`))) }
	roles := func(role string) request { return get("/public/x", bearer(r.token("bob", `{"roles":["`+role+`"]}`))) }
	r.refuse(t, []refusal{
		{"A31 forged roles open nothing", get("/admin/x", "X-User-Roles: admin"), nobody, get("/admin/x", admin), nil},
		{"A31 forged roles beside good ones", get("/admin/x", user, "X-User-Roles: admin"), noRule, get("/admin/x", admin), nil},
		{"A35 Connection names identity", get("/public/x", "Connection: close, x-user-id, X-Request-ID"), abuse, get("/public/x", "Connection: close, x-note"), nil},
		{"A35 Connection names an alias", get("/public/x", "Connection: X_User.Id"), abuse, get("/public/x", "Connection: X-Note"), nil},
		{"A35 Connection names the token", get("/public/x", user, "Connection: authorization"), abuse, get("/public/x", user, "Connection: close"), nil},
		{"A35 Connection names Cookie", get("/public/x", "Cookie: a=b", "Connection: Cookie"), abuse, get("/public/x", "Cookie: a=b", "Connection: close"), nil},
		{"A35 Connection names Host", get("/public/x", "Connection: host"), abuse, get("/public/x", "Connection: keep-alive"), nil},
		{"A35 Connection names forwarding", get("/public/x", "Connection: X-Forwarded-For"), abuse, get("/public/x", "Connection: X-Note"), nil},
		{"A35 second Connection line", get("/public/x", "Connection: close", "Connection: X-Tenant-ID"), abuse, get("/public/x", "Connection: close", "Connection: close"), nil},
		{"A36 rule reads what the service gets", get("/plan", "Connection: X-Plan", "X-Plan: pro"), nobody, get("/plan", "X-Plan: pro"), nil},
		{"A38 forged scheme", get("/secure", "X-Forwarded-Proto: https"), nobody, get("/public/x", "X-Forwarded-Proto: https"), nil},
		{"A40 forged address", get("/near", "X-Forwarded-For: 10.0.0.1", "X-Real-IP: 10.0.0.1", "Forwarded: for=10.0.0.1"), nobody, get("/public/x", "X-Forwarded-For: 10.0.0.1"), nil},
		{"A42 bad value behind a good one", get("/role", "X-Role: user", "X-Role: admin"), byRule, get("/role", "X-Role: user", "X-Role: guest"), nil},
		{"A42 bad value before a good one", get("/role", "X-Role: admin", "X-Role: user"), byRule, get("/role", "X-Role: user"), nil},
		{"A42 one value where one is read", get("/plan", "X-Plan: pro", "X-Plan: free"), denied(400, "attribute_invalid"), get("/plan", "X-Plan: pro"), nil},
		{"A42 two tokens", get("/public/x", user, admin), malformed("repeated_header"), get("/public/x", user), nil},
		{"A42 two API keys", get("/public/x", "X-API-Key: a", "x-api-key: b"), malformed("repeated_header"), get("/public/x", "X-API-Key: a"), nil},
		{"A42 two proofs", get("/public/x", "DPoP: a", "DPoP: b"), malformed("repeated_header"), get("/public/x", "DPoP: a"), nil},
		{"A42 two media types", get("/public/x", "Content-Type: a/b", "Content-Type: a/c").by("POST"), malformed("repeated_header"), get("/public/x", "Content-Type: a/b").by("POST"), nil},
		{"A42 two request ids", get("/public/x", "X-Request-ID: aaaaaaaa", "X-Request-ID: aaaaaaaa"), malformed("repeated_header"), get("/public/x", "X-Request-ID: aaaaaaaa"), nil},
		{"A45 health check of a cloud", get("/admin/x", "User-Agent: GoogleHC/1.0"), nobody, get("/admin/x", admin, "User-Agent: GoogleHC/1.0"), nil},
		{"A45 health check of a cluster", get("/admin/x", "User-Agent: kube-probe/1.30"), nobody, get("/admin/x", admin, "User-Agent: kube-probe/1.30"), nil},
		{"A46 certificate in a header is nobody", get("/admin/x", "X-SSL-Client-CN: admin", "Client-Cert: :MII=:", "X-Forwarded-Client-Cert: Subject=admin"), nobody, get("/admin/x", admin), nil},
		{"A48 address of two domains", mail("x@evil.com@corp.com"), noRule, mail("x@corp.com"), nil},
		{"A48 domain with a final dot", mail("x@corp.com."), noRule, mail("x@corp.com"), nil},
		{"A49 token in the query", get("/admin/x?access_token=" + strings.TrimPrefix(admin, "Authorization: Bearer ")), nobody, get("/admin/x?access_token=x", admin), nil},
		{"A51 comma in a role", roles("a,admin"), denied(403, "claim_not_representable"), roles("a-admin"), nil},
		{"A51 line end in a role", roles(`x\r\nX-User-ID: root`), denied(403, "claim_not_representable"), roles("x"), nil},
		{"A72 bad token where nobody needs one", get("/public/x", "Authorization: Bearer x.y.z"), badToken("token_malformed"), get("/public/x"), nil},
		{"A64 no token behind the scheme", get("/public/x", "Authorization: Bearer "), badToken("token_malformed"), get("/public/x"), nil},
		{"A64 empty credential", get("/public/x", "Authorization:"), badToken("credential_unsupported"), get("/public/x"), nil},
		{"A72 another scheme", get("/public/x", "Authorization: Basic YTpi"), badToken("credential_unsupported"), get("/public/x"), nil},
		{"A91 deny rule that fails", get("/number", "X-Number: many"), denied(403, "eval_error"), get("/number", "X-Number: 7"), nil},
		{"A91 deny rule that applies", get("/number", "X-Number: 700"), byRule, get("/number"), nil},
		{"A91 no rule", get("/admin/x", user), noRule, get("/admin/x", admin), nil},
		{"A104 chain of an untrusted peer", get("/near", "X-Forwarded-For: 10.0.0.1, 10.0.0.2"), nobody, get("/public/x", "X-Forwarded-For: 10.0.0.1"), nil},
		{"A115 value that is no text", get("/public/x", "X-Note: caf\xe9"), malformed("header_value"), get("/public/x", "X-Note: caf\u00e9"), nil},
		{"A115 terminal escape", get("/public/x", "X-Note: \x1b[2J"), unread(400, "http_syntax"), get("/public/x", "X-Note: [2J"), nil},
	})
	if text := r.out.String() + r.log.String(); strings.Contains(text, "access_token") || strings.Contains(text, "\x1b") {
		t.Errorf("A49 A115: recorded or logged a token's name or an escape: %s", text)
	}
}

// TestTrustedPeer: the same headers of a peer that is trusted are believed, but
// for what is no address.
func TestTrustedPeer(t *testing.T) {
	r := start(t, setup{proxy: ", trusted_proxies: [127.0.0.3/32]"})
	r.refuse(t, []refusal{
		{"A38 scheme", get("/secure", "X-Forwarded-Proto: https"), nobody, get("/secure", "X-Forwarded-Proto: https"), nil},
		{"A40 address", get("/near", "X-Forwarded-For: 10.0.0.1"), nobody, get("/public/x"), nil},
		{"A104 chain", get("/near", "X-Forwarded-For: 10.0.0.1"), nobody, get("/public/x"), nil},
	})
	d := proxyDoor{r}
	for _, tt := range []struct{ name, value, source string }{
		{"A40 one hop", "10.0.0.1", "10.0.0.1"},
		{"A41 quote", `10.9.9.9, 10.0.0.1"`, ""},
		{"A41 unknown", "10.9.9.9, unknown", ""},
		{"A41 cut behind the last hop that is known", "10.9.9.9, unknown, 10.0.0.1", "10.0.0.1"},
		{"A104 rightmost address that is not trusted", "10.9.9.9, 203.0.113.9", "203.0.113.9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := r.in(t)
			v, want := passes, tt.source
			if !strings.HasPrefix(tt.source, "10.") {
				v = nobody
			}
			if want == "" {
				want = client
			}
			if a := d.ask(t, client, get("/near", "X-Forwarded-For: "+tt.value)); a.status != v.status {
				t.Errorf("answer %d, want %d", a.status, v.status)
			}
			r.note(t, v, want)
		})
	}
	events := r.stop(t)
	if e := events[1]; e.SourceIP != client {
		t.Errorf("a trusted peer without a header is recorded as %s", e.SourceIP)
	}
}
