package authn

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gwctl/gwctl/policy"
)

// KeyRecord is what a file of API keys says about a new key.
type KeyRecord struct {
	ID      string
	Hash    string // as NewAPIKey gives it
	Expires time.Time
	Scopes  []string
	Roles   []string
	Groups  []string
	Tenant  string
}

// KeyFileHeader begins a file of API keys; records follow.
const KeyFileHeader = "apiVersion: " + policy.APIVersion + "\nkind: " + policy.KindAPIKeys + "\nkeys:\n"

// YAML gives the record as an item that can be appended to a file of API keys.
// The error is a [*KeyFileError] if a file with it would be refused at the time.
func (r KeyRecord) YAML(now time.Time) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "  - id: %s\n    hash: %s\n    expires: %s\n", quoted(r.ID), quoted(r.Hash), quoted(r.Expires.UTC().Format(time.RFC3339)))
	for _, list := range []struct {
		key    string
		values []string
	}{{"scopes", r.Scopes}, {"roles", r.Roles}, {"groups", r.Groups}} {
		if len(list.values) > 0 {
			items := make([]string, len(list.values))
			for i, v := range list.values {
				items[i] = quoted(v)
			}
			fmt.Fprintf(&b, "    %s: [%s]\n", list.key, strings.Join(items, ", "))
		}
	}
	if r.Tenant != "" {
		fmt.Fprintf(&b, "    tenant: %s\n", quoted(r.Tenant))
	}
	if _, found := parseKeyFile("the record", []byte(KeyFileHeader+b.String()), now); found.HasErrors() {
		return "", &KeyFileError{Found: found}
	}
	return b.String(), nil
}

// quoted writes a text in double quotes; what JSON writes, YAML reads alike.
func quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil { // a string always encodes
		return `""`
	}
	return string(text)
}
