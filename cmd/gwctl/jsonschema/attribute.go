package jsonschema

import "github.com/gwctl/gwctl/engine/slot"

// attributes is a mapping of declarations. With a root, the names that gwctl
// itself answers for are taken.
func (t *table) attributes(root, definition string) *node {
	keys := t.ident()
	if root != "" {
		keys.Not.Enum = append(keys.Not.Enum, t.list(t.engine, "fixedNames", root)...)
	}
	return named(keys, ref(definition))
}

// attribute is a declaration. users tells whether it is one of users, who
// alone have types to belong to.
func (t *table) attribute(users bool) *node {
	kinds := never()
	if users {
		kinds = set(text())
	}
	return t.declaration(
		may("sensitive", yes()).says("The value is shown nowhere: not in messages, explanations or records."),
		may("for", kinds).says("Types of users that have the attribute, as in [human]; default: all. To conditions it is optional then."),
		may("from", set(oneOf(slot.ProviderNames()...))).says("Who may supply the value. Default: credential for users; path, source and directory for resources; caller for actions."))
}

// bodyField is an attribute that only the body supplies.
func (t *table) bodyField() *node {
	return t.declaration(
		may("sensitive", &node{Const: false}).says("Not for fields of a body."),
		may("for", never()), may("from", never()))
}

// field is a field of an object. Who supplies it, and to whom it belongs, is
// said of the whole attribute.
func (t *table) field() *node { return t.declaration() }

func (t *table) declaration(more ...*key) *node {
	keys := append([]*key{
		need("type", attributeType()).says("Type of the value: " + `bool, int, double, string, timestamp, duration, ip, cidr, object, list(T) or map(string, T).`),
		may("optional", yes()).says("The value may be absent. Conditions must guard the attribute with has()."),
		may("enum", list(ref("value"))).says("The only values."),
		may("pattern", text()).says("A regular expression (RE2) that the whole value matches."),
		may("min", text()).says("The least number, timestamp or duration."),
		may("max", text()).says("The greatest number, timestamp or duration."),
		may("maxItems", atLeast(1)).says("Most items of a list; default 100."),
		may("maxEntries", atLeast(1)).says("Most entries of a map; default 100."),
		may("maxLength", atLeast(1)).says("Most bytes of a string; default 1024."),
		may("description", text()).says("What it is, in words."),
		may("fields", filled(t.attributes("", "field"))).instead("The fields of an object, as attributes."),
	}, more...)
	return t.strict(t.policy, "Attribute", keys...).and(
		&node{If: is("type", "object"), Then: has("fields"), Else: without("fields")},
		constrains("pattern", anyElement("string")), constrains("maxLength", anyElement("string")),
		constrains("min", anyElement("int|double|timestamp|duration")), constrains("max", anyElement("int|double|timestamp|duration")),
		constrains("maxItems", `^\s*list`), constrains("maxEntries", `^\s*map`))
}

// attributeType offers the common types; the parentheses are counted by the
// loader.
func attributeType() *node {
	deep := shaped(`^\s*((list\s*\(|map\s*\(\s*string\s*,)\s*)*(bool|int|double|string|timestamp|duration|ip|cidr)(\s*\))*\s*$`)
	return either(oneOf(slot.TypeNames()...), deep)
}

// constrains holds the type of an attribute that has a constraint.
func constrains(key, typePattern string) *node {
	return when(has(key), with("type", shaped(typePattern)))
}

// anyElement is a type, or a list or map of it.
func anyElement(types string) string { return `(^|[(,])\s*(` + types + `)[\s)]*$` }
