package docs

func schemaCodes() Area {
	return Area{Title: "Attributes and constants", Intro: "Every value has a type, and a declaration that cannot hold any value is a mistake.", Codes: []Code{
		{
			Name:    "unknown_type",
			Meaning: "There is no such type.",
			Mend:    "Types are `bool int double string timestamp duration ip cidr list(T) map(string, T) object`.",
			Example: &Example{File: "schema.yaml", Old: "region: {type: string}", New: "region: {type: sting}"},
		}, {
			Name:    "built_in",
			Meaning: "An attribute is declared that gwctl answers for itself.",
			Mend:    "Remove the declaration: conditions can read it without.",
			Example: &Example{File: "schema.yaml", Old: "  user:\n", New: "  user:\n    id: {type: string}\n"},
		}, {
			Name:    "unknown_provider",
			Meaning: "`from` names someone who cannot supply values.",
			Mend:    "Providers are `credential`, `path`, `source`, `directory` and `caller`.",
			Example: &Example{File: "order.yaml", Old: "owner: {type: string, optional: true}", New: "owner: {type: string, optional: true, from: [database]}"},
		}, {
			Name:    "bad_constraint",
			Meaning: "A constraint does not fit the attribute's type or place: `fields` without `type: object`, `from` in a field of a body.",
			Mend:    "Remove it, or change the type.",
			Example: &Example{File: "schema.yaml", Old: "region: {type: string}", New: "region: {type: string, min: 3}"},
		}, {
			Name:    "bad_limit",
			Meaning: "A size is below 1.",
			Mend:    "Write a size of 1 or more, or remove the key for the default.",
			Example: &Example{File: "schema.yaml", Old: "region: {type: string}", New: "region: {type: string, maxLength: 0}"},
		}, {
			Name:    "bad_pattern",
			Meaning: "The pattern of an attribute or of `matches()` is no regular expression of RE2.",
			Mend:    "Mend the expression. RE2 has no look-around and no back-references.",
			Example: &Example{File: "schema.yaml", Old: "region: {type: string}", New: "region: {type: string, pattern: \"[a-z\"}"},
		}, {
			Name:    "pattern_too_large",
			Meaning: "The `pattern` of an attribute takes more than 4096 steps when it is compiled: `[a-z]{8}` takes 8.",
			Mend:    "Shorten it. How long a text may be is better said with `maxLength`.",
			Example: &Example{File: "schema.yaml", Old: "region: {type: string}", New: "region: {type: string, pattern: \"[a-z]{1000}[0-9]{1000}[a-z]{1000}[0-9]{1000}[a-z]{1000}\"}"},
		}, {
			Name:    "bad_constant",
			Meaning: "A constant mixes types or is an empty list or map.",
			Mend:    "Give all values one type; quote numbers that are meant as text.",
			Example: &Example{File: "policies.yaml", Old: "  vars:\n", New: "  consts:\n    plans: [pro, 1]\n  vars:\n"},
		}, {
			Name:    "attribute_invalid",
			Meaning: "A value of a Directory, fixture or configuration does not fit its attribute's type or constraints.",
			Mend:    "Change the value, or the declaration.",
			Example: &Example{File: "orders_test.yaml", Old: "amount: 2500.0", New: "amount: a lot"},
		}, {
			Name:    "bad_user",
			Meaning: "A user is a single word other than `anonymous`, or a user with attributes has that name.",
			Mend:    "Write the user's attributes, or `anonymous`.",
			Example: &Example{File: "orders_test.yaml", Old: "alice: {id: alice, type: human, roles: [customer]}", New: "alice: customer"},
		},
	}}
}

func resourceCodes() Area {
	return Area{Title: "Routes", Intro: "Where a request leads must be plain before any rule is asked.", Codes: []Code{
		{
			Name:    "bad_route",
			Meaning: "A route has no method or path, a method or segment that no request can have, a placeholder that cannot be filled, or methods and actions that do not go together. The patterns of upstreams are held to the same.",
			Mend:    "Write it as `METHOD[,METHOD] /path/{placeholder}`, without a slash at the end.",
			Example: &Example{File: "order.yaml", Old: "GET /orders/{id}", New: "GET /orders/{id}/"},
		}, {
			Name:    "bad_host",
			Meaning: "A route or `hosts` names something that is no host: capitals, a port, a scheme, a placeholder behind the first label.",
			Mend:    "Write a lower-case name as in `api.example.com`, or `{name}.example.com`.",
			Example: &Example{File: "order.yaml", Old: "GET /orders/{id}", New: "GET API.example.com/orders/{id}"},
		}, {
			Name:    "bad_body",
			Meaning: "A route declares a body of another type than `json`, or one larger than is read.",
			Mend:    "Write `type: json` and a `maxBytes` of 1 to 1048576.",
			Example: &Example{
				File: "order.yaml", Old: "refund\", action: refund}", New: "refund\", action: refund, body: {type: xml}}",
			},
		}, {
			Name:    "route_conflict",
			Meaning: "Two routes match some of the same paths and neither is more specific than the other, or two host patterns name the same label differently.",
			Mend:    "Make one of them more specific in every segment, or the paths different.",
			Example: &Example{
				File: "order.yaml", Old: "    - {route: \"GET /orders/{id}\", action: read}\n",
				New: "    - {route: \"GET /orders/{id}\", action: read}\n    - {route: \"GET /{owner}/latest\", action: read}\n",
			},
		},
	}}
}
