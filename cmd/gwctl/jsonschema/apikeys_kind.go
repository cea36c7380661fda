package jsonschema

import "github.com/gwctl/gwctl/policy"

// apiKeysKind is the file of API keys, whose records gwctl apikey new makes. It
// has neither metadata nor spec.
func (t *table) apiKeysKind() *node {
	record := t.strict(t.config, "",
		need("id", spelled(t.pattern(t.authn, "keyName"))).says("Who has the key. Up to four records may have one id, while one key replaces another."),
		need("hash", shaped(`^sha256:[0-9a-f]{64}$`)).says("The hash of the whole key. The key itself stands nowhere."),
		need("expires", shaped(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{1,2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$`)).says("When the key ends, RFC 3339, at most a year ahead."),
		may("scopes", set(spelled(`^[!#-\[\]-~]+$`))).says("Scopes of its user, one an item."),
		may("roles", set(text())).says("Roles of its user."),
		may("groups", set(text())).says("Groups of its user."),
		may("tenant", text()).says("Tenant of its user."),
		may("claims", named(no(&node{Enum: t.list(t.authn, "takenClaims", "")}), ref("value"))).says("Further claims, for attributes of the method and Schema attributes of the same name."))
	n := t.strict(t.config, "",
		need("apiVersion", &node{Const: policy.APIVersion}).says("Version of the language."),
		need("kind", &node{Const: policy.KindAPIKeys}).says("What the document is."),
		need("keys", &node{Type: "array", Items: record}).says("The keys. An empty list removes the last one."))
	n.Schema, n.ID, n.Title = "https://json-schema.org/draft/2020-12/schema", baseURL+fileName(policy.KindAPIKeys), policy.KindAPIKeys
	n.Description = "API keys of jobs and partners, by their hashes. gwctl apikey new makes the records."
	n.Defs = members{{"value", data()}}
	return n
}
