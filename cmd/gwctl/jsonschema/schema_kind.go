package jsonschema

import "github.com/gwctl/gwctl/policy"

func (t *table) schemaKind() *node {
	spec := t.strict(t.policy, "Schema",
		may("user", t.attributes("user", "userAttribute")).says("Attributes of users, by name."),
		may("env", t.attributes("env", "attribute")).says("Attributes of the circumstances of a request, by name. The Sidecar names their sources."),
		may("roles", set(text())).says("Every role that rules may name. Without it, role names in rules are not checked."))
	return t.document(policy.KindSchema, spec.Description, t.metadata(t.name()), spec, members{
		{"userAttribute", t.attribute(true)}, {"attribute", t.attribute(false)}, {"field", t.field()}, {"value", data()},
	})
}

func (t *table) directoryKind() *node {
	spec := t.strict(t.policy, "Directory",
		may("users", t.users()).says("Users by the name that suites and explain use."),
		may("resources", list(t.resourceFixture("id"))).says("Resources, each with its type, id and attributes."))
	return t.document(policy.KindDirectory, spec.Description, t.metadata(t.name()), spec, members{{"user", t.user()}, {"value", data()}})
}

func (t *table) users() *node { return named(nil, ref("user")) }

// user is the word anonymous, claims, or attributes.
func (t *table) user() *node {
	n := either(
		&node{Description: "Somebody without a credential.", Const: "anonymous"},
		t.strict(t.policy, "", need("claims", data()).says("The claims of a token; the attributes come from them by the mapping of the Sidecar.")),
		&node{
			Description: "The user's attributes by name.", Type: "object", Required: []string{"id"}, Not: has("claims"),
			Properties: members{{"id", &node{Description: "Who it is.", Type: text().Type}}}, AdditionalProperties: ref("value"),
		})
	n.Description = "A user: attributes, claims, or the word anonymous."
	return n
}

func (t *table) resourceFixture(required ...string) *node {
	kind := t.name()
	kind.Description = t.sentence("Fixture.type", t.policy.types["Fixture"].fields["Type"], "Type")
	return &node{
		Description: "A resource: its type, and its attributes by name.", Type: "object", Required: append([]string{"type"}, required...),
		Properties: members{{"type", kind}}, AdditionalProperties: ref("value"),
	}
}
