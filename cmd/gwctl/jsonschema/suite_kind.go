package jsonschema

import "github.com/gwctl/gwctl/policy"

func (t *table) testSuiteKind() *node {
	spec := t.strict(t.policy, "TestSuite",
		may("now", shaped(`^\d{4}-\d{2}-\d{2}T\d{1,2}:\d{2}:\d{2}([.,]\d+)?(Z|[+-]\d{2}:\d{2})$`)).says("The time of every case, as in 2026-01-15T10:00:00Z."),
		may("tags", set(text())).instead("Tags of every case."),
		may("env", t.values()).says("Attributes of the environment, for every case; ip and time too."),
		may("users", t.users()).says("Users of the cases, by name."),
		may("resources", named(nil, t.resourceFixture())).says("Resources of the cases, by name."),
		may("cases", list(ref("case"))).instead("Requests, each with the decision that is expected."),
		may("matrix", list(ref("matrix"))).says("Expectations for every combination of users, resources and actions."),
	).and(either(has("cases"), has("matrix")))
	return t.document(policy.KindTestSuite, spec.Description, t.metadata(t.name()), spec, members{
		{"case", t.testCase()}, {"row", t.row()}, {"expect", t.expect()}, {"matrix", t.matrix()}, {"user", t.user()}, {"value", data()},
	})
}

func (t *table) values() *node { return named(nil, ref("value")) }

func (t *table) testCase() *node {
	asks := &node{
		If: has("request"), Then: without("resource", "action"),
		Else: &node{Required: []string{"resource", "action"}, Properties: without("delivers").Properties},
	}
	return t.strict(t.policy, "Case", append(t.caseKeys(),
		may("table", list(ref("row"))).says("Rows, each of which is the case with the keys of the row in place of its own. A name of a row goes behind that of the case."))...,
	).and(unless(has("table"), &node{Required: []string{"user", "expect"}, AllOf: []*node{asks}}))
}

// row is a case whose other keys stand above its table.
func (t *table) row() *node {
	n := t.strict(t.policy, "Case", t.caseKeys()...)
	n.Description = "A row of a table: the keys in which it differs from its case."
	return n.and(when(has("request"), without("resource", "action")))
}

func (t *table) caseKeys() []*key {
	return []*key{
		need("name", text()).says("What the case shows, unique in the suite."),
		may("user", text()).says("Who asks: a user of the suite or of a Directory, or anonymous."),
		may("env", t.values()).says("Attributes of the environment that differ from those of the suite."),
		may("request", t.request()).says("The HTTP request that is asked about: one line, or its parts."),
		may("resource", text()).says("The resource that is asked about, without HTTP: one of the suite, or TYPE/ID of a Directory."),
		may("action", t.name()).says("The action that is asked for, without HTTP."),
		may("delivers", either(oneOf("unavailable"), t.values())).instead("Attributes of the resource that its source answers; unavailable: it does not answer."),
		may("tags", set(text())).says("Words by which cases are picked."),
		may("skip", text()).instead("Why the case is not run. It is reported."),
		may("expect", ref("expect")),
	}
}

func (t *table) request() *node {
	line := shaped("^" + methodForm + ` +[^/ #]*/[^ #]*$`)
	line.Not = &node{Pattern: `^(CONNECT|TRACE) `}
	line.Description = "METHOD [HOST]/PATH[?QUERY]"
	return either(line, t.strict(t.policy, "RequestSpec",
		need("method", text()).says("The method, as in GET."),
		need("path", text()).says("The path, undecoded, without the query."),
		may("host", text()).says("The host; default "+policy.DefaultHost+"."),
		may("query", text()).says("The query, undecoded, without its question mark."),
		may("headers", named(nil, text())).says("Headers by name."),
		may("body", data()).says("The body, as YAML.")))
}

func effect() *node { return oneOf("allow", "deny") }

func (t *table) expect() *node {
	n := either(effect(), t.expectation())
	n.Description = "The expected decision: an effect, or more of it."
	return n
}

func (t *table) expectation() *node {
	name := bare(t.pattern(t.policy, "nameForm"))
	return t.strict(t.policy, "Expect",
		need("effect", effect()).says("What is decided."),
		may("rule", shaped("^"+name+"/"+name+"$")).says("The rule that decides, as POLICY/ID."),
		may("reason", shaped(t.pattern(t.policy, "reasonForm"))).says("The reason code."),
		may("status", whole()).says("The HTTP status of the answer."),
		may("errors", whole()).says("How many rules fail to evaluate; default 0."),
		may("headers", named(nil, textOrEmpty())).instead("The exact set of headers that obligations set."),
		may("shadow", either(effect(), t.shadow(name))).instead("What would be with the shadow rules enforced: an effect, or more of it."))
}

func (t *table) shadow(name string) *node {
	rule := "^" + name + "/" + name + "$"
	outcomes := &node{Type: "string", Enum: t.list(t.policy, "shadowOutcomes", "")}
	n := t.strict(t.policy, "ExpectShadow",
		may("effect", effect()).instead("What would be decided."),
		may("rule", shaped(rule)).says("The rule that would decide, as POLICY/ID."),
		may("reason", shaped(t.pattern(t.policy, "reasonForm"))).says("The reason code that there would be."),
		may("rules", named(shaped(rule), outcomes)).instead("What shadow rules come to, by POLICY/ID."))
	n.MinProperties = 1
	return n
}

// matrix goes from users to resources to actions; an expectation at any level
// stands for all below it.
func (t *table) matrix() *node {
	level := func(of, below *node) *node {
		n := filled(named(nil, below))
		n.Not, n.Description = has("effect"), of.Description
		return either(ref("expect"), n)
	}
	action := ref("expect")
	resource := level(&node{Description: "Expectations by action."}, action)
	user := level(&node{Description: "Expectations by resource."}, resource)
	expect := filled(named(nil, user))
	expect.Not = has("effect")
	return t.strict(t.policy, "Matrix",
		need("users", set(text())).instead("Users, by name or glob."),
		need("resources", set(text())).instead("Resources, by name or glob."),
		need("actions", set(text())).instead("Actions, by name or glob."),
		may("exclude", list(t.exclusion())).says("What is not expected anything of."),
		may("tags", set(text())).says("Words by which cases are picked."),
		may("skip", text()).instead("Why the matrix is not run. It is reported."),
		need("expect", either(ref("expect"), expect)).says("The expectation of each user, then of each resource, then of each action. At any level one expectation stands for all below."))
}

func (t *table) exclusion() *node {
	return t.strict(t.policy, "Exclusion",
		may("users", set(text())).says("Users, by name or glob; default all."),
		may("resources", set(text())).says("Resources, by name or glob; default all."),
		may("actions", set(text())).says("Actions, by name or glob; default all."),
	).and(either(has("users"), has("resources"), has("actions")))
}
