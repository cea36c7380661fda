package sidecar_test

import (
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
)

// What is secret is recorded when it is read, so that a rotation shows, and
// nothing of it is in the record.
func TestSecretsLoaded(t *testing.T) {
	const secret = "s3cret-of-the-client"
	first, second := keyPEM(t, newKey(t)), keyPEM(t, newKey(t))
	up := strings.Replace(asserted, "%s", "http://127.0.0.1:9", 1)
	s := setup{
		upstreams: "[" + up + "]", spec: `  assertion: {key: {file: key.pem}, publish: [{file: old.pem}], issuer: "https://gw.example.com"}`,
		authn: `    - introspection: {endpoint: "http://127.0.0.1:9/introspect", client_id: gw, client_secret: {file: secret}}`,
		files: map[string]string{"key.pem": first, "old.pem": second, "secret": secret},
	}
	r := start(t, s)
	loaded := func() (out []*record.Event) { return ofKind(r.all(), record.KindSecretLoaded) }
	until(t, "the records of the start", func() bool { return len(loaded()) == 3 })
	r.reload(record.Reload{}, func() { r.write("key.pem", second) })
	until(t, "the record of the reload", func() bool { return len(loaded()) == 4 })
	r.reload(record.Reload{}, func() { r.write("gwctl.yaml", r.config()+"# again\n") })
	r.secrets = append(r.secrets, secret, strings.Split(first, "\n")[1], strings.Split(second, "\n")[1])
	r.stopReloads()
	events := loaded()
	uses := map[string][]string{}
	for _, e := range events {
		if !strings.HasPrefix(e.Secret.Fingerprint, "hmac:") || len(e.Secret.Fingerprint) != 17 {
			t.Errorf("%+v", e.Secret)
		}
		uses[e.Secret.Use] = append(uses[e.Secret.Use], e.Secret.Fingerprint)
	}
	key, old := uses["assertion.key"], uses["assertion.publish.0"]
	if len(events) != 4 || len(key) != 2 || len(old) != 1 || len(uses["authn.1.introspection.client_secret"]) != 1 || key[0] == key[1] || key[1] != old[0] {
		t.Errorf("recorded %v", uses)
	}
	// Another process has other fingerprints: nobody can try out a secret.
	again := start(t, s)
	until(t, "the records of another start", func() bool { return len(ofKind(again.all(), record.KindSecretLoaded)) == 3 })
	for _, e := range ofKind(again.all(), record.KindSecretLoaded) {
		if strings.Contains(strings.Join(append(key, old...), " "), e.Secret.Fingerprint) {
			t.Errorf("%s has the same fingerprint in two processes", e.Secret.Use)
		}
	}
	again.stop()
}

// A certificate says when it ends.
func TestSecretsExpire(t *testing.T) {
	r := startTLS(t, setup{})
	until(t, "the records of the start", func() bool { return len(ofKind(r.all(), record.KindSecretLoaded)) == 2 })
	var ends, without int
	for _, e := range ofKind(r.all(), record.KindSecretLoaded) {
		if strings.HasSuffix(e.Secret.Use, "key") == !e.Secret.Expires.IsZero() {
			t.Errorf("%+v", e.Secret)
		}
		if e.Secret.Expires.IsZero() {
			without++
		} else {
			ends++
		}
	}
	if ends == 0 || without == 0 {
		t.Errorf("%d with an end, %d without", ends, without)
	}
	r.stop()
}
