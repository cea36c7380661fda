package docs

func policyCodes() Area {
	return Area{Title: "Rules", Intro: "A rule states all it restricts, and only what its effect can use.", Codes: []Code{
		{
			Name:    "bad_effect",
			Meaning: "An effect is neither `allow` nor `deny`.",
			Mend:    "Write one of the two.",
			Example: &Example{File: "policies.yaml", Old: "effect: deny", New: "effect: reject"},
		}, {
			Name:    "bad_selection",
			Meaning: "`*` stands beside other names, or `without` in a policy that is no guard.",
			Mend:    "Write `[\"*\"]` alone: it covers them all. Only a policy over `[\"*\"]` has something to leave out.",
			Example: &Example{File: "policies.yaml", Old: "actions: [read]", New: "actions: [\"*\", read]"},
		}, {
			Name:    "guard_allows",
			Meaning: "A policy over `[\"*\"]` has an allow rule. It is a guard and can only deny: nobody should open every resource type in one line.",
			Mend:    "Name the resource types, or make it a deny rule.",
			Example: &Example{File: "policies.yaml", Old: "resources: [order]", New: "resources: [\"*\"]"},
		}, {
			Name:    "allow_only_deny_only",
			Meaning: "A key belongs to rules of the other effect: `roles`, `scopes`, `any_scope`, `anonymous` and `obligations` to allow rules, `reason` to deny rules.",
			Mend:    "In a deny rule say it in the condition, as in `when: \"!('support' in user.roles)\"`.",
			Example: &Example{File: "policies.yaml", Old: "      actions: [refund]\n", New: "      actions: [refund]\n      roles: [customer]\n"},
		}, {
			Name:    "bad_reason",
			Meaning: "A reason's code is not snake_case or is one of gwctl's own, its status is no answer to a denial, or a 401 and its `challenge` do not go together.",
			Mend:    "Choose another code, or one of the statuses 401 402 403 404 409 422 423 428 429 451. A 401 says in `challenge` what the client shall do.",
			Example: &Example{File: "policies.yaml", Old: "status: 422", New: "status: 200"},
		}, {
			Name:    "bad_mode",
			Meaning: "`mode` is not `shadow`, or `until` stands in a rule that is enforced.",
			Mend:    "Write `mode: shadow` with `until`, or remove both: the rule is then enforced.",
			Example: &Example{File: "policies.yaml", Old: "      actions: [refund]\n", New: "      actions: [refund]\n      until: 2026-06-30\n"},
		}, {
			Name:    "unknown_transport",
			Meaning: "`transports` names a way to ask that does not exist.",
			Mend:    "Write `http` or `authzen`. A rule without `transports` speaks about both.",
			Example: &Example{File: "policies.yaml", Old: "      actions: [refund]\n", New: "      actions: [refund]\n      transports: [grpc]\n"},
		}, {
			Name:    "protected_header",
			Meaning: "An obligation sets a header that says who the user is, how the message is framed, or what only the sidecar may say.",
			Mend:    "Choose a name of your own.",
			Example: &Example{File: "policies.yaml", Old: "      when: vars.is_owner\n", New: "      when: vars.is_owner\n      obligations: {set_headers: {X-User-Id: \"'42'\"}}\n"},
		}, {
			Name: "obligation_gap",
			Meaning: "One allow rule sets a header and another one, which can decide the same resource type and action, does not. " +
				"Which of them decides depends on the names of policies, and a filter could be lost.",
			Mend: "Set the header in every allow rule of the pair, with `\"''\"` where it says nothing.",
			Example: &Example{
				File: "policies.yaml", Old: "      when: vars.is_owner\n",
				New: "      when: vars.is_owner\n      obligations: {set_headers: {X-Order-View: \"'own'\"}}\n    - {id: support-reads, effect: allow, actions: [read], roles: [support]}\n",
			},
		}, {
			Name:    "variable_cycle",
			Meaning: "A variable depends on itself.",
			Mend:    "Break the circle.",
			Example: &Example{
				File: "policies.yaml", Old: "    is_owner: has(resource.owner) && resource.owner == user.id\n",
				New: "    is_owner: vars.is_other\n    is_other: vars.is_owner\n",
			},
		},
	}}
}

func conditionCodes() Area {
	return Area{Title: "Conditions", Intro: "Conditions are checked when the set loads. The caret stands under the token.", Codes: []Code{
		{
			Name:    "cel_syntax",
			Meaning: "The text is not CEL.",
			Mend:    "Mend the expression at the place. `and`, `or` and `not` are `&&`, `||` and `!`; equality is `==`.",
			Example: &Example{File: "policies.yaml", Old: "when: vars.is_owner", New: "when: vars.is_owner and user.authenticated"},
		}, {
			Name:    "type_mismatch",
			Meaning: "An operator or function is given values of types that it does not take, a condition does not give a bool, or a mapping does not give the attribute's type.",
			Mend:    "Compare values of one type; doubles are written with a point (`1000.0`).",
			Example: &Example{File: "policies.yaml", Old: "resource.amount > 1000.0", New: "resource.amount > '1000'"},
		}, {
			Name:    "whole_root",
			Meaning: "A root such as `user` is used as a value. What a condition reads must be known before it runs.",
			Mend:    "Read one of its attributes.",
			Example: &Example{File: "policies.yaml", Old: "when: vars.is_owner", New: "when: user == user"},
		}, {
			Name:    "shadowed_root",
			Meaning: "A loop's variable has the name of a root.",
			Mend:    "Give the variable another name.",
			Example: &Example{File: "policies.yaml", Old: "when: vars.is_owner", New: "when: user.roles.exists(user, user == 'support')"},
		}, {
			Name:    "literal_required",
			Meaning: "`request.header`, `request.param` or a time zone is given a name that is computed.",
			Mend:    "Write the name in quotes.",
			Example: &Example{File: "policies.yaml", Old: "when: vars.is_owner", New: "transports: [http]\n      when: request.header(user.id).hasValue()"},
		}, {
			Name:    "header_case",
			Meaning: "A header is named with upper-case letters, which never match: header names are lower-case here.",
			Mend:    "Write it in lower case.",
			Example: &Example{File: "policies.yaml", Old: "when: vars.is_owner", New: "transports: [http]\n      when: request.header('X-Plan').hasValue()"},
		}, {
			Name:    "always_present",
			Meaning: "`has()` is asked of a variable or constant. It would be true whatever the value is, so `has(vars.is_owner)` would let everybody in.",
			Mend:    "Read the value itself.",
			Example: &Example{File: "policies.yaml", Old: "when: vars.is_owner", New: "when: has(vars.is_owner)"},
		}, {
			Name:    "undeclared_value",
			Meaning: "An attribute is compared with a value that it never has by its `enum`, or by the Schema's roles. In `user.plan != 'fre'` a misspelling lets everybody in.",
			Mend:    "Take the suggested spelling, or declare the value.",
			Example: &Example{File: "policies.yaml", Old: "when: vars.is_owner", New: "when: has(user.plan) && user.plan != 'fre'"},
		}, {
			Name:    "bad_literal",
			Meaning: "A text that is read as a network, address, time, length of time or time zone is none.",
			Mend:    "Write it in the form that the message names.",
			Example: &Example{File: "policies.yaml", Old: "when: vars.is_owner", New: "when: has(env.ip) && cidr('192.0.2.1/24').containsIP(env.ip)"},
		}, {
			Name:    "unanchored_pattern",
			Meaning: "A pattern of `matches()` also matches in the middle of a text: `matches('admin')` is true of `not-an-admin`.",
			Mend:    "Begin it with `^` or `.*`, end it with `$` or `.*`, and put alternatives in `(?:…)`.",
			Example: &Example{File: "policies.yaml", Old: "when: vars.is_owner", New: "when: user.id.matches('admin')"},
		}, {
			Name:    "cel_invalid",
			Meaning: "CEL accepts the expression and cannot make a program of it.",
			Mend:    "Write the condition in another way.",

			NoExample: "no such expression is known",
		},
	}}
}
