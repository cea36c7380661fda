package authn

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// keyed is a file of API keys in the making.
type keyed struct {
	testing.TB
	path string
}

const keyHeader = "apiVersion: gwctl.dev/v1\nkind: APIKeys\nkeys:\n"

func newKeyFile(t testing.TB) *keyed {
	return &keyed{t, filepath.Join(t.TempDir(), "keys.yaml")}
}

func (k *keyed) write(text string) {
	k.Helper()
	if err := os.WriteFile(k.path, []byte(text), 0o600); err != nil {
		k.Fatal(err)
	}
}

// record makes a record of a new key; more has further keys of it.
func record(id string, expires time.Time, more string) (key, text string) {
	key, hash := NewAPIKey(id)
	return key, fmt.Sprintf("  - {id: %s, hash: %q, expires: %q%s}\n", id, hash, expires.Format(time.RFC3339), more)
}

func (k *keyed) method(change func(*APIKeysConfig)) (*APIKeys, error) {
	cfg := APIKeysConfig{Name: "keys", File: k.path}
	if change != nil {
		change(&cfg)
	}
	return NewAPIKeys(cfg)
}

func withKey(values ...string) Credentials {
	return Credentials{Header: http.Header{"X-Api-Key": values}}
}

func TestAPIKeyIdentity(t *testing.T) {
	f := newKeyFile(t)
	key, text := record("billing-job", time.Now().Add(time.Hour), ", scopes: [orders:read, orders:write], roles: [r], groups: [g], tenant: acme, claims: {plan: pro, limit: 7}")
	f.write(keyHeader + text)
	m, err := f.method(nil)
	if err != nil {
		t.Fatal(err)
	}
	id, err := m.Authenticate(t.Context(), withKey(key))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"sub":"billing-job","scope":"orders:read orders:write","roles":["r"],"groups":["g"],"tenant":"acme","plan":"pro","limit":7}`
	if string(id.Claims) != want || id.Method != "api_key" || id.Type != TypeService || id.Source != SourceHeader || id.KeyID != "billing-job" || strings.Contains(fmt.Sprintf("%+v", id), key) {
		t.Errorf("%+v\n%s", id, id.Claims)
	}
	if again, _ := m.Authenticate(t.Context(), withKey(key)); again != id {
		t.Error("a key has two identities")
	}
}

// Every way in which a key is not the key; the control is the key itself.
func TestAPIKeyRefused(t *testing.T) {
	f := newKeyFile(t)
	key, good := record("job", time.Now().Add(time.Hour), "")
	late, expired := record("late", time.Now().Add(-time.Second), "")
	other, _ := NewAPIKey("job")
	stranger, _ := NewAPIKey("stranger")
	f.write(keyHeader + good + expired)
	m, err := f.method(nil)
	if err != nil {
		t.Fatal(err)
	}
	secret := key[len(key)-keySecretChars:]
	for name, tc := range map[string]struct {
		c    Credentials
		want string
	}{
		"control":                    {withKey(key), "ok"},
		"no header":                  {Credentials{Header: http.Header{}}, "not mine"},
		"another header":             {Credentials{Header: http.Header{"X-Key": {key}}}, "not mine"},
		"as a bearer token":          {bearing(key), "not mine"},
		"another key of the id":      {withKey(other), ReasonAPIKeyUnknown},
		"an unknown id":              {withKey(stranger), ReasonAPIKeyUnknown},
		"the secret of another id":   {withKey("gwk_late_" + secret), ReasonAPIKeyUnknown},
		"an expired key":             {withKey(late), ReasonTokenExpired},
		"empty":                      {withKey(""), ReasonTokenMalformed},
		"twice":                      {withKey(key, key), ReasonTokenMalformed},
		"joined":                     {withKey(key + "," + key), ReasonTokenMalformed},
		"a blank behind":             {withKey(key + " "), ReasonTokenMalformed},
		"cut":                        {withKey(key[:len(key)-1]), ReasonTokenMalformed},
		"longer":                     {withKey(key + "A"), ReasonTokenMalformed},
		"in capitals":                {withKey(strings.ToUpper(key)), ReasonTokenMalformed},
		"another prefix":             {withKey("sk_" + key[4:]), ReasonTokenMalformed},
		"no id":                      {withKey("gwk__" + secret), ReasonTokenMalformed},
		"only the secret":            {withKey(secret), ReasonTokenMalformed},
		"the hash":                   {withKey("sha256:" + strings.Repeat("a", 64)), ReasonTokenMalformed},
		"a long id":                  {withKey("gwk_" + strings.Repeat("a", 65) + "_" + secret), ReasonTokenMalformed},
		"a megabyte":                 {withKey(strings.Repeat("a", 1<<20)), ReasonTokenMalformed},
		"another spelling of base64": {withKey(key[:len(key)-1] + twin(key[len(key)-1])), ReasonTokenMalformed},
	} {
		if got := outcome(m, tc.c); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
		if _, err := m.Authenticate(t.Context(), tc.c); err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error repeats the secret", name)
		}
	}
}

// twin gives a last character that decodes to the same bytes if spare bits are
// not looked at: 43 characters hold 2 bits more than 32 bytes.
func twin(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)|1])
}

// Any refusal refuses: a bad key beside a good token, and the other way round.
func TestAPIKeyBesideToken(t *testing.T) {
	f := newKeyFile(t)
	key, text := record("job", time.Now().Add(time.Hour), "")
	f.write(keyHeader + text)
	m, err := f.method(nil)
	if err != nil {
		t.Fatal(err)
	}
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	chain := NewChain(m, newMethod(t, idp, nil))
	good, bad := sign("ES256", ecKey(), "k1", "", goodClaims(idp.url, time.Now()).String()), sign("ES256", otherECKey(), "k1", "", goodClaims(idp.url, time.Now()).String())
	other, _ := NewAPIKey("job")
	for _, tc := range []struct{ token, key, want string }{
		{good, key, "ok"}, {good, other, ReasonAPIKeyUnknown}, {bad, key, ReasonSignatureInvalid}, {"opaque", key, ReasonTokenMalformed},
	} {
		c := bearing(tc.token)
		c.Header = withKey(tc.key).Header
		wantOutcome(t, chain, c, tc.want)
		if id, err := chain.Authenticate(t.Context(), c); err == nil && id.Method != KindAPIKey {
			t.Errorf("the user is %s, want that of the first method", id.Method)
		}
	}
}

// What is wrong with a file is said with its place, without anything secret.
func TestKeyFileRefused(t *testing.T) {
	now := time.Now()
	_, good := record("job", now.Add(time.Hour), "")
	_, far := record("job", now.Add(MaxKeyLifetime+time.Hour), "")
	for name, text := range map[string]string{
		"empty":               "",
		"no keys":             "apiVersion: gwctl.dev/v1\nkind: APIKeys\n",
		"another kind":        strings.Replace(keyHeader, "APIKeys", "Policy", 1) + good,
		"another version":     strings.Replace(keyHeader, "v1", "v2", 1) + good,
		"two documents":       keyHeader + good + "---\n" + keyHeader + good,
		"a bare list":         good,
		"no id":               keyHeader + strings.Replace(good, "id: job, ", "", 1),
		"no expiry":           keyHeader + "  - {id: job, hash: \"sha256:" + strings.Repeat("a", 64) + "\"}\n",
		"more than a year":    keyHeader + far,
		"no time":             keyHeader + "  - {id: job, hash: \"sha256:" + strings.Repeat("a", 64) + "\", expires: never}\n",
		"the key for a hash":  keyHeader + "  - {id: job, hash: gwk_job_s3cret, expires: \"2020-01-01T00:00:00Z\"}\n",
		"a hash in capitals":  keyHeader + "  - {id: job, hash: \"sha256:" + strings.Repeat("A", 64) + "\", expires: \"2020-01-01T00:00:00Z\"}\n",
		"a short hash":        keyHeader + "  - {id: job, hash: \"sha256:aa\", expires: \"2020-01-01T00:00:00Z\"}\n",
		"one key twice":       keyHeader + good + good,
		"an id in capitals":   keyHeader + strings.Replace(good, "id: job", "id: Job", 1),
		"an unknown key":      keyHeader + strings.Replace(good, "}", ", admin: true}", 1),
		"a claim of its own":  keyHeader + strings.Replace(good, "}", ", claims: {sub: root}}", 1),
		"a scope with blanks": keyHeader + strings.Replace(good, "}", ", scopes: [\"a b\"]}", 1),
		"five keys of one id": keyHeader + five(now),
	} {
		f := newKeyFile(t)
		f.write(text)
		_, err := f.method(nil)
		of, ok := errors.AsType[*KeyFileError](err)
		if !ok || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, d := range of.Found {
			if d.Path != f.path || d.Line < 1 || strings.Contains(d.Message+d.Hint, "s3cret") {
				t.Errorf("%s: %s", name, d)
			}
		}
	}
	f := newKeyFile(t)
	if _, err := f.method(nil); err == nil {
		t.Error("a file that is not there is taken")
	}
	f.write(keyHeader + good)
	if _, err := f.method(nil); err != nil {
		t.Errorf("control: %v", err)
	}
}

func five(now time.Time) (text string) {
	for range 5 {
		_, r := record("job", now.Add(time.Hour), "")
		text += r
	}
	return text
}

// Two keys of one id are good while one replaces the other; the file is followed;
// what cannot be read leaves the keys of before, which expire all the same.
func TestAPIKeysReload(t *testing.T) {
	f := newKeyFile(t)
	now := time.Now()
	synctest.Test(t, func(t *testing.T) {
		now = time.Now()
		first, one := record("job", now.Add(time.Hour), "")
		second, two := record("job", now.Add(3*time.Hour), "")
		f.write(keyHeader + one)
		var log strings.Builder
		m, err := f.method(func(c *APIKeysConfig) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		if err != nil {
			t.Fatal(err)
		}
		go m.Run(t.Context())
		want := func(what, a, b string) {
			t.Helper()
			time.Sleep(2100 * time.Millisecond)
			synctest.Wait()
			if x, y := outcome(m, withKey(first)), outcome(m, withKey(second)); x != a || y != b {
				t.Errorf("%s: %s and %s, want %s and %s", what, x, y, a, b)
			}
		}
		want("the first alone", "ok", ReasonAPIKeyUnknown)
		used := m.Status()[0].LastUsed
		f.write(keyHeader + one + two)
		want("both", "ok", "ok")
		if s := m.Status(); len(s) != 1 || s[0].ID != "job" || !s[0].LastUsed.After(used) || !s[0].Expires.Equal(now.Add(3*time.Hour).Truncate(time.Second)) {
			t.Errorf("%+v", s)
		}
		for _, broken := range []string{"", keyHeader, "{", keyHeader + "  - {id: job}\n"} {
			f.write(broken)
			want("a broken file", "ok", "ok")
		}
		if err := os.Remove(f.path); err != nil {
			t.Fatal(err)
		}
		want("no file", "ok", "ok")
		time.Sleep(time.Hour)
		want("an hour later", ReasonTokenExpired, "ok")
		f.write(keyHeader + two)
		want("the second alone", ReasonAPIKeyUnknown, "ok")
		f.write("apiVersion: gwctl.dev/v1\nkind: APIKeys\nkeys: []\n")
		want("none", ReasonAPIKeyUnknown, ReasonAPIKeyUnknown)
		if n := strings.Count(log.String(), "not reloaded"); n != 5 || strings.Contains(log.String(), first) {
			t.Errorf("%d warnings:\n%s", n, log.String())
		}
	})
}

// A108: a key has 256 bits of crypto/rand, and two are never the same.
func TestNewAPIKey(t *testing.T) {
	a, hash := NewAPIKey("job")
	b, _ := NewAPIKey("job")
	id, ok := keyID(a)
	if a == b || !ok || id != "job" || len(a) != len("gwk_job_")+43 {
		t.Errorf("%s, %s", a, b)
	}
	if _, ok := parseHash(hash); !ok {
		t.Errorf("hash %s", hash)
	}
	for id, want := range map[string]bool{"job": true, "0-a": true, "": false, "-a": false, "a_b": false, "A": false, strings.Repeat("a", 64): true, strings.Repeat("a", 65): false} {
		if ValidKeyID(id) != want {
			t.Errorf("%q valid: %v", id, !want)
		}
	}
}

// A key file is as hostile as every file.
func FuzzKeyFile(f *testing.F) {
	_, good := record("job", time.Unix(1_800_003_600, 0), ", scopes: [a], claims: {x: [1, {y: z}]}")
	f.Add([]byte(keyHeader + good))
	f.Add([]byte(keyHeader))
	f.Add([]byte("kind: APIKeys\nkeys: [[]]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, found := parseKeyFile("keys.yaml", data, time.Unix(1_800_000_000, 0))
		if k == nil || found.HasErrors() {
			return
		}
		for id, records := range k.records {
			for _, r := range records {
				o, err := parseObject(r.claims)
				sub, _, _ := o.text("sub")
				if err != nil || sub != id || !keyName.MatchString(id) || r.hash == (digest{}) || r.expires.IsZero() {
					t.Fatalf("%+v: %s", r, r.claims)
				}
			}
		}
	})
}
