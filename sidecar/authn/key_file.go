package authn

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

const (
	maxKeyFile     = 4 << 20
	maxKeys        = 10_000
	maxKeysOfOneID = 4 // while one replaces another
	// MaxKeyLifetime bounds how far ahead an API key may expire.
	MaxKeyLifetime = 366 * 24 * time.Hour
)

// takenClaims have a key of their own in a record, or cannot be said of one.
var takenClaims = [...]string{"sub", "scope", "scp", "roles", "groups", "tenant", "iss", "aud", "exp", "cnf"}

// keyRecord is one key of a file.
type keyRecord struct {
	id      string
	hash    digest
	expires time.Time
	claims  []byte
}

// keyFile is a file that was read: records by id.
type keyFile struct {
	records map[string][]*keyRecord
	count   int
}

// readKeyFile reads a file of API keys as strictly as every document. A record
// that has expired is no error: nobody should have to edit the file on that day.
func readKeyFile(path string, now time.Time) (*keyFile, []byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("open the API keys: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read the API keys: %w", err)
	}
	if len(data) > maxKeyFile {
		return nil, nil, errors.New("the file of API keys is over 4 MiB")
	}
	k, found := parseKeyFile(path, data, now)
	if found.HasErrors() {
		return nil, nil, &KeyFileError{Found: found.Sorted()}
	}
	return k, data, nil
}

// KeyFileError says what is wrong with a file of API keys, and where.
type KeyFileError struct{ Found policy.Diagnostics }

// Error gives the first finding.
func (e *KeyFileError) Error() string {
	for _, d := range e.Found {
		if d.Severity == document.Error {
			return d.String()
		}
	}
	return "the API keys cannot be used"
}

func parseKeyFile(path string, data []byte, now time.Time) (*keyFile, policy.Diagnostics) {
	docs, found := document.Parse(path, data)
	if found.HasErrors() {
		return nil, found
	}
	r := keyReader{now: now, file: &keyFile{records: map[string][]*keyRecord{}}, hashes: map[digest]bool{}}
	for i, d := range docs {
		root := r.w.Object(d, "the file of API keys")
		kind, version := root.Text("kind"), root.Text("apiVersion")
		if i > 0 || kind.Value() != policy.KindAPIKeys || version.Value() != policy.APIVersion {
			r.w.Error(d.Span(), "wrong_kind", "begin the file with apiVersion: "+policy.APIVersion+" and kind: "+policy.KindAPIKeys, "not a file of API keys")
			continue
		}
		for _, n := range keyList(root) {
			r.record(r.w.Object(n, "a key"))
		}
		root.Require("keys")
		root.Done()
	}
	return r.file, append(found, r.w.Found()...)
}

// keyList gives the records. None is no mistake: the last key can be revoked,
// too.
func keyList(root *document.Object) []*document.Node {
	var apart document.Walker
	if n := root.Node("keys"); n != nil && n.IsList() && len(apart.Value(n, "keys").Items) == 0 {
		return nil
	}
	return root.List("keys")
}

type keyReader struct {
	w      document.Walker
	now    time.Time
	file   *keyFile
	hashes map[digest]bool
}

func (r *keyReader) record(o *document.Object) {
	id, hash, expires := o.Text("id"), o.Text("hash"), o.Text("expires")
	k := &keyRecord{id: id.Value()}
	if id.IsSet() && !keyName.MatchString(id.Value()) {
		r.w.Error(id.Span(), "bad_name", "use lower-case letters, digits and -, at most 64", "id cannot be used")
	}
	var ok bool
	if k.hash, ok = parseHash(hash.Value()); hash.IsSet() && !ok {
		// Whoever puts the key here must not find it in the log.
		r.w.Error(hash.Span(), "bad_setting", "copy the record that gwctl apikey new prints", "hash is not sha256: and 64 lower-case hex digits")
	}
	if ok && r.hashes[k.hash] {
		r.w.Error(hash.Span(), "duplicate_name", "make a key for each", "two records have one key")
	}
	r.hashes[k.hash] = true
	if expires.IsSet() {
		var err error
		k.expires, err = time.Parse(time.RFC3339, expires.Value())
		if err != nil || k.expires.Sub(r.now) > MaxKeyLifetime {
			r.w.Error(expires.Span(), "bad_setting", "write a time within a year, as in 2027-01-31T00:00:00Z", "expires cannot be used")
		}
	}
	k.claims = r.claims(o, k)
	o.Require("id", "hash", "expires")
	o.Done()
	of := append(r.file.records[k.id], k)
	if len(of) > maxKeysOfOneID {
		r.w.Error(id.Span(), "too_many", "remove those that are not used any more", "more than %d keys have one id", maxKeysOfOneID)
	}
	if r.file.count++; r.file.count == maxKeys+1 {
		r.w.Error(o.Span(), "too_many", "use tokens for so many users", "more than %d keys", maxKeys)
	}
	r.file.records[k.id] = of
}

// claims makes the claims of a key, which the method's mapping reads like those
// of a token.
func (r *keyReader) claims(o *document.Object, k *keyRecord) []byte {
	claims := []slot.InputEntry{{Key: "sub", Value: slot.Quoted(k.id)}}
	list := func(name string) (values []string) {
		for _, t := range o.Texts(name) {
			values = append(values, t.Value())
			if name == "scopes" && (t.Value() == "" || strings.ContainsFunc(t.Value(), func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' })) {
				r.w.Error(t.Span(), "bad_setting", "write one scope an item, without blanks", "scope cannot be used")
			}
		}
		return values
	}
	if scopes := list("scopes"); len(scopes) > 0 {
		claims = append(claims, slot.InputEntry{Key: "scope", Value: slot.Quoted(strings.Join(scopes, " "))})
	}
	for _, name := range [...]string{"roles", "groups"} {
		if values := list(name); len(values) > 0 {
			claims = append(claims, slot.InputEntry{Key: name, Value: slot.Strings(values)})
		}
	}
	if t := o.Text("tenant"); t.IsSet() {
		claims = append(claims, slot.InputEntry{Key: "tenant", Value: slot.Quoted(t.Value())})
	}
	for _, e := range o.Object("claims").Entries() {
		if slices.Contains(takenClaims[:], e.Key.Value()) {
			r.w.Error(e.Key.Span(), "bad_setting", "a key has id, scopes, roles, groups and tenant of its own", "claim %q cannot be given", e.Key.Value())
		}
		claims = append(claims, slot.InputEntry{Key: e.Key.Value(), Value: slot.FromValue(r.w.Value(e.Value, "claim "+e.Key.Value()))})
	}
	return slot.FromObject(claims).AppendJSON(nil)
}
