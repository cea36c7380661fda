package sidecar_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/record"
)

const item = "GET /items/7"

// ofKind gives the records of one kind.
func ofKind(events []*record.Event, kind record.Kind) (out []*record.Event) {
	for _, e := range events {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

// A logout ends what was good, at once and for nobody else: the token, and the
// WebSocket that was opened with it (A111).
func TestBackchannelLogout(t *testing.T) {
	idp := newSessionProvider(t)
	r := start(t, setup{authn: idp.method(), more: live})
	alice, other, bob, sessionless := idp.access("alice", "s-1"), idp.access("alice", "s-2"), idp.access("bob", "s-3"), idp.access("alice", "")
	for name, token := range map[string]string{"alice": alice, "other": other, "bob": bob, "sessionless": sessionless} {
		if got := r.get(item, bearer(token)); got.status != http.StatusOK {
			t.Fatalf("%s before: %s", name, got.raw)
		}
	}
	answering := r.upstream.answer
	r.upstream.answer = accepts
	socket := r.open("GET /live/7", bearer(alice))
	socket.echo("hello")
	r.upstream.answer = answering

	token := idp.logoutToken(map[string]any{"sub": "alice", "sid": "s-1"})
	began := time.Now()
	r.untouched(func() {
		if got := r.send(form(token)); got.status != http.StatusOK || got.header.Get("Cache-Control") != "no-store" || got.body != "" {
			t.Errorf("logout: %s", got.raw)
		}
		for name, gone := range map[string]string{"alice": alice, "sessionless": sessionless} {
			if got := r.get(item, bearer(gone)); got.status != http.StatusUnauthorized || got.code(t) != "invalid_token" {
				t.Errorf("%s after: %s", name, got.raw)
			}
		}
	})
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
	socket.wantClose(1008, "denied")
	r.answers.Add(1) // the WebSocket was decided again, which is recorded
	for name, stays := range map[string]string{"other": other, "bob": bob} {
		if got := r.get(item, bearer(stays)); got.status != http.StatusOK {
			t.Errorf("%s after: %s", name, got.raw)
		}
	}
	if got := r.send(form(token)); got.status != http.StatusBadRequest || got.header.Get("Cache-Control") != "no-store" || !strings.Contains(got.body, `"invalid_request"`) {
		t.Errorf("the same one again: %s", got.raw)
	}
	// A change of the configuration forgets nothing.
	r.write("gwctl.yaml", strings.Replace(r.config(), "anonymous: allow", "anonymous: deny", 1))
	until(t, "the reload", func() bool { return r.reloads() == 2 })
	if got := r.get(item, bearer(alice)); got.status != http.StatusUnauthorized {
		t.Errorf("after a reload: %s", got.raw)
	}
	r.secrets = append(r.secrets, strings.Split(token, ".")[1], strings.Split(token, ".")[2], strings.Split(alice, ".")[2], "s-1")
	events := r.stop()
	sessions, purges, failures := ofKind(events, record.KindSession), ofKind(events, record.KindCachePurge), ofKind(events, record.KindAuthnFailure)
	if len(sessions) != 1 || sessions[0].Issuer != idp.URL || sessions[0].Session.End != "backchannel" || sessions[0].Session.Subject == "" || sessions[0].Session.Session == "" {
		t.Errorf("sessions %+v", sessions)
	}
	if len(purges) != 1 || purges[0].Purge.By != "backchannel" || purges[0].Purge.Kind != "session" || purges[0].Purge.Tokens != 2 {
		t.Errorf("purges %+v", purges[0].Purge)
	}
	reasons := map[string]int{}
	for _, e := range failures {
		reasons[e.Door+" "+e.Reason]++
	}
	if reasons["proxy token_revoked"] != 4 || reasons["backchannel_logout logout_token_replayed"] != 1 || len(reasons) != 2 {
		t.Errorf("refused %v", reasons)
	}
}

// What is no logout token ends nothing, and leaves one record with its reason.
func TestBackchannelLogoutRefused(t *testing.T) {
	idp := newSessionProvider(t)
	r := start(t, setup{authn: idp.method()})
	alice := idp.access("alice", "s-1")
	good := idp.logoutToken(map[string]any{"sub": "alice"})
	parts := strings.Split(good, ".")
	type attempt struct{ name, request, kind, reason string }
	var all []attempt
	token := func(name, token, reason string) {
		all = append(all, attempt{name, form(token), string(record.KindAuthnFailure), reason})
	}
	plain := func(name, request, detail string) {
		all = append(all, attempt{name, request, string(record.KindRequestRejected), detail})
	}
	token("alg none", b64([]byte(`{"alg":"none","typ":"logout+jwt"}`))+"."+parts[1]+".", "algorithm_not_allowed")
	token("torn", parts[0]+"."+parts[1]+"."+strings.Repeat("A", 86), "signature_invalid")
	token("wrong aud", idp.logoutToken(map[string]any{"sub": "alice", "aud": audience}), "audience_mismatch")
	token("wrong iss", idp.logoutToken(map[string]any{"sub": "alice", "iss": "https://evil.example"}), "issuer_unknown")
	token("wrong event", idp.logoutToken(map[string]any{"sub": "alice", "events": map[string]any{"x": map[string]any{}}}), "logout_token_invalid")
	token("nonce", idp.logoutToken(map[string]any{"sub": "alice", "nonce": "n"}), "logout_token_invalid")
	token("nobody", idp.logoutToken(nil), "logout_token_invalid")
	token("an access token", alice, "typ_not_allowed")
	token("issuer without logout", r.user(`{}`), "issuer_unknown")
	token("no token", "x", "token_malformed")
	const formType = "Content-Type: application/x-www-form-urlencoded"
	post := func(body string, headers ...string) string {
		return request("POST "+logoutPath, append(headers, fmt.Sprintf("Content-Length: %d", len(body)))...) + body
	}
	plain("GET", request("GET "+logoutPath+"?logout_token="+good), "method")
	plain("in the query", strings.Replace(post("", formType), logoutPath, logoutPath+"?logout_token="+good, 1), "logout_token")
	plain("JSON", post(`{"logout_token":"`+good+`"}`, "Content-Type: application/json"), "content_type")
	plain("no type", post("logout_token="+good), "content_type")
	plain("encoded", post("logout_token="+good, formType, "Content-Encoding: gzip"), "content_type")
	plain("two tokens", post("logout_token="+good+"&logout_token="+good, formType), "logout_token")
	plain("empty", post("logout_token=", formType), "logout_token")
	plain("bad form", post("logout_token="+good+"&x=%zz", formType), "logout_token")
	plain("semicolon", post("logout_token="+good+";x=1", formType), "logout_token")
	plain("too long", post("x="+strings.Repeat("a", 17<<10)+"&logout_token="+good, formType), "body")
	r.untouched(func() {
		for _, a := range all {
			got := r.send(a.request)
			if got.status < 400 || got.status >= 500 || got.status == http.StatusUnauthorized || got.header.Get("Cache-Control") != "no-store" || !strings.Contains(got.body, `"error":"invalid_request"`) {
				t.Errorf("%s: %s", a.name, got.raw)
			}
		}
	})
	if got := r.get(item, bearer(alice)); got.status != http.StatusOK {
		t.Errorf("the token that nobody ended: %s", got.raw)
	}
	if got := r.send(form(good)); got.status != http.StatusOK {
		t.Errorf("good twin: %s", got.raw)
	}
	if got := r.get(item, bearer(alice)); got.status != http.StatusUnauthorized {
		t.Errorf("the token that ended: %s", got.raw)
	}
	events := r.stop()[1:]
	for i, a := range all {
		e := events[i]
		if what := map[bool]string{true: e.Reason, false: e.Detail}[e.Kind == record.KindAuthnFailure]; string(e.Kind) != a.kind || what != a.reason || e.Door != "backchannel_logout" {
			t.Errorf("%s: recorded %s", a.name, e.AppendJSON(nil))
		}
	}
}

// Whoever sends what is not taken is not read for a while; an answer says so.
func TestBackchannelLogoutRate(t *testing.T) {
	idp := newSessionProvider(t)
	r := start(t, setup{authn: idp.method()})
	var got answer
	for range 2000 {
		if got = r.send(form("x")); got.status == http.StatusTooManyRequests {
			break
		}
	}
	if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "1" {
		t.Fatalf("%s", got.raw)
	}
	until(t, "the window to end", func() bool {
		return r.send(form(idp.logoutToken(map[string]any{"sub": "alice"}))).status == http.StatusOK
	})
	r.stop()
}

// Where no method takes logout tokens, the path is nothing special.
func TestBackchannelLogoutNotConfigured(t *testing.T) {
	r := start(t, setup{})
	if got := r.send(form("x")); got.status != http.StatusForbidden || got.code(t) != "no_route" {
		t.Errorf("%s", got.raw)
	}
	r.stop()
}

// A listener of its own has nothing but the path.
func TestLogoutListener(t *testing.T) {
	idp := newSessionProvider(t)
	r := start(t, setup{authn: idp.method(), listeners: `    logout: {address: "127.0.0.1:0"}`})
	alice := idp.access("alice", "")
	post := func(path, token string) int {
		t.Helper()
		resp, err := http.Post("http://"+r.car.LogoutAddr().String()+path, "application/x-www-form-urlencoded", bytes.NewReader([]byte(url.Values{"logout_token": {token}}.Encode())))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		r.answers.Add(1)
		return resp.StatusCode
	}
	good := idp.logoutToken(map[string]any{"sub": "alice"})
	for _, path := range []string{"/", "/items/7", logoutPath + "/", "/.well-known/gwctl/backchannel%2dlogout", "/x/.." + logoutPath} {
		if got := post(path, good); got != http.StatusNotFound {
			t.Errorf("%s: %d", path, got)
		}
	}
	if got := r.get(item, bearer(alice)); got.status != http.StatusOK {
		t.Errorf("before: %s", got.raw)
	}
	if got := post(logoutPath, good); got != http.StatusOK {
		t.Errorf("good twin: %d", got)
	}
	if got := r.get(item, bearer(alice)); got.status != http.StatusUnauthorized {
		t.Errorf("after: %s", got.raw)
	}
	r.stop()
}
