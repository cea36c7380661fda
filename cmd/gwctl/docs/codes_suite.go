package docs

func suiteCodes() Area {
	return Area{Title: "Test suites", Intro: "A case that asks nothing, or expects nothing, would always pass.", Codes: []Code{
		{
			Name:    "empty_suite",
			Meaning: "A suite has neither cases nor a matrix.",
			Mend:    "Add some, or remove the suite.",
			Example: &Example{File: "orders_test.yaml", New: "---\napiVersion: gwctl.dev/v1\nkind: TestSuite\nmetadata: {name: later}\nspec: {now: 2026-01-15T10:00:00Z}\n"},
		}, {
			Name:    "bad_case",
			Meaning: "A case asks in two ways, or not at all.",
			Mend:    "Give it `request`, or `resource` and `action`. `delivers` goes with `request`.",
			Example: &Example{File: "orders_test.yaml", Old: "      request: GET /orders/42\n      delivers: {owner: alice}\n", New: "      resource: big_order\n"},
		}, {
			Name:    "bad_request",
			Meaning: "A request cannot be read.",
			Mend:    "Write it as `METHOD [HOST]/PATH[?QUERY]`.",
			Example: &Example{File: "orders_test.yaml", Old: "      request: GET /orders/42\n      delivers: {owner: alice}\n", New: "      request: GET orders\n"},
		}, {
			Name:    "matrix_gap",
			Meaning: "A matrix expects nothing of one of its pairs.",
			Mend:    "Name every one, or write one expectation for the whole row.",
			Example: &Example{File: "orders_test.yaml", Old: "{read: deny, refund: {effect: deny, reason: refund_too_big}}", New: "{read: deny}"},
		}, {
			Name:    "unmatched_glob",
			Meaning: "A `*` in a matrix stands for nothing.",
			Mend:    "Correct the name, or remove it. In names of resources `*` stands for anything but `/`.",
			Example: &Example{File: "orders_test.yaml", Old: "users: [alice]", New: "users: [alice, \"bob*\"]"},
		}, {
			Name:    "matrix_ambiguous",
			Meaning: "Two globs expect something of the same name.",
			Mend:    "Write the name itself: it goes before every glob.",
			Example: &Example{File: "orders_test.yaml", Old: "{read: deny, refund: {effect: deny, reason: refund_too_big}}", New: "{\"re*\": deny, \"r*d\": deny}"},
		}, {
			Name:    "bad_exclusion",
			Meaning: "An exclusion leaves nothing to expect, or takes out what the matrix does not cross.",
			Mend:    "Name users, resources or actions of the matrix.",
			Example: &Example{File: "orders_test.yaml", Old: "      actions: [read, refund]\n", New: "      actions: [read, refund]\n      exclude: [{users: [bob]}]\n"},
		}, {
			Name:    "bad_expect",
			Meaning: "An expectation that no decision can meet.",
			Mend:    "Write an HTTP status, how many errors the decision has, or `matched`, `not_matched` or `error` of a shadow rule.",
			Example: &Example{File: "orders_test.yaml", Old: "rule: orders/owner-reads", New: "status: 99"},
		}, {
			Name:    "matrix_too_large",
			Meaning: "The matrices of a set cross more users, resources and actions than are run.",
			Mend:    "Ask for fewer of them.",

			NoExample: "it takes more than 100000 expectations",
		}, {
			Name:    "bad_time",
			Meaning: "A time of a suite is no timestamp, or the `until` of a shadow rule is no date.",
			Mend:    "Write it as `2026-01-15T10:00:00Z`, a date as `2026-06-30`.",
			Example: &Example{File: "orders_test.yaml", Old: "now: 2026-01-15T10:00:00Z", New: "now: 2026-01-15"},
		},
	}}
}
