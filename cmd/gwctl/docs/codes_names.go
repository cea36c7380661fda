package docs

func nameCodes() Area {
	return Area{Title: "Documents and names", Intro: "What is said in one place and meant in another must be found there.", Codes: []Code{
		{
			Name:    "unknown_version",
			Meaning: "The document is written for another version of the language.",
			Mend:    "Write `apiVersion: gwctl.dev/v1`.",
			Example: &Example{File: "policies.yaml", Old: "gwctl.dev/v1", New: "gwctl.dev/v2"},
		}, {
			Name:    "unknown_kind",
			Meaning: "There is no such kind of document.",
			Mend:    "Take the suggested spelling. A file that belongs to another tool does not belong into the set.",
			Example: &Example{File: "policies.yaml", Old: "kind: Policy", New: "kind: Polcy"},
		}, {
			Name:    "wrong_file",
			Meaning: "A TestSuite stands outside a `*_test.yaml` file, or something else than a TestSuite or Directory in one.",
			Mend:    "Move the document.",
			Example: &Example{File: "orders_test.yaml", New: "---\napiVersion: gwctl.dev/v1\nkind: Policy\nmetadata: {name: more}\nspec:\n  resources: [order]\n  rules:\n    - {id: none, effect: deny}\n"},
		}, {
			Name:    "bad_name",
			Meaning: "A name has characters that names cannot have, or is a word of CEL.",
			Mend:    "Use lower-case letters, digits and `-`; `_` instead of `-` in what conditions read. Begin with a letter.",
			Example: &Example{File: "policies.yaml", Old: "id: owner-reads", New: "id: Owner_reads"},
		}, {
			Name:    "duplicate_name",
			Meaning: "Two things of one kind have the same name: documents of a set, rules of a policy, cases of a suite, issuers of a configuration.",
			Mend:    "Rename one of them.",
			Example: &Example{File: "policies.yaml", Old: "id: big-refunds", New: "id: owner-reads"},
		}, {
			Name:    "second_schema",
			Meaning: "The set has two Schemas.",
			Mend:    "Merge them into one.",
			Example: &Example{File: "order.yaml", New: "---\napiVersion: gwctl.dev/v1\nkind: Schema\nmetadata: {name: other}\nspec: {roles: [admin]}\n"},
		}, {
			Name:    "undeclared_resource",
			Meaning: "A resource type is named that no Resource declares.",
			Mend:    "Take the suggested spelling, or add the Resource.",
			Example: &Example{File: "orders_test.yaml", Old: "big_order: {type: order,", New: "big_order: {type: ordr,"},
		}, {
			Name:    "undeclared_action",
			Meaning: "An action is named that the Resource does not declare.",
			Mend:    "Take the suggested spelling, or add it to `actions` of the Resource.",
			Example: &Example{File: "policies.yaml", Old: "actions: [refund]", New: "actions: [refunds]"},
		}, {
			Name:    "undeclared_role",
			Meaning: "A rule names a role that the Schema's `roles` does not.",
			Mend:    "Take the suggested spelling, or add the role to the Schema.",
			Example: &Example{File: "policies.yaml", Old: "roles: [customer]", New: "roles: [custmer]"},
		}, {
			Name:    "undeclared_attribute",
			Meaning: "A condition, placeholder, fixture, mapping or configuration names an attribute, variable or constant that nobody declares.",
			Mend:    "Take the suggested spelling, or declare it in the Schema or Resource.",
			Example: &Example{File: "policies.yaml", Old: "when: vars.is_owner", New: "when: vars.is_onwer"},
		}, {
			Name:    "undeclared_library",
			Meaning: "A policy imports a library that the set does not have.",
			Mend:    "Take the suggested spelling, or add the Library.",
			Example: &Example{File: "policies.yaml", Old: "  vars:\n", New: "  imports: [comon]\n  vars:\n"},
		}, {
			Name:    "undeclared_name",
			Meaning: "A condition begins with a name that is none of the roots.",
			Mend:    "Begin with `user`, `resource`, `env`, `action`, `request`, `vars`, `consts` or an imported library; put text in quotes.",
			Example: &Example{File: "policies.yaml", Old: "when: vars.is_owner", New: "when: user.id == alice"},
		}, {
			Name:    "undeclared_function",
			Meaning: "A condition calls a function that does not exist.",
			Mend:    "Take the suggested spelling. There is no `now()`: read `env.time`.",
			Example: &Example{File: "policies.yaml", Old: "when: vars.is_owner", New: "when: user.id.beginsWith('a')"},
		}, {
			Name:    "undeclared_user",
			Meaning: "A suite names a user that neither it nor a Directory has.",
			Mend:    "Take the suggested spelling, or add the user.",
			Example: &Example{File: "orders_test.yaml", Old: "user: alice", New: "user: alcie"},
		}, {
			Name:    "undeclared_fixture",
			Meaning: "A suite asks about a resource that stands not among its `resources`.",
			Mend:    "Take the suggested spelling, or add the fixture.",
			Example: &Example{File: "orders_test.yaml", Old: "      resources: [big_order]\n      actions: [read, refund]\n      expect: {alice: {big_order:", New: "      resources: [order]\n      actions: [read, refund]\n      expect: {alice: {order:"},
		}, {
			Name:    "undeclared_rule",
			Meaning: "A suite expects a rule that the set does not have.",
			Mend:    "Write it as `policy/rule-id`.",
			Example: &Example{File: "orders_test.yaml", Old: "rule: orders/owner-reads", New: "rule: owner-reads"},
		}, {
			Name:    "undeclared_reason",
			Meaning: "A suite expects a reason code that no decision of the set can have.",
			Mend:    "Take the suggested spelling.",
			Example: &Example{File: "orders_test.yaml", Old: "reason: refund_too_big", New: "reason: refund_to_big"},
		}, {
			Name:    "undeclared_provider",
			Meaning: "A placeholder of a route fills an attribute that does not take values from the path.",
			Mend:    "Add `path` to the attribute's `from`, or rename the placeholder.",
			Example: &Example{
				File: "order.yaml",
				Old:  "    owner: {type: string, optional: true}\n    amount: {type: double, optional: true}\n  routes:\n    - {route: \"GET /orders/{id}\"",
				New:  "    owner: {type: string, optional: true, from: [source]}\n    amount: {type: double, optional: true}\n  routes:\n    - {route: \"GET /orders/{id}/by/{owner}\"",
			},
		},
	}}
}
