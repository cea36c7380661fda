package docs

func configCodes() Area {
	check := []string{"serve", "-c", "SET/gwctl.yaml", "--check"}
	return Area{Title: "Configuration", Intro: "Found by `gwctl serve` and `gwctl serve --check`.", Codes: []Code{
		{
			Name:    "wrong_kind",
			Meaning: "The file is not one document of kind Sidecar.",
			Mend:    "Give the configuration, not a file of the policy set.",
			Example: &Example{File: "gwctl.yaml", Old: "kind: Sidecar", New: "kind: Policy", Args: check},
		}, {
			Name:    "bad_setting",
			Meaning: "A setting of the configuration or of a route has a value that cannot be used.",
			Mend:    "Write one of those that the help names.",
			Example: &Example{File: "gwctl.yaml", Old: "address: 127.0.0.1:8080", New: "address: 127.0.0.1", Args: check},
		}, {
			Name:    "bad_policies",
			Meaning: "`policies` names no set, or two.",
			Mend:    "Write `{dir: ./policies}` or `{bundle: {file: set.tar.gz}}`.",
			Example: &Example{File: "gwctl.yaml", Old: "policies: {dir: .}", New: "policies: {dir: ., bundle: {file: set.tar.gz}}", Args: check},
		}, {
			Name:    "no_authn",
			Meaning: "There is no method of authentication, and requests without a credential are refused: nobody could ever be let in.",
			Mend:    "Add a method under `authn`, or write `anonymous: allow`.",
			Example: &Example{
				File: "gwctl.yaml", Old: "  authn:\n    - jwt: {issuer: \"https://idp.example.com\", audiences: [orders-api]}\n", New: "  anonymous: deny\n", Args: check,
			},
		}, {
			Name:    "insecure_issuer",
			Meaning: "An issuer is reached over http. Whoever is on the way could sign tokens.",
			Mend:    "Use https. http is accepted for a provider on this host only.",
			Example: &Example{File: "gwctl.yaml", Old: "https://idp.example.com", New: "http://idp.example.com", Args: check},
		}, {
			Name: "shared_user_ids",
			Meaning: "A warning: two methods of authentication that are not of one provider put the same, or nothing, before their ids. " +
				"A user of one can have the `user.id` of a user of the other.",
			Mend: "Give all but one an `id_prefix` of its own.",
			Example: &Example{
				File: "gwctl.yaml", Old: "    - jwt: {issuer: \"https://idp.example.com\", audiences: [orders-api]}\n",
				New: "    - jwt: {issuer: \"https://idp.example.com\", audiences: [orders-api]}\n    - jwt: {issuer: \"https://partner.example\", audiences: [orders-api]}\n", Args: check,
			},
		}, {
			Name:    "mapping_invalid",
			Meaning: "The CEL text of a mapping cannot be used.",
			Mend:    "Read `claims`, as in `claims.realm_access.roles`.",
			Example: &Example{File: "gwctl.yaml", Old: "audiences: [orders-api]", New: "audiences: [orders-api], attributes: {roles: claim.roles}", Args: check},
		}, {
			Name:    "bad_file",
			Meaning: "A file that the configuration names (a certificate, a key, CAs) cannot be read or used. As a warning: a certificate in it is not valid now.",
			Mend:    "See that the path leads to it, seen from the configuration, and that it holds what the help says, in PEM.",
			Example: &Example{File: "gwctl.yaml", Old: "proxy: {address: 127.0.0.1:8080", New: "proxy: {tls: {cert: server.pem, key: server-key.pem}, address: 127.0.0.1:8080", Args: check},
		}, {
			Name:    "missing_value",
			Meaning: "Nothing supplies a required attribute of the environment. Every rule that reads it would deny.",
			Mend:    "Add it under `env` of the configuration, set the environment variable, or declare it optional.",
			Example: &Example{File: "gwctl.yaml", Old: "env: {region: eu}", New: "env: {region: {env: NO_SUCH_VARIABLE}}", Args: check},
		},
	}}
}

func commandCodes() Area {
	return Area{Title: "Commands", Intro: "About a PATH as a whole.", Codes: []Code{
		{
			Name:    "empty_set",
			Meaning: "The set has no file, or no rule. It would deny everything.",
			Mend:    "Give the directory that holds the policies, or add a Policy.",
			Example: &Example{Args: []string{"policy", "lint", "SET/empty"}},
		}, {
			Name:    "set_unreadable",
			Meaning: "The PATH is neither a directory nor a bundle, the bundle is damaged, or the directory holds something that is not read, such as a linked sub-directory.",
			Mend:    "Do what the help says.",
			Example: &Example{Args: []string{"policy", "lint", "SET/policies.yaml"}},
		}, {
			Name:    "io_error",
			Meaning: "A PATH or file is missing or cannot be read. The exit code is 4.",
			Mend:    "Look at the spelling and the permissions.",
			Example: &Example{Args: []string{"policy", "lint", "SET/nowhere"}},
		}, {
			Name:    "no_suite",
			Meaning: "The set has no test suite, so nothing was tested.",
			Mend:    "Add a TestSuite in a file whose name ends in `_test.yaml`.",
			Example: &Example{Without: "orders_test.yaml", Args: []string{"policy", "test", "SET"}},
		}, {
			Name:    "no_case",
			Meaning: "No case matches `--run`, so nothing was tested.",
			Mend:    "A case's name is `SUITE/CASE`.",
			Example: &Example{Args: []string{"policy", "test", "SET", "--run", "reads twice"}},
		}, {
			Name:    "failed_case",
			Meaning: "A case fails, so what its decision costs says nothing.",
			Mend:    "Look at it with `gwctl policy test`, or pick others with `--run`.",
			Example: &Example{File: "orders_test.yaml", Old: "rule: orders/owner-reads", New: "status: 404", Args: []string{"policy", "bench", "SET"}},
		}, {
			Name:    "coverage_too_low",
			Meaning: "The suites exercise less of the set than `--coverage-min` asks for.",
			Mend:    "Add the cases that `--coverage` shows to be missing.",
			Example: &Example{File: "orders_test.yaml", Old: "now: 2026-01-15T10:00:00Z", New: "now: 2026-01-15T10:00:01Z", Args: []string{"policy", "test", "--coverage-min", "mcdc=100", "SET"}},
		}, {
			Name:    "not_updated",
			Meaning: "`policy test --update` cannot write expected headers: they are not in braces, or stand for cases with different headers.",
			Mend:    "Write them by hand, or put them in braces.",

			NoExample: "it takes a rule with obligations",
		}, {
			Name:    "internal",
			Meaning: "A fault of gwctl.",
			Mend:    "Please report it with the set that shows it.",

			NoExample: "none is known",
		},
	}}
}
