package docs

func safetyCodes() Area {
	return Area{Title: "Safety of conditions", Intro: "What these say cannot go wrong on a request any more. [CEL in gwctl](cel.md) tells the rules behind them.", Codes: []Code{
		{
			Name: "stored_optional",
			Meaning: "A field or item is read of an optional that a variable, field or list holds. CEL does not look into it, " +
				"so that the answer is always that there is nothing, and a deny rule would not match.",
			Mend:    "Write the chain in one place, as in `user.?labels.?k`, or take the value out with `orValue` or `optMap`.",
			Example: &Example{File: "policies.yaml", Old: "when: vars.is_owner", New: "when: \"[request.?query][0].?q.hasValue()\"\n      transports: [http]"},
		}, {
			Name: "unguarded_optional",
			Meaning: "An attribute that may be absent is read without a test before it. That is an evaluation error of every request that lacks it. " +
				"Optional are attributes with `optional: true` or `for`, and outside HTTP all of `request` and `env.ip`.",
			Mend:    "Test it to the left of the read: `has(x) && …`, `!has(x) || …`, `has(x) ? … : …`. What only HTTP has needs no test in a rule with `transports: [http]`.",
			Example: &Example{File: "policies.yaml", Old: "is_owner: has(resource.owner) && ", New: "is_owner: "},
		}, {
			Name: "deny_on_default",
			Meaning: "A deny rule rests on a default: without the attribute, `orValue` makes its comparison come out so that the rule does not match. " +
				"Whoever manages to have the attribute left out is not denied.",
			Mend:    "Choose a default that denies. Where absence shall not deny, say so: `has(x) && …`.",
			Example: &Example{File: "policies.yaml", Old: "has(resource.amount) && resource.amount > 1000.0", New: "resource.?amount.orValue(0.0) > 1000.0"},
		}, {
			Name:    "cost_over_budget",
			Meaning: "With values as large as the Schema allows, the expression can take more steps than the budget. The message names the part that does and the sizes it depends on.",
			Mend:    "Test with `in` instead of a loop in a loop, or lower `maxItems`, `maxEntries` or `maxLength`.",
			Example: &Example{File: "policies.yaml", Old: "when: vars.is_owner", New: "when: user.groups.exists(g, user.roles.exists(r, user.scopes.join('-') == g + r))"},
		}, {
			Name:    "too_nested",
			Meaning: "Loops stand in each other more than two deep.",
			Mend:    "Move the inner loop into a variable, or test with `in`.",
			Example: &Example{File: "policies.yaml", Old: "when: vars.is_owner", New: "when: '[1, 2].exists(a, [3].exists(b, [4].exists(c, a + b == c)))'"},
		}, {
			Name:    "too_large",
			Meaning: "The expression has more than 4096 parts once its macros are written out.",
			Mend:    "Divide it into variables, and move lists into `consts`.",

			NoExample: "it takes a condition of several thousand characters",
		},
	}}
}
