package jsonschema

import (
	"strings"

	"github.com/gwctl/gwctl/policy"
)

func (t *table) policyKind() *node {
	everything := &node{Type: "array", Items: &node{Const: "*"}, MaxItems: 1}
	selection := func() *node {
		return either(set(t.name()), &node{Type: "array", Items: &node{Const: "*"}, MinItems: 1, MaxItems: 1})
	}
	spec := t.strict(t.policy, "Policy",
		need("resources", selection()).instead("Resource types that the rules are about. [\"*\"] makes the policy a guard: it covers every type and holds deny rules only."),
		may("without", set(t.name())),
		may("imports", set(shaped(t.pattern(t.policy, "identForm")))),
		may("consts", t.consts()).says("Literals, read as consts.NAME."),
		may("vars", t.vars()).says("CEL expressions, read as vars.NAME."),
		need("rules", list(ref("rule"))).says("The rules. Their order means nothing, except which of several gives the reason."),
	).and(&node{
		If:   &node{Required: []string{"resources"}, Properties: members{{"resources", everything}}},
		Then: with("rules", each(with("effect", &node{Const: "deny"}))),
		Else: without("without"),
	})
	return t.document(policy.KindPolicy, spec.Description, t.metadata(t.name()), spec, members{
		{"rule", t.rule(selection)}, {"reason", t.reason()}, {"value", data()},
	})
}

func (t *table) libraryKind() *node {
	spec := t.strict(t.policy, "Library",
		may("consts", t.consts()).says("Literals, read as LIBRARY.NAME."),
		may("vars", t.vars()).says("CEL expressions, read as LIBRARY.NAME."),
	).and(either(
		&node{Required: []string{"consts"}, Properties: members{{"consts", filled(&node{Type: "object"})}}},
		&node{Required: []string{"vars"}, Properties: members{{"vars", filled(&node{Type: "object"})}}}))
	name := t.ident()
	name.Not.Enum = append(name.Not.Enum, t.list(t.policy, "taken", "")...)
	return t.document(policy.KindLibrary, spec.Description, t.metadata(name), spec, members{{"value", data()}})
}

func (t *table) consts() *node { return named(t.ident(), ref("value")) }

func (t *table) vars() *node { return named(t.ident(), text()) }

func (t *table) rule(selection func() *node) *node {
	return t.strict(t.policy, "Rule",
		need("id", t.name()).says("Name of the rule, unique in the policy. Records, tests and coverage know it by POLICY/ID, so keep it."),
		need("effect", oneOf("allow", "deny")).says("What the rule does when it matches."),
		may("actions", selection()).instead("The actions it is about; [\"*\"] is every action. An allow rule names its actions; a deny rule without them is about all."),
		may("roles", set(text())).instead("Roles of which the user needs any. Allow rules only."),
		may("scopes", set(text())).instead("Scopes that the user needs, all of them. Allow rules only."),
		may("any_scope", set(text())).instead("Scopes of which the user needs any. Allow rules only."),
		may("anonymous", yes()).says("true lets an allow rule match users without a credential; default false."),
		may("when", text()).instead("The condition: one CEL expression that gives a bool. Without it the rule always matches."),
		may("reason", ref("reason")),
		may("obligations", t.obligations()).says("What an allow rule asks of the gateway if it decides."),
		may("mode", oneOf("shadow")).of("Shadow").instead("shadow: the rule is evaluated and recorded, without effect. It needs until."),
		may("until", shaped(`^\d{4}-\d{2}-\d{2}$`)),
		may("transports", set(oneOf("http", "authzen"))).says("Callers that the rule is for; default: both."),
	).and(
		when(is("effect", "allow"), &node{Required: []string{"actions"}, Properties: without("reason").Properties}),
		when(is("effect", "deny"), without("roles", "scopes", "any_scope", "anonymous", "obligations")),
		when(has("mode"), has("until")), when(has("until"), has("mode")))
}

func (t *table) reason() *node {
	code := shaped(t.pattern(t.policy, "reasonForm"))
	code.Not = &node{Enum: t.list(t.policy, "reservedCodes", "")}
	n := t.strict(t.policy, "Reason",
		need("code", code).says("A code of your own in snake_case, for programs."),
		may("message", text()).says("What the client is told. Never values of attributes."),
		may("status", &node{Type: "integer", Enum: t.list(t.policy, "reasonStatus", "")}).instead("HTTP status of the answer; default 403."),
		may("challenge", t.challenge())).and(
		&node{If: is("status", 401), Then: has("challenge"), Else: without("challenge")})
	return n
}

func (t *table) challenge() *node {
	token := func() *node { return &node{Type: text().Type, Pattern: t.pattern(t.policy, "tokenForm")} }
	return t.strict(t.policy, "Challenge",
		may("error", token()),
		may("acr_values", set(token())).says("Levels of authentication, any of which would do."),
		may("max_age", atLeast(0)).instead("How old the authentication may be, in seconds."),
	).and(either(has("acr_values"), has("max_age")))
}

func (t *table) obligations() *node {
	var names, beginnings []string
	for _, p := range t.texts(t.policy, "protectedHeaders") {
		if strings.HasSuffix(p, "-") {
			beginnings = append(beginnings, anyCase(p))
			continue
		}
		names = append(names, anyCase(p))
	}
	header := shaped(t.pattern(t.policy, "headerForm"))
	header.Not = &node{Pattern: "^((" + strings.Join(names, "|") + ")$|" + strings.Join(beginnings, "|") + ")"}
	return t.strict(t.policy, "",
		need("set_headers", named(header, text())).says("Headers for the upstream, each with a CEL expression that gives a string. Headers that gwctl itself sets or removes cannot be named."))
}
